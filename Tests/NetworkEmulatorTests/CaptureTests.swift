// What captures say of packets: fates at the sender, arrivals at the receiver, and what is missing.

import Foundation
import LinkModel
import LinuxSystem
import Testing

@testable import NetworkEmulator

@Suite("Captures of packets")
struct CaptureTests {
    private struct NullWire: Wire {
        func write(_ base: UnsafeRawPointer, count: Int, to descriptor: Int32) -> Int32 { 0 }
    }

    private let buffer: CaptureBuffer
    private let core: SwitchCore<NullWire>
    private let start = Instant(nanoseconds: 1_000_000_000)

    init() throws {
        buffer = try CaptureBuffer()
        core = SwitchCore(
            SwitchConfiguration(
                seed: 1, subnets: [Prefix(ipv4: 0x1000_0000, bits: 16)],
                gateways: [TestPacket.address("16.0.0.1")]), output: NullWire(), capture: buffer)
    }

    /// Adds the member 16.0.0.(index + 2).
    private func add(_ index: Int, _ shape: LinkShape = LinkShape(), capture: Int32 = -1) {
        let address = TestPacket.address("16.0.0.\(index + 2)")
        _ = core.add(
            descriptor: 100, identity: UInt64(index), capture: capture,
            MemberConfiguration(addresses: [address], shape: shape))
    }

    private func send(_ packet: TestPacket) {
        var bytes = packet.bytes
        bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress {
                core.receive(from: 0, base, count: buffer.count, at: start)
            }
        }
    }

    /// Everything recorded so far: file, comment, bytes.
    private func records() -> [(file: Int32, comment: String, bytes: [UInt8])] {
        var records: [(file: Int32, comment: String, bytes: [UInt8])] = []
        buffer.close()
        _ = buffer.take { records.append(($0.file, $0.comment, $1)) }
        return records
    }

    private func hello(to address: String = "16.0.0.3") -> TestPacket {
        .udp(from: "16.0.0.2", to: address, payload: Array("hello".utf8))
    }

    @Test("a delayed packet is seen at both ends, with its delay and its lateness")
    func delayed() {
        add(0, LinkShape(latency: Span(nanoseconds: 10_000_000)), capture: 0)
        add(1, capture: 1)
        send(hello())
        core.deliverDue(at: start + Span(nanoseconds: 10_250_000), limit: 10)
        let records = records()
        #expect(records.map(\.file) == [0, 1])
        #expect(records.map(\.comment) == ["delivered after 10.000000 ms", "arrived, 0.250000 ms late"])
        let packet = Array(hello().bytes.dropFirst(OffloadHeader.byteCount))
        #expect(records.allSatisfy { $0.bytes == packet })
    }

    @Test(
        "every fate is told",
        arguments: [
            (LinkShape(), "delivered at once"),
            (LinkShape(filter: .drop), "filtered: dropped without a word"),
            (LinkShape(filter: .reject), "filtered: rejected, the sender is told"),
            (LinkShape(loss: Chance(percentage: 100)), "lost"),
            (
                LinkShape(bandwidth: Bandwidth(bitsPerSecond: 8), queueBytes: 1),
                "dropped: the queue of its rate was full"
            ),
            (
                LinkShape(duplicate: Chance(percentage: 100)),
                "delivered at once, duplicated: again after 0.000000 ms"
            ),
        ])
    func fates(shape: LinkShape, comment: String) {
        add(0, shape, capture: 0)
        add(1)
        // The first packet takes the rate, where there is one; the second finds the queue full.
        send(hello())
        send(hello())
        #expect(records().last { $0.comment.hasPrefix("arrived") == false }?.comment == comment)
    }

    @Test("what leads nowhere is told, too, and corruption names the bit")
    func elsewhere() {
        add(0, LinkShape(corrupt: Chance(percentage: 100)), capture: 0)
        add(1)
        send(hello(to: "16.0.0.9"))
        send(hello(to: "224.0.0.251"))
        send(.ipv4(from: "16.0.0.2", to: "16.0.0.1", transport: 1, payload: [8, 0, 0xF7, 0xFB, 0, 1, 0, 3]))
        send(hello())
        let comments = records().map(\.comment).filter { !$0.hasPrefix("arrived") }
        #expect(
            Array(comments.prefix(2)) == [
                "unreachable: nobody has the address", "to all members, each with a fate of its own",
            ])
        #expect(comments.contains("answered by the gateway"))
        #expect(comments.last?.hasPrefix("delivered at once, corrupted: bit ") == true)
    }

    @Test("a member without a capture leaves nothing")
    func none() {
        add(0)
        add(1)
        send(hello())
        #expect(records().isEmpty)
    }

    @Test("what does not fit is counted, and there is room again once the writer has taken the rest")
    func full() {
        let packet = [UInt8](repeating: 7, count: 60_000)
        func record() {
            packet.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                buffer.record(CaptureRecord(file: 0, event: .lost, time: 1), base, count: bytes.count)
            }
        }
        let room = CaptureBuffer.byteCount / 60_000
        for _ in 0..<room + 5 { record() }
        #expect((5...6).contains(buffer.missing))
        var taken = 0
        #expect(
            buffer.take { _, bytes in taken += bytes.count == packet.count - OffloadHeader.byteCount ? 1 : 0 }
        )
        #expect(taken == room + 5 - Int(buffer.missing))
        record()
        buffer.close()
        #expect(!buffer.take { _, _ in taken += 1 })
        #expect(taken == room + 6 - Int(buffer.missing))
    }

    @Test("files that cannot be made are reported, the others are written")
    func files() async throws {
        let folder = "\(FileManager.default.temporaryDirectory.path())capture-\(UUID().uuidString)"
        try Directories.make(folder)
        defer { Directories.removeTree(folder) }
        let capture = try PacketCapture([
            PacketCapture.File(path: "\(folder)/missing/a", instance: "a[0]"),
            PacketCapture.File(path: "\(folder)/b", instance: "b[0]"),
        ])
        let packet = hello().bytes
        for file: Int32 in [0, 1] {
            packet.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                capture.buffer.record(
                    CaptureRecord(file: file, event: .lost, time: 1), base, count: bytes.count)
            }
        }
        let report = await capture.finish()
        #expect(report.missing == 0)
        #expect(report.failure.map { "\($0)".contains("missing/a") } == true)
        let written = try Data(contentsOf: URL(filePath: "\(folder)/b"))
        #expect(written.count > packet.count)
    }
}
