// The switch with real devices, real kernels' stacks and real time. Delays are only bounded from below: how late
// a busy machine is says nothing about the code.

import Foundation
import Glibc
import InstanceLauncher
import LinkModel
import LinuxSystem
import Testing

@testable import NetworkEmulator

private func milliseconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000) }

@Suite(
    "The emulator with real instances", .enabled(if: Privileges.suffice, Privileges.missing),
    .timeLimit(.minutes(1)))
struct EmulatorTests {
    /// Round trip of one datagram in nanoseconds.
    private func roundTrip(
        _ from: Subject, to address: IPAddress, _ echo: Subject, port: UInt16 = 4000
    ) async throws -> Int64 {
        let server = try await echo.udp(port: port)
        let client = try await from.udp()
        let thread = try NamedThread.start("echo") { server.echo(count: 1) }
        let start = SystemClock.monotonic()
        try client.send([1, 2, 3], to: address, port: port)
        let answer = client.receive()
        let end = SystemClock.monotonic()
        thread.join()
        #expect(answer == [1, 2, 3])
        return end - start
    }

    @Test("instances reach each other by IPv4")
    func reach() async throws {
        try await Laboratory.with(2) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            _ = try await roundTrip(a, to: b.ipv4, b)
            let statistics = try await laboratory.emulator.statistics()
            #expect(statistics.delivered >= 2)
            #expect(statistics.drops[.notTaken] == nil)
        }
    }

    @Test("instances reach each other by IPv6")
    func reachIPv6() async throws {
        try await Laboratory.with(2) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            let address = try #require(b.addresses.last?.address)
            let make: @Sendable () throws -> Socket = {
                let socket = try Socket(AF_INET6, SOCK_DGRAM.rawValue)
                try socket.bind(IPAddress(high: 0, low: 0), port: 4000)
                return socket
            }
            let server = try await b.socket(make)
            let client = try await a.socket(make)
            let thread = try NamedThread.start("echo") { server.echo(count: 1) }
            try client.send([6], to: address, port: 4000)
            #expect(client.receive() == [6])
            thread.join()
        }
    }

    @Test("the gateway answers a ping, as do instances")
    func ping() async throws {
        try await Laboratory.with(2) { laboratory in
            let client = try await laboratory.subjects[0].socket {
                try Socket(AF_INET, SOCK_DGRAM.rawValue, protocol: Int32(IPPROTO_ICMP))
            }
            for address in [laboratory.network.gateways[0], laboratory.subjects[1].ipv4] {
                // Type 8, code 0; the kernel fills checksum and identifier in.
                try client.send([8, 0, 0, 0, 0, 0, 0, 1, 42], to: address, port: 0)
                let answer = client.receive()
                #expect(answer?.first == 0)
                #expect(answer?.last == 42)
            }
        }
    }

    @Test("a latency of 50 ms each way makes a round trip of 100 ms at least")
    func latency() async throws {
        try await Laboratory.with(2, shape: LinkShape(latency: milliseconds(50))) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            let time = try await roundTrip(a, to: b.ipv4, b)
            #expect(time >= 100_000_000)
            let statistics = try await laboratory.emulator.statistics()
            #expect(statistics.delayed == 2)
        }
    }

    @Test("a changed latency counts for the next packet")
    func change() async throws {
        try await Laboratory.with(2, shape: LinkShape(latency: milliseconds(5_000))) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            for subject in [a, b] {
                try await laboratory.emulator.configure(
                    subject.member, subject.configuration(LinkShape(latency: milliseconds(30))))
            }
            let time = try await roundTrip(a, to: b.ipv4, b)
            // With the old shape on one of the two ways it would be five seconds.
            #expect(time >= 60_000_000 && time < 5_000_000_000)
        }
    }

    @Test("a rule that drops keeps one instance's packets from another, and only those")
    func drop() async throws {
        try await Laboratory.with(3) { laboratory in
            let (a, b, c) = (laboratory.subjects[0], laboratory.subjects[1], laboratory.subjects[2])
            let rule = NetworkEmulator.LinkRule(
                destination: Prefix(address: b.ipv4, length: 128), shape: LinkShape(filter: .drop))
            try await laboratory.emulator.configure(a.member, a.configuration(rules: [rule]))
            let socket = try await b.udp(port: 4000)
            let client = try await a.udp()
            try client.send([1], to: b.ipv4, port: 4000)
            // What c sends afterwards arrives, and nothing before it.
            let other = try await c.udp()
            try other.send([2], to: b.ipv4, port: 4000)
            #expect(socket.receive() == [2])
            _ = try await roundTrip(a, to: c.ipv4, c)
            let statistics = try await laboratory.emulator.statistics()
            #expect(statistics.drops[.filtered] == 1)
        }
    }

    @Test("a rule that rejects makes a connection fail at once")
    func reject() async throws {
        try await Laboratory.with(2, shape: LinkShape(filter: .reject)) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            let client = try await a.socket { try Socket(AF_INET, SOCK_STREAM.rawValue) }
            #expect(client.connect(b.ipv4, port: 4000) == ECONNREFUSED)
            let datagrams = try await a.udp()
            #expect(datagrams.connect(b.ipv4, port: 4000) == 0)
            try datagrams.sendAll([1])
            // ICMP administratively prohibited; icmp(7).
            #expect(datagrams.receive() == nil && errno == EHOSTUNREACH)
        }
    }

    @Test("an address that nobody has is unreachable")
    func unreachable() async throws {
        try await Laboratory.with(1) { laboratory in
            let client = try await laboratory.subjects[0].udp()
            // Without it Linux tells a datagram socket of no error that might pass; ip(7).
            client.set(Int32(IPPROTO_IP), IP_RECVERR, 1)
            #expect(client.connect(IPAddress(ipv4: 0x1000_FF00), port: 4000) == 0)
            try client.sendAll([1])
            #expect(client.receive() == nil && errno == EHOSTUNREACH)
        }
    }

    @Test(
        "TCP carries megabytes unharmed",
        arguments: [
            ("unshaped", LinkShape()), ("2 ms", LinkShape(latency: milliseconds(2))),
            ("200 Mbit/s", LinkShape(bandwidth: Bandwidth(bitsPerSecond: 200_000_000))),
            (
                "1 ms, 500 Mbit/s, 0.5 % lost, duplicated and corrupted",
                LinkShape(
                    latency: milliseconds(1), bandwidth: Bandwidth(bitsPerSecond: 500_000_000),
                    loss: Chance(percentage: 0.5), duplicate: Chance(percentage: 0.5),
                    corrupt: Chance(percentage: 0.5))
            ),
        ])
    func transfer(name: String, shape: LinkShape) async throws {
        try await Laboratory.with(2, shape: shape) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            let listener = try await b.socket {
                let socket = try Socket(AF_INET, SOCK_STREAM.rawValue)
                try socket.bind(port: 4000)
                try socket.listen()
                return socket
            }
            let client = try await a.socket { try Socket(AF_INET, SOCK_STREAM.rawValue) }
            // 4 MiB that repeat nowhere: a segment in the wrong place cannot go unnoticed.
            let sent = (0..<4_194_304).map { number in
                UInt8(truncatingIfNeeded: ((number / 8) &* 2_654_435_761) >> (8 * (number % 8)))
            }
            let thread = try NamedThread.start("sender") {
                #expect(client.connect(b.ipv4, port: 4000) == 0)
                #expect(throws: Never.self) { try client.sendAll(sent) }
                client.endSending()
            }
            let received = try await NamedThread.run("receiver") {
                let connection = try listener.accept()
                connection.timeout(seconds: 20)
                var all: [UInt8] = []
                while let part = connection.receive(), !part.isEmpty { all += part }
                return all
            }
            thread.join()
            #expect(received == sent)
            let statistics = try await laboratory.emulator.statistics()
            #expect(statistics.drops.keys.filter { !$0.isDecided } == [])
            // Every segment is accounted for, however many the kernel handed over at once.
            if shape.duplicate.probability == .never, statistics.waiting == 0 {
                let dropped = statistics.drops.values.reduce(0, +)
                #expect(statistics.received == statistics.delivered + dropped)
            }
            if shape.loss.probability != .never { #expect(statistics.drops[.lost] ?? 0 > 0) }
        }
    }

    @Test("an instance that is taken off the network is not reached, and is again when it is back")
    func disabled() async throws {
        try await Laboratory.with(2) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            try await laboratory.emulator.configure(b.member, b.configuration(isEnabled: false))
            let socket = try await b.udp(port: 4000)
            let client = try await a.udp()
            try client.send([1], to: b.ipv4, port: 4000)
            while try await laboratory.emulator.statistics().drops[.disabled] != 1 { await Task.yield() }
            try await laboratory.emulator.configure(b.member, b.configuration())
            try client.send([2], to: b.ipv4, port: 4000)
            #expect(socket.receive() == [2])
        }
    }

    @Test(
        "broadcast and multicast reach everybody else",
        arguments: ["16.0.255.255", "255.255.255.255", "224.0.0.251"])
    func spread(destination: String) async throws {
        try await Laboratory.with(3) { laboratory in
            let group = try #require(IPAddress(destination))
            var sockets: [Socket] = []
            for subject in laboratory.subjects.dropFirst() {
                let socket = try await subject.udp(port: 5353)
                if group.isMulticast {
                    var join = ip_mreq()
                    join.imr_multiaddr.s_addr = (group.ipv4 ?? 0).bigEndian
                    join.imr_interface.s_addr = (subject.ipv4.ipv4 ?? 0).bigEndian
                    let length = socklen_t(MemoryLayout<ip_mreq>.size)
                    #expect(
                        setsockopt(socket.descriptor, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &join, length)
                            == 0)
                }
                sockets.append(socket)
            }
            let sender = try await laboratory.subjects[0].udp(options: [SO_BROADCAST])
            try sender.send([7], to: group, port: 5353)
            for socket in sockets { #expect(socket.receive() == [7]) }
        }
    }

    // A plan in the wild asks for /12.
    @Test("an address is exchanged while the instance runs", arguments: ["16.0.1.7/16", "16.0.1.7/12"])
    func readdress(text: String) async throws {
        try await Laboratory.with(2) { laboratory in
            let (a, b) = (laboratory.subjects[0], laboratory.subjects[1])
            let new = try #require(InterfaceAssignment(text))
            var device = DataDevice(
                NetlinkSocket(adopting: b.network.netlink), index: b.network.deviceIndex)
            try device.replace(b.addresses[0], with: new)
            try await laboratory.emulator.configure(
                b.member, MemberConfiguration(addresses: [new.address]))
            _ = try await roundTrip(a, to: new.address, b)
            let group = try await b.udp(options: [SO_BROADCAST])
            // The routes for groups are still there.
            for address in ["255.255.255.255", "224.0.0.251"] {
                try group.send([1], to: try #require(IPAddress(address)), port: 5353)
            }
        }
    }

    @Test("an instance whose process has ended leaves the others undisturbed")
    func leave() async throws {
        try await Laboratory.with(3) { laboratory in
            let (a, b, c) = (laboratory.subjects[0], laboratory.subjects[1], laboratory.subjects[2])
            b.process.send(.kill)
            _ = try await roundTrip(a, to: c.ipv4, c)
            try await laboratory.emulator.detach(b.member)
            try await laboratory.emulator.detach(b.member)
            await #expect(throws: EmulatorError.self) {
                try await laboratory.emulator.configure(b.member, b.configuration())
            }
            _ = try await roundTrip(a, to: c.ipv4, c, port: 4001)
        }
    }

    @Test("after its stop the emulator refuses instead of waiting")
    func stopped() async throws {
        try await Laboratory.with(1) { laboratory in
            let last = await laboratory.emulator.stop()
            #expect(last != nil)
            let again = await laboratory.emulator.stop()
            #expect(again == nil)
            await #expect(throws: EmulatorError.self) { try await laboratory.emulator.statistics() }
        }
    }

    @Test("the control services listen on the instance's own loopback, each for itself")
    func control() async throws {
        try await Laboratory.with(2) { laboratory in
            let client = try await laboratory.subjects[1].socket { try Socket(AF_INET, SOCK_STREAM.rawValue) }
            #expect(client.connect(IPAddress(ipv4: 0x7F00_0001), port: 5050) == 0)
            var waiting = pollfd(
                fd: laboratory.subjects[1].network.listeners[0].number, events: Int16(POLLIN), revents: 0)
            #expect(poll(&waiting, 1, 10_000) == 1)
            waiting.fd = laboratory.subjects[0].network.listeners[0].number
            #expect(poll(&waiting, 1, 0) == 0)
            // And not over the data network.
            let other = try await laboratory.subjects[1].socket { try Socket(AF_INET, SOCK_STREAM.rawValue) }
            #expect(other.connect(laboratory.subjects[0].ipv4, port: 5050) == ECONNREFUSED)
        }
    }
}
