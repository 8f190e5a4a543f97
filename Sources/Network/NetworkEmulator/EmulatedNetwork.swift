// The user-space switch of a run: devices are attached, shapes changed, figures read; packets flow by
// themselves.
//
//     EmulatedNetwork     what a runner holds: asks the switch's thread and awaits its answers
//       SwitchMailbox     changes that wait, bounded
//       SwitchThread      reads devices, keeps the time, carries changes out between two packets
//         SwitchCore      the switch itself, without devices and threads
//     PacketCapture       files of packets with their fates
//
// One thread so far. Sharding: a member's packets are decided by its sender's links and written by whoever
// owns the receiver, so that further threads would each own the *receivers* of a share of the members, take
// decided deliveries over a ring for each sending thread, and share nothing else.

package import LinuxSystem

/// A member of the switch. Ids of members that have left mean nobody.
package struct MemberID: Sendable, Hashable {
    let number: Int
    let generation: UInt32
}

package final class EmulatedNetwork: Sendable {
    /// Rules that one member may have. Building their table takes the switch about a quarter of a microsecond
    /// each, during which no packet moves.
    package static let mostRules = 16_384

    private let configuration: SwitchConfiguration
    private let capture: PacketCapture?
    private let mailbox: SwitchMailbox

    /// Starts the switch.
    ///
    /// - Parameter capture: writes packets of members that ask for it; ended by whoever made it, after
    ///   `stop`.
    /// - Throws: `EmulatorError` when the kernel gives no thread or descriptor.
    package init(
        _ configuration: SwitchConfiguration, capture: PacketCapture? = nil
    ) throws(EmulatorError) {
        self.configuration = configuration
        self.capture = capture
        do {
            let mailbox = try SwitchMailbox()
            self.mailbox = mailbox
            try SwitchThread.start(configuration, mailbox, capture?.buffer)
        } catch {
            throw EmulatorError(.system, "the network emulator cannot start: \(error)", cause: error)
        }
    }

    deinit { mailbox.close() }

    /// Connects a device: from now on the switch reads it, and writes what others send to its addresses.
    ///
    /// - Parameters:
    ///   - device: the descriptor of a TUN device with IFF_VNET_HDR, which does not block.
    ///   - identity: what tells this member from others in every repetition of the run; its links' randomness
    ///     derives from it.
    ///   - captureFile: number of the capture's file for its packets; nil for none.
    package func attach(
        _ device: OwnedDescriptor, identity: UInt64, captureFile: Int? = nil,
        _ configuration: MemberConfiguration
    ) async throws(EmulatorError) -> MemberID {
        try check(configuration)
        return try await ask {
            .attach(device, identity: identity, capture: captureFile, configuration, reply: $0)
        }
    }

    /// Changes a member's configuration as a whole, between two packets.
    package func configure(
        _ member: MemberID, _ configuration: MemberConfiguration
    ) async throws(EmulatorError) {
        try check(configuration)
        try await ask { .configure(member, configuration, reply: $0) }
    }

    /// Disconnects a member; one that has left is no error.
    package func detach(_ member: MemberID) async throws(EmulatorError) {
        try await ask { .detach(member, reply: $0) }
    }

    package func statistics() async throws(EmulatorError) -> SwitchStatistics {
        try await ask { .statistics(reply: $0) }
    }

    /// Ends the switch and answers its last figures, nil when it was stopped before. Packets in flight are
    /// lost. Takes no longer than a batch of packets.
    @discardableResult
    package func stop() async -> SwitchStatistics? {
        try? await ask { .stop(reply: $0) }
    }

    private func ask<Answer: Sendable>(
        _ command: (@escaping SwitchCommand.Reply<Answer>) -> SwitchCommand
    ) async throws(EmulatorError) -> Answer {
        let result: Result<Answer, EmulatorError> = await withCheckedContinuation { continuation in
            let rejection = mailbox.post(command { continuation.resume(returning: $0) })
            if let rejection { continuation.resume(returning: .failure(rejection)) }
        }
        return try result.get()
    }

    private func check(_ member: MemberConfiguration) throws(EmulatorError) {
        guard member.rules.count <= Self.mostRules else {
            throw EmulatorError(
                .configuration,
                "\(member.rules.count) rules are more than the \(Self.mostRules) that an instance may have; "
                    + "use wider subnets")
        }
        if let uplink = member.uplink, !configuration.uplinks.indices.contains(uplink) {
            throw EmulatorError(
                .configuration, "uplink \(uplink) is unknown; there are \(configuration.uplinks.count)")
        }
    }
}
