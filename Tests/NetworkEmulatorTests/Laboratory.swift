// Real instances on a real switch: processes that sleep in namespaces of their own, and sockets made in there
// which the test holds.

import Foundation
import Glibc
import InstanceLauncher
import LinkModel
import LinuxSystem
import Testing

@testable import NetworkEmulator

/// Whether namespaces and TUN devices can be made here.
enum Privileges {
    static let isRoot = geteuid() == 0
    static let hasTUN = access("/dev/net/tun", R_OK | W_OK) == 0
    static var suffice: Bool { isRoot && hasTUN }
    static let missing: Comment =
        "needs root and /dev/net/tun (run the tests with sudo; modprobe tun): the switch was not tested with real packets"
}

struct LaboratoryError: Error {
    var description: String
    static func last(_ call: String) -> Self {
        Self(description: "\(call): \(String(cString: strerror(errno)))")
    }
}

/// An instance that sleeps.
struct Subject {
    var process: ChildProcess
    var member: MemberID
    var addresses: [InterfaceAssignment]
    var network: LaunchedNetwork

    var ipv4: IPAddress { addresses[0].address }

    func socket(_ make: @escaping @Sendable () throws -> Socket) async throws -> Socket {
        try await NetworkNamespace.run(ofProcess: process.processID, make)
    }

    /// A UDP socket on all of its addresses.
    func udp(port: UInt16 = 0, options: [Int32] = []) async throws -> Socket {
        try await socket {
            let socket = try Socket(AF_INET, SOCK_DGRAM.rawValue)
            for option in options { socket.set(SOL_SOCKET, option, 1) }
            try socket.bind(port: port)
            return socket
        }
    }

    func configuration(
        _ shape: LinkShape = LinkShape(), rules: [NetworkEmulator.LinkRule] = [], isEnabled: Bool = true
    ) -> MemberConfiguration {
        MemberConfiguration(
            isEnabled: isEnabled, addresses: addresses.map(\.address), shape: shape, rules: rules)
    }
}

/// A switch with some instances.
final class Laboratory: Sendable {
    let network = DataNetwork()
    let emulator: EmulatedNetwork
    let subjects: [Subject]
    private let supervisor: NamedThread
    private let stop: Stop

    /// Runs the body in a laboratory and takes it down afterwards, whatever happens.
    static func with(
        _ count: Int, shape: LinkShape = LinkShape(), _ body: (Laboratory) async throws -> Void
    ) async throws {
        let laboratory = try await Laboratory(count, shape: shape)
        do {
            try await body(laboratory)
        } catch {
            await laboratory.takeDown()
            throw error
        }
        await laboratory.takeDown()
    }

    private init(_ count: Int, shape: LinkShape) async throws {
        let network = network
        emulator = try EmulatedNetwork(
            SwitchConfiguration(seed: 1, subnets: network.subnets, gateways: network.gateways))
        // Instances end with the thread that started them, so it stays until the end.
        let (started, continuation) = AsyncThrowingStream.makeStream(of: (ChildProcess, MessageSocket).self)
        let image = try LauncherImage.load()
        let stop = Stop(try WakeUp())
        self.stop = stop
        supervisor = try NamedThread.start("laboratory") {
            do {
                for index in 0..<count { continuation.yield(try Self.launch(index, image)) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
            stop.wakeUp.wait()
        }
        var subjects: [Subject] = []
        for try await (process, control) in started {
            let launched = try await NamedThread.run("attach") { try control.receiveNetwork() }
            let addresses = network.addresses(ofInstance: subjects.count)
            var device = DataDevice(NetlinkSocket(adopting: launched.netlink), index: launched.deviceIndex)
            try device.bringUp(addresses, mtu: network.mtu)
            let member = try await emulator.attach(
                launched.device, identity: UInt64(subjects.count),
                MemberConfiguration(addresses: addresses.map(\.address), shape: shape))
            try control.openGate()
            subjects.append(
                Subject(process: process, member: member, addresses: addresses, network: launched))
        }
        self.subjects = subjects
    }

    private final class Stop: Sendable {
        let wakeUp: WakeUp
        init(_ wakeUp: consuming WakeUp) { self.wakeUp = wakeUp }
    }

    private static func launch(_ index: Int, _ image: ExecutableMemory) throws -> (
        ChildProcess, MessageSocket
    ) {
        let (control, other) = try MessageSocket.pair()
        let options = LauncherOptions(
            hostName: "subject-\(index)", settings: DataDevice.settings(isRoot: true), ports: [5050])
        let nothing = try OwnedDescriptor.nothing()
        let process = try ChildProcess.start(
            ProcessLaunch(
                path: image.path,
                arguments: options.arguments(
                    control: other, parent: ProcessTable.ownID, program: "/bin/sleep", arguments: ["1000"]),
                passed: [other]),
            input: nothing, output: nothing, error: nothing)
        return (process, control)
    }

    private func takeDown() async {
        await emulator.stop()
        for subject in subjects {
            subject.process.send(.kill)
            while (try? subject.process.waitWithoutBlocking()) == .some(nil) { await Task.yield() }
        }
        stop.wakeUp.signal()
        supervisor.join()
    }
}

/// A blocking socket whose waits end after some seconds. socket(7).
final class Socket: Sendable {
    let descriptor: Int32

    init(_ family: Int32, _ type: UInt32, protocol number: Int32 = 0) throws {
        descriptor = Glibc.socket(family, Int32(type) | Int32(SOCK_CLOEXEC.rawValue), number)
        guard descriptor >= 0 else { throw LaboratoryError.last("socket") }
        timeout(seconds: 20)
    }

    private init(accepted descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func timeout(seconds: Int = 0, milliseconds: Int = 0) {
        var limit = timeval(tv_sec: seconds, tv_usec: milliseconds * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func with<Result>(
        _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if let ipv4 = address.ipv4 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = ipv4.bigEndian
            return withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0.copyBytes(from: address.bytes) }
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    func bind(_ address: IPAddress = IPAddress(ipv4: 0), port: UInt16) throws {
        guard Self.with(address, port, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
            throw LaboratoryError.last("bind")
        }
    }

    func listen() throws {
        guard Glibc.listen(descriptor, 8) == 0 else { throw LaboratoryError.last("listen") }
    }

    func accept() throws -> Socket {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw LaboratoryError.last("accept") }
        return Socket(accepted: accepted)
    }

    /// The errno, 0 for success.
    func connect(_ address: IPAddress, port: UInt16) -> Int32 {
        Self.with(address, port, { Glibc.connect(descriptor, $0, $1) }) == 0 ? 0 : errno
    }

    func send(_ bytes: [UInt8], to address: IPAddress, port: UInt16) throws {
        let sent = bytes.withUnsafeBytes { buffer in
            Self.with(address, port) { sendto(descriptor, buffer.baseAddress, buffer.count, 0, $0, $1) }
        }
        guard sent == bytes.count else { throw LaboratoryError.last("sendto") }
    }

    func sendAll(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw LaboratoryError.last("send") }
            offset += sent
        }
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Empty at the end of the stream; nil when nothing comes in time or an error does.
    func receive(_ most: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// Answers every datagram until none comes for as long as the timeout.
    func echo(count: Int) {
        for _ in 0..<count {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var from = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutablePointer(to: &from) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                    let got = recvfrom(descriptor, &buffer, buffer.count, 0, name, &length)
                    if got >= 0 { _ = sendto(descriptor, buffer, got, 0, name, length) }
                }
            }
        }
    }
}
