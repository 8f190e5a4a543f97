// The switch without devices: what goes in, what comes out, and when.

import LinkModel
import LinuxSystem
import Testing

@testable import NetworkEmulator

/// Keeps what the switch writes.
private final class MemoryWire: Wire {
    var written: [(descriptor: Int32, packet: TestPacket)] = []
    var error: Int32 = 0

    func write(_ base: UnsafeRawPointer, count: Int, to descriptor: Int32) -> Int32 {
        guard error == 0 else { return error }
        written.append(
            (descriptor, TestPacket(bytes: Array(UnsafeRawBufferPointer(start: base, count: count)))))
        return 0
    }
}

private let start = Instant(nanoseconds: 1_000_000_000)

private func ms(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000) }

/// A switch with members 16.0.0.2, 16.0.0.3, … on descriptors 100, 101, …
private struct Bench {
    let wire = MemoryWire()
    let core: SwitchCore<MemoryWire>

    init(
        members: Int = 3, shape: LinkShape = LinkShape(), uplinks: [Uplink] = [],
        bufferLimitBytes: Int = 1 << 26
    ) {
        core = SwitchCore(
            SwitchConfiguration(
                seed: 1, subnets: [Prefix(ipv4: 0x1000_0000, bits: 16)],
                gateways: [TestPacket.address("16.0.0.1")], uplinks: uplinks,
                bufferLimitBytes: bufferLimitBytes),
            output: wire)
        for index in 0..<members {
            _ = core.add(
                descriptor: Int32(100 + index), identity: UInt64(index), configuration(index, shape: shape))
        }
    }

    func configuration(
        _ index: Int, shape: LinkShape = LinkShape(), rules: [LinkRule] = [], isEnabled: Bool = true,
        uplink: Int? = nil
    ) -> MemberConfiguration {
        MemberConfiguration(
            isEnabled: isEnabled, addresses: [TestPacket.address("16.0.0.\(index + 2)")], shape: shape,
            rules: rules,
            uplink: uplink)
    }

    func send(_ packet: TestPacket, from member: Int = 0, at now: Instant = start) {
        var bytes = packet.bytes
        bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress {
                core.receive(from: member, base, count: buffer.count, at: now)
            }
        }
    }

    func advance(to now: Instant) { core.deliverDue(at: now, limit: .max) }

    var drops: [DropCause: UInt64] { core.statistics().drops }
}

private let hello = TestPacket.udp(from: "16.0.0.2", to: "16.0.0.3", payload: Array("hello".utf8))

@Suite("The switch")
struct SwitchTests {
    @Test("an unshaped packet is handed over at once, byte for byte")
    func unshaped() {
        let bench = Bench()
        bench.send(hello)
        #expect(bench.wire.written.map(\.descriptor) == [101])
        #expect(bench.wire.written.map(\.packet) == [hello])
    }

    @Test("a delayed packet comes when it is due, not before, and its lateness is recorded")
    func delay() {
        let bench = Bench(shape: LinkShape(latency: ms(10)))
        bench.send(hello)
        bench.advance(to: start + ms(9))
        #expect(bench.wire.written.isEmpty)
        #expect(bench.core.nextDue == start + ms(10))
        bench.advance(to: start + ms(12))
        #expect(bench.wire.written.map(\.packet) == [hello])
        let statistics = bench.core.statistics()
        #expect(statistics.delayed == 1)
        #expect(statistics.latenessMaximum == 2_000_000)
        #expect(statistics.waiting == 0)
    }

    @Test("a rule comes before the way to the receiver's region, and that before the default")
    func regions() {
        let bench = Bench(members: 4)
        var configuration = bench.configuration(0, shape: LinkShape(latency: ms(1)))
        configuration.region = 1
        configuration.regionShapes = [LinkShape(latency: ms(2)), LinkShape(latency: ms(3))]
        configuration.rules = [
            LinkRule(
                destination: Prefix(address: TestPacket.address("16.0.0.4"), length: 128),
                shape: LinkShape(latency: ms(4)))
        ]
        bench.core.apply(configuration, to: 0)
        // Members 1 and 2 are in regions 0 and 1; member 3 in one that the sender knows no way to.
        for (member, region) in [(1, 0), (2, 1), (3, 7)] {
            var configuration = bench.configuration(member)
            configuration.region = region
            bench.core.apply(configuration, to: member)
        }
        func arrival(at address: String) -> Span {
            bench.send(.udp(from: "16.0.0.2", to: address, payload: [1]))
            let due = bench.core.nextDue ?? start
            bench.advance(to: start + ms(10))
            return due - start
        }
        #expect(arrival(at: "16.0.0.3") == ms(2))
        #expect(arrival(at: "16.0.0.4") == ms(4))
        #expect(arrival(at: "16.0.0.5") == ms(1))
        // Without the rule the region counts, and its link has kept its place in the trace.
        configuration.rules = []
        bench.core.apply(configuration, to: 0)
        #expect(arrival(at: "16.0.0.4") == ms(3))
        #expect(bench.wire.written.map(\.descriptor) == [101, 102, 103, 102])
    }

    @Test("packets due at the same instant keep their order")
    func order() {
        let bench = Bench(shape: LinkShape(latency: ms(10)))
        let packets = (0..<50).map { TestPacket.udp(from: "16.0.0.2", to: "16.0.0.3", payload: [UInt8($0)]) }
        for packet in packets { bench.send(packet) }
        bench.advance(to: start + ms(10))
        #expect(bench.wire.written.map(\.packet) == packets)
    }

    @Test("the gateway answers pings; the reply's checksums are right")
    func gateway() throws {
        let bench = Bench()
        bench.send(
            .ipv4(from: "16.0.0.2", to: "16.0.0.1", transport: 1, payload: [8, 0, 0xF7, 0xFB, 0, 1, 0, 3]))
        let reply = try #require(bench.wire.written.first)
        #expect(reply.descriptor == 100)
        #expect(reply.packet.source == [16, 0, 0, 1] && reply.packet.destination == [16, 0, 0, 2])
        #expect(reply.packet.transport[0] == 0)
        #expect(reply.packet.hasValidIPv4Header)
        #expect(TestPacket.plainSum(reply.packet.transport) == 0xFFFF)
    }

    @Test("an address nobody has is answered with host unreachable, quoting the packet")
    func unreachable() throws {
        let bench = Bench()
        let packet = TestPacket.udp(from: "16.0.0.2", to: "16.0.9.9", payload: [1, 2, 3])
        bench.send(packet)
        let reply = try #require(bench.wire.written.first?.packet)
        #expect(reply.transport[0..<2] == [3, 1])
        #expect(Array(reply.transport[8...]) == packet.ip)
        #expect(reply.hasValidIPv4Header && TestPacket.plainSum(reply.transport) == 0xFFFF)
        #expect(bench.drops == [.unreachable: 1])
    }

    @Test("errors about errors are never sent, and a flood is not answered by a flood")
    func refusalLimits() {
        let bench = Bench()
        bench.send(.ipv4(from: "16.0.0.2", to: "16.0.9.9", transport: 1, payload: [3, 1, 0, 0, 0, 0, 0, 0]))
        #expect(bench.wire.written.isEmpty)
        let packet = TestPacket.udp(from: "16.0.0.2", to: "16.0.9.9", payload: [1])
        for _ in 0..<5_000 { bench.send(packet) }
        #expect(bench.wire.written.count == 1_000)
        bench.send(packet, at: start + ms(1_000))
        #expect(bench.wire.written.count == 1_001)
    }

    @Test("broadcast and multicast reach every other member, each by the sender's link")
    func broadcast() {
        let bench = Bench(members: 4)
        for destination in ["16.0.255.255", "255.255.255.255", "224.0.0.251"] {
            bench.wire.written = []
            bench.send(.udp(from: "16.0.0.3", to: destination, payload: [1]), from: 1)
            #expect(bench.wire.written.map(\.descriptor) == [100, 102, 103])
        }
    }

    @Test("filters: drop is silent, reject tells a UDP sender by ICMP and a TCP sender by a reset")
    func filters() throws {
        let bench = Bench()
        bench.core.apply(bench.configuration(0, shape: LinkShape(filter: .drop)), to: 0)
        bench.send(hello)
        #expect(bench.wire.written.isEmpty && bench.drops == [.filtered: 1])

        bench.core.apply(bench.configuration(0, shape: LinkShape(filter: .reject)), to: 0)
        bench.send(hello)
        let error = try #require(bench.wire.written.first?.packet)
        #expect(error.transport[0..<2] == [3, 13] && error.destination == [16, 0, 0, 2])

        let syn: [UInt8] = [0x13, 0x88, 0, 80, 0, 0, 0, 5, 0, 0, 0, 0, 0x50, 0x02, 0x20, 0, 0, 0, 0, 0]
        bench.send(.ipv4(from: "16.0.0.2", to: "16.0.0.3", transport: 6, payload: syn))
        let reset = try #require(bench.wire.written.last?.packet)
        #expect(reset.source == [16, 0, 0, 3] && reset.destination == [16, 0, 0, 2])
        #expect(reset.transport[13] == 0x14)
        #expect(Array(reset.transport[8..<12]) == [0, 0, 0, 6])
        #expect(reset.hasValidTransportChecksum && reset.hasValidIPv4Header)
        #expect(bench.drops[.rejected] == 2)
    }

    @Test("the most specific rule counts, among ten thousand too")
    func rules() {
        let bench = Bench()
        var rules = (0..<10_000).map {
            LinkRule(
                destination: Prefix(ipv4: 0x1001_0000 + UInt32($0), bits: 32), shape: LinkShape(filter: .drop)
            )
        }
        rules.append(
            LinkRule(destination: Prefix(ipv4: 0x1000_0000, bits: 24), shape: LinkShape(filter: .drop)))
        rules.append(LinkRule(destination: Prefix(ipv4: 0x1000_0003, bits: 32), shape: LinkShape()))
        bench.core.apply(bench.configuration(0, rules: rules), to: 0)
        bench.send(hello)
        bench.send(.udp(from: "16.0.0.2", to: "16.0.0.4", payload: [1]))
        #expect(bench.wire.written.map(\.descriptor) == [101])
        #expect(bench.drops == [.filtered: 1])
    }

    @Test("a member off the network neither sends nor receives, not even what was in flight")
    func disabled() {
        let bench = Bench(shape: LinkShape(latency: ms(10)))
        bench.send(hello)
        bench.core.apply(bench.configuration(1, isEnabled: false), to: 1)
        bench.advance(to: start + ms(20))
        bench.send(hello)
        bench.send(.udp(from: "16.0.0.3", to: "16.0.0.2", payload: [1]), from: 1)
        bench.advance(to: start + ms(40))
        #expect(bench.wire.written.isEmpty)
        #expect(bench.drops == [.disabled: 3])
    }

    @Test("what was in flight to a member that left is dropped, even when another took its place")
    func departed() {
        let bench = Bench(shape: LinkShape(latency: ms(10)))
        bench.send(hello)
        bench.core.remove(1)
        #expect(bench.core.add(descriptor: 200, identity: 9, bench.configuration(1)) == 1)
        bench.advance(to: start + ms(20))
        #expect(bench.wire.written.isEmpty && bench.drops == [.departed: 1])
        bench.send(hello)
        bench.advance(to: start + ms(40))
        #expect(bench.wire.written.map(\.descriptor) == [200])
    }

    @Test("a new address takes the place of the old one")
    func move() {
        let bench = Bench()
        var moved = bench.configuration(1)
        moved.addresses = [TestPacket.address("16.0.7.7")]
        bench.core.apply(moved, to: 1)
        bench.send(hello)
        bench.send(.udp(from: "16.0.0.2", to: "16.0.7.7", payload: [1]))
        #expect(bench.wire.written.map(\.descriptor) == [100, 101])
        #expect(bench.drops == [.unreachable: 1])
    }

    @Test(
        "an unshaped super-packet passes whole; with loss each segment has its own fate, and every one is sound"
    )
    func superPackets() {
        let payload = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let packet = TestPacket.superPacket(
            from: "16.0.0.2", to: "16.0.0.3", payload: payload, segmentSize: 1_460)
        let plain = Bench()
        plain.send(packet)
        #expect(plain.wire.written.map(\.packet) == [packet])
        #expect(plain.core.statistics().received == 14)

        let lossy = Bench(shape: LinkShape(loss: Chance(percentage: 30)))
        lossy.send(packet)
        #expect(lossy.wire.written.count + Int(lossy.drops[.lost] ?? 0) == 14)
        #expect((lossy.drops[.lost] ?? 0) > 0)
        for segment in lossy.wire.written.map(\.packet) {
            #expect(segment.hasValidIPv4Header && segment.hasValidTransportChecksum)
            let offset = Int(segment.tcpSequence &- packet.tcpSequence)
            #expect(segment.tcpPayload == Array(payload[offset..<min(offset + 1_460, payload.count)]))
        }
    }

    @Test(
        "pieces of a super-packet hold the payload in order, and FIN and PSH only in the last",
        arguments: [1, 2, 3, 5, 14])
    func pieces(step: Int) throws {
        let payload = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        var bytes = TestPacket.superPacket(
            from: "16.0.0.2", to: "16.0.0.3", payload: payload, segmentSize: 1_460, flags: 0x99
        ).bytes
        let first = TestPacket(bytes: bytes).tcpSequence
        var pieces: [TestPacket] = []
        try bytes.withUnsafeMutableBytes { buffer in
            let base = try #require(buffer.baseAddress)
            let packet = try #require(Packet(base, count: buffer.count))
            let segmentation = try #require(Segmentation(packet))
            for index in stride(from: 0, to: segmentation.count, by: step) {
                let count = min(step, segmentation.count - index)
                let target = UnsafeMutableRawPointer.allocate(byteCount: 70_000, alignment: 8)
                defer { target.deallocate() }
                let written = segmentation.write(packet, first: index, count: count, to: target)
                pieces.append(TestPacket(bytes: Array(UnsafeRawBufferPointer(start: target, count: written))))
            }
        }
        #expect(pieces.flatMap(\.tcpPayload) == payload)
        for (index, piece) in pieces.enumerated() {
            #expect(piece.hasValidIPv4Header && piece.hasValidTransportChecksum)
            #expect(piece.tcpSequence == first &+ UInt32(index * step * 1_460))
            #expect((piece.tcpFlags & 0x09 != 0) == (index == pieces.count - 1))
            #expect((piece.tcpFlags & 0x80 != 0) == (index == 0))
            #expect(piece.offload.isSegmented == (piece.tcpPayload.count > 1_460))
        }
    }

    @Test("a rate is charged for wire segments of a super-packet, headers included")
    func rateOfSuperPackets() {
        let payload = [UInt8](repeating: 1, count: 14_600)
        let bench = Bench(shape: LinkShape(bandwidth: Bandwidth(bitsPerSecond: 1_000_000)))
        bench.send(.superPacket(from: "16.0.0.2", to: "16.0.0.3", payload: payload, segmentSize: 1_460))
        // Ten segments of 1,500 bytes at 1 Mbit/s: 120 ms.
        bench.advance(to: start + ms(119))
        #expect(bench.wire.written.count == 9)
        bench.advance(to: start + ms(120))
        #expect(bench.wire.written.flatMap(\.packet.tcpPayload) == payload)
    }

    @Test(
        "corruption inverts one bit, and a checksum left to the receiver is completed first, so that it notices"
    )
    func corruption() throws {
        let bench = Bench(shape: LinkShape(corrupt: Chance(percentage: 100)))
        var sent = TestPacket.superPacket(
            from: "16.0.0.2", to: "16.0.0.3", payload: [1, 2, 3, 4], segmentSize: 1_460)
        sent.offload.segmentation = 0
        sent.offload.segmentSize = 0
        bench.send(sent)
        let arrived = try #require(bench.wire.written.first?.packet)
        #expect(arrived.offload.flags & OffloadHeader.needsChecksum == 0)
        sent.completeTransportChecksum(at: 16)
        let differing = zip(arrived.ip, sent.ip).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
        #expect(differing == 1)
    }

    @Test("a duplicate arrives twice")
    func duplicate() {
        let bench = Bench(shape: LinkShape(latency: ms(5), duplicate: Chance(percentage: 100)))
        bench.send(hello)
        bench.advance(to: start + ms(5))
        #expect(bench.wire.written.map(\.packet) == [hello, hello])
    }

    @Test("members behind one uplink share its rate")
    func uplink() {
        let bench = Bench(members: 4, uplinks: [Uplink(bandwidth: Bandwidth(bitsPerSecond: 8_000_000))])
        for member in 0..<2 { bench.core.apply(bench.configuration(member, uplink: 0), to: member) }
        let payload = [UInt8](repeating: 0, count: 972)
        for _ in 0..<5 {
            bench.send(.udp(from: "16.0.0.2", to: "16.0.0.4", payload: payload), from: 0)
            bench.send(.udp(from: "16.0.0.3", to: "16.0.0.5", payload: payload), from: 1)
        }
        bench.advance(to: start + ms(9))
        #expect(bench.wire.written.count == 9)
        bench.advance(to: start + ms(10))
        #expect(bench.wire.written.count == 10)
    }

    @Test("when memory for packets in flight is used up, packets are dropped and counted as undecided")
    func memory() {
        let bench = Bench(shape: LinkShape(latency: ms(10)), bufferLimitBytes: 2 << 20)
        for _ in 0..<3_000 { bench.send(hello) }
        let lost = bench.drops[.noMemory] ?? 0
        #expect(lost == 3_000 - 1_024)
        #expect(!DropCause.noMemory.isDecided)
        bench.advance(to: start + ms(10))
        #expect(bench.wire.written.count == 1_024)
        bench.send(hello)
        #expect(bench.core.statistics().waiting == 1)
    }

    @Test("what is sent to all crosses no rule against a receiver")
    func broadcastKeepsRules() {
        let bench = Bench(members: 4)
        let rule = LinkRule(
            destination: Prefix(ipv4: 0x1000_0003, bits: 32), shape: LinkShape(filter: .drop))
        bench.core.apply(bench.configuration(0, rules: [rule]), to: 0)
        bench.send(.udp(from: "16.0.0.2", to: "224.0.0.251", payload: [1]))
        bench.send(.udp(from: "16.0.0.2", to: "16.0.255.255", payload: [1]))
        #expect(bench.wire.written.map(\.descriptor) == [102, 103, 102, 103])
        #expect(bench.drops == [.filtered: 2])
    }

    @Test("a broadcast that is corrupted for one receiver is not for the next because of it")
    func broadcastCorruption() {
        let bench = Bench(members: 9, shape: LinkShape(corrupt: Chance(percentage: 100)))
        let sent = TestPacket.udp(from: "16.0.0.2", to: "16.0.255.255", payload: [UInt8](1...64))
        bench.send(sent)
        bench.advance(to: start)
        #expect(bench.wire.written.count == 8)
        for (_, packet) in bench.wire.written {
            let flipped = zip(packet.ip, sent.ip).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
            #expect(flipped == 1)
        }
    }

    @Test("a broadcast is sent once at the link's rate, however many receive it")
    func broadcastRate() {
        // 125 bytes a millisecond.
        let bench = Bench(members: 9, shape: LinkShape(bandwidth: Bandwidth(bitsPerSecond: 1_000_000)))
        let packet = TestPacket.udp(
            from: "16.0.0.2", to: "16.0.255.255", payload: [UInt8](repeating: 7, count: 250 - 28))
        bench.send(packet)
        bench.send(packet)
        bench.advance(to: start + ms(2))
        #expect(bench.wire.written.count == 8)
        bench.advance(to: start + ms(4))
        #expect(bench.wire.written.count == 16)
    }

    @Test("a receiver whose device is gone is nobody's fault")
    func gone() {
        let bench = Bench()
        bench.wire.error = 5  // EIO
        bench.send(hello)
        #expect(bench.drops == [.departed: 1])
    }

    @Test("what the receiver's kernel refuses is counted as undecided")
    func notTaken() {
        let bench = Bench()
        bench.wire.error = 105  // ENOBUFS
        bench.send(hello)
        #expect(bench.drops == [.notTaken: 1])
    }

    @Test("garbage of every length is dropped and counted, and takes nothing down")
    func garbage() {
        let bench = Bench(shape: LinkShape(loss: Chance(percentage: 10), corrupt: Chance(percentage: 50)))
        var state: UInt64 = 42
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let good = TestPacket.superPacket(
            from: "16.0.0.2", to: "16.0.0.3", payload: [UInt8](repeating: 7, count: 3_000), segmentSize: 1_000
        ).bytes
        let rounds = ThisProcess.environment["TESTGROUND_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 30_000
        for round in 0..<rounds {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = (0..<Int(random() % 120)).map { _ in UInt8(truncatingIfNeeded: random()) }
                // Mostly something that begins like IP, or nothing would get past the first check.
                if bytes.count > 10, round % 4 == 0 { bytes[10] = random() % 2 == 0 ? 0x45 : 0x60 }
            } else {
                bytes = good
                for _ in 0..<(1 + random() % 6) {
                    bytes[Int(random() % 60)] = UInt8(truncatingIfNeeded: random())
                }
                bytes = Array(bytes.prefix(Int(random() % UInt64(good.count))))
            }
            bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return }
                bench.core.receive(from: Int(random() % 3), base, count: buffer.count, at: start)
            }
        }
        #expect((bench.drops[.malformed] ?? 0) > UInt64(rounds / 30))
        bench.wire.written = []
        bench.core.apply(bench.configuration(0), to: 0)
        bench.send(hello)
        #expect(bench.wire.written.map(\.packet) == [hello])
    }
}

@Suite("The lateness histogram")
struct LatenessHistogramTests {
    @Test("percentiles are right within an eighth")
    func percentiles() {
        var histogram = LatenessHistogram()
        for value in 1...100_000 { histogram.record(UInt64(value)) }
        for (share, exact) in [(0.5, 50_000.0), (0.99, 99_000.0), (1.0, 100_000.0)] {
            let found = Double(histogram.percentile(share))
            #expect(found >= exact && found <= exact * 1.125)
        }
        #expect(histogram.maximum == 100_000)
    }

    @Test("the largest value has a bucket")
    func largest() {
        var histogram = LatenessHistogram()
        histogram.record(.max)
        histogram.record(0)
        #expect(histogram.percentile(1) == .max)
        #expect(histogram.percentile(0.5) == 0)
    }
}
