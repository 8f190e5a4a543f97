// The switch's thread: waits for packets, due times and changes; takes turns between them.
//
// Hot path: one wait answers many devices, one device gives a batch of packets, and what is due is delivered
// in between, so that a flood from one instance neither starves the others nor delays what is in flight.

import LinkModel
import LinuxSystem

/// Writes to TUN devices.
struct DeviceWire: Wire {
    func write(_ base: UnsafeRawPointer, count: Int, to descriptor: Int32) -> Int32 {
        PacketDevice.write(descriptor, base, count: count)
    }
}

struct SwitchThread: ~Copyable {
    /// Packets read from one device before others have their turn: at 2 µs each, a turn stays below the
    /// resolution of a delay.
    private static let packetsInARow = 24
    /// Due packets delivered in a row, for the same reason.
    private static let deliveriesInARow = 32
    private static let mailboxToken = UInt64.max

    private let core: SwitchCore<DeviceWire>
    private let mailbox: SwitchMailbox
    private let poller: PacketPoller
    /// By member number; a device is closed when its member leaves.
    private var devices: [OwnedDescriptor?] = []
    private let buffer: UnsafeMutableRawPointer
    private var isStopped = false

    static func start(
        _ configuration: SwitchConfiguration, _ mailbox: SwitchMailbox, _ capture: CaptureBuffer?
    ) throws(SystemError) {
        let poller = try PacketPoller()
        try mailbox.watch(with: poller, token: mailboxToken)
        // The thread takes the poller along; a closure cannot take what is not copyable.
        let handover = Handover(poller)
        try NamedThread.start("network-switch") {
            guard let poller = handover.take() else { return }
            var thread = SwitchThread(configuration, mailbox, capture, poller)
            thread.run()
        }.detach()
    }

    private init(
        _ configuration: SwitchConfiguration, _ mailbox: SwitchMailbox, _ capture: CaptureBuffer?,
        _ poller: consuming PacketPoller
    ) {
        core = SwitchCore(configuration, output: DeviceWire(), capture: capture)
        self.mailbox = mailbox
        self.poller = poller
        buffer = .allocate(byteCount: BufferPool.largeBytes, alignment: 64)
    }

    deinit { buffer.deallocate() }

    private var now: Instant { Instant(nanoseconds: SystemClock.monotonic()) }

    private mutating func run() {
        PacketPoller.wakeExactly()
        while !isStopped {
            core.deliverDue(at: now, limit: Self.deliveriesInARow)
            let count = poller.wait(nanoseconds: core.nextDue.map { max(0, ($0 - now).nanoseconds) } ?? -1)
            var hasCommands = false
            for index in 0..<count {
                let token = poller.token(index)
                if token == Self.mailboxToken {
                    hasCommands = true
                } else {
                    read(Int(token & 0xFFFF_FFFF), generation: UInt32(token >> 32))
                }
            }
            // After the packets: a change must not make their tokens mean another member.
            if hasCommands { carryOutCommands() }
        }
        mailbox.close()
    }

    // MARK: Packets

    private mutating func read(_ number: Int, generation: UInt32) {
        guard let member = core.members[number], member.pointee.generation == generation else { return }
        let descriptor = member.pointee.descriptor
        for _ in 0..<Self.packetsInARow {
            let count = PacketDevice.read(descriptor, buffer, capacity: BufferPool.largeBytes)
            guard count > 0 else {
                // The instance has ended, and its namespace with it.
                if count == -Int(PacketDevice.gone) { remove(number) }
                break
            }
            core.receive(from: number, buffer, count: count, at: now)
        }
        core.deliverDue(at: now, limit: Self.deliveriesInARow)
    }

    private mutating func remove(_ number: Int) {
        if let device = devices[number] { poller.remove(device) }
        core.remove(number)
        devices[number] = nil
    }

    // MARK: Commands

    private mutating func carryOutCommands() {
        guard let commands = mailbox.take() else {
            isStopped = true
            return
        }
        for command in commands {
            if isStopped {
                command.refuse(SwitchMailbox.stopped)
            } else {
                carryOut(command)
            }
        }
    }

    private mutating func carryOut(_ command: SwitchCommand) {
        switch command {
        case .attach(let device, let identity, let capture, let configuration, let reply):
            reply(attach(device, identity, capture, configuration))
        case .configure(let id, let configuration, let reply):
            guard isMember(id) else {
                return reply(.failure(EmulatorError(.configuration, "the instance has left its network")))
            }
            core.apply(configuration, to: id.number)
            reply(.success(()))
        case .detach(let id, let reply):
            if isMember(id) { remove(id.number) }
            reply(.success(()))
        case .statistics(let reply):
            reply(.success(statistics))
        case .stop(let reply):
            isStopped = true
            reply(.success(statistics))
        }
    }

    private var statistics: SwitchStatistics {
        var statistics = core.statistics()
        if let thread = ThreadTime.current() { statistics.thread = thread }
        return statistics
    }

    private func isMember(_ id: MemberID) -> Bool {
        core.members[id.number]?.pointee.generation == id.generation
    }

    private mutating func attach(
        _ device: OwnedDescriptor, _ identity: UInt64, _ capture: Int?, _ configuration: MemberConfiguration
    ) -> Result<MemberID, EmulatorError> {
        guard
            let number = core.add(
                descriptor: device.number, identity: identity, capture: Int32(capture ?? -1), configuration),
            let member = core.members[number]
        else {
            return .failure(
                EmulatorError(.full, "the network has \(core.configuration.memberLimit) members: the limit"))
        }
        let id = MemberID(number: number, generation: member.pointee.generation)
        do {
            try poller.add(device, token: UInt64(id.generation) << 32 | UInt64(number))
        } catch {
            core.remove(number)
            return .failure(
                EmulatorError(.system, "an instance's device cannot be watched: \(error)", cause: error))
        }
        while devices.count <= number { devices.append(nil) }
        devices[number] = device
        return .success(id)
    }
}

/// Hands a poller to a thread, once.
private final class Handover: @unchecked Sendable {
    // Unchecked: written before the thread starts, taken by it alone.
    private var poller: PacketPoller?

    init(_ poller: consuming PacketPoller) { self.poller = consume poller }

    func take() -> PacketPoller? { poller.take() }
}
