// Frames over a real socket, each written out: what the edge makes of them.

import InstanceContract
import SyncServer
import Testing

/// Starts a service for a test and stops it after.
func withService(
    _ configuration: SyncServiceConfiguration = SyncServiceConfiguration(),
    _ body: (SyncService) async throws -> Void
) async throws {
    let service = try await SyncService.start(configuration)
    do {
        try await body(service)
    } catch {
        await service.stop()
        throw error
    }
    await service.stop()
}

private let text = FirstByte.fin | FirstByte.text
private let signal = #"{"id":"1","signal_entry":{"state":"s"}}"#
private let signalled = #"{"id":"1","error":"","publish":null,"subscribe":"","signal_entry":{"seq":1}}"#

@Suite("Frames", .timeLimit(.minutes(1)))
struct FrameTests {
    @Test("the handshake agrees to any path and origin and declines compression")
    func handshake() async throws {
        try await withService { service in
            let client = try await RawClient(
                port: service.port,
                extraHeaders: "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n")
            #expect(client.head.hasPrefix("HTTP/1.1 101 "))
            // The accept value of the key above stands in RFC 6455 §1.3.
            #expect(client.head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(!client.head.lowercased().contains("extensions"))
            #expect(!client.head.lowercased().contains("sec-websocket-protocol"))
        }
    }

    @Test("our own client's subprotocol is confirmed, and another version of it is refused in the handshake")
    func subprotocol() async throws {
        try await withService { service in
            let client = try await RawClient(
                port: service.port, extraHeaders: "Sec-WebSocket-Protocol: x, testground-sync.v1\r\n")
            #expect(client.head.lowercased().contains("sec-websocket-protocol: testground-sync.v1"))
            let later = try await RawClient(
                port: service.port, extraHeaders: "Sec-WebSocket-Protocol: testground-sync.v9\r\n")
            #expect(later.head.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("a message in one frame, as text or binary, is answered with text")
    func wholeMessages() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            try await client.send(signal)
            #expect(try await client.next() == ServerFrame(opcode: 0x1, data: Array(signalled.utf8)))
            try await client.write(RawClient.frame(FirstByte.fin | FirstByte.binary, signal))
            let second = try await client.next()
            #expect(second.opcode == 0x1)
            #expect(try SyncResponse(decoding: second.data).content == .signalled(count: 2))
        }
    }

    @Test("the Go SDK's frames: text without FIN, then an empty continuation with FIN")
    func emptyContinuation() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            try await client.write(
                RawClient.frame(FirstByte.text, signal)
                    + RawClient.frame(FirstByte.fin | FirstByte.continuation, ""))
            #expect(try await client.next().text == signalled)
        }
    }

    @Test("control frames may stand between fragments, and a frame may arrive byte by byte")
    func controlBetweenFragments() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            let bytes =
                RawClient.frame(FirstByte.text, String(signal.prefix(10)))
                + RawClient.frame(FirstByte.fin | FirstByte.ping, "are you there")
                + RawClient.frame(FirstByte.continuation, String(signal.dropFirst(10).prefix(5)))
                + RawClient.frame(FirstByte.fin | FirstByte.pong, "")
                + RawClient.frame(FirstByte.fin | FirstByte.continuation, String(signal.dropFirst(15)))
            for byte in bytes { try await client.write([byte]) }
            #expect(try await client.next() == ServerFrame(opcode: 0xA, data: Array("are you there".utf8)))
            #expect(try await client.next().text == signalled)
        }
    }

    @Test(
        "a close frame is answered with its code, and an invalid one with 1002",
        arguments: [
            ([], nil), ([0x03, 0xE8], 1000), ([0x03, 0xE9] + Array("bye".utf8), 1001), ([0x0F, 0xA0], 4000),
            ([0x03], 1002), ([0x03, 0xED], 1002), ([0x03, 0xEE], 1002), ([0x00, 0x01], 1002),
            ([0x03, 0xE8, 0xFF], 1007),
        ] as [([UInt8], Int?)])
    func closeCodes(data: [UInt8], answer: Int?) async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            try await client.write(RawClient.frame(FirstByte.fin | FirstByte.close, data))
            let frame = try await client.next()
            #expect(frame.opcode == 0x8)
            #expect(frame.closeCode == answer)
            try await client.waitForEnd()
        }
    }

    /// Known to the test's output by its name alone: the bytes are many.
    struct Violation: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var code: Int
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ code: Int) {
            (self.name, self.bytes, self.code) = (name, bytes, code)
        }
    }

    @Test(
        "what breaks the protocol closes with the code that names it",
        arguments: [
            Violation("unmasked", RawClient.frame(text, signal, masked: false), 1002),
            Violation(
                "a reserved bit, as a compressed frame has it", RawClient.frame(text | 0x40, signal), 1002),
            Violation("a reserved opcode", RawClient.frame(0x83, signal), 1002),
            Violation("a reserved control opcode", RawClient.frame(0x8B, ""), 1002),
            Violation("a continuation of nothing", RawClient.frame(0x80, signal), 1002),
            Violation(
                "a message within a message", RawClient.frame(0x1, "{") + RawClient.frame(0x81, "{}"), 1002),
            Violation("a fragmented ping", RawClient.frame(0x9, ""), 1002),
            Violation("a long ping", RawClient.frame(0x89, String(repeating: "x", count: 126)), 1002),
            Violation("bad JSON", RawClient.frame(text, "{\"id\":"), 1007),
            Violation("an empty message", RawClient.frame(text, ""), 1007),
            Violation("no UTF-8", RawClient.frame(text, [0x22, 0xFF, 0x22]), 1007),
            Violation("a numeric id", RawClient.frame(text, #"{"id":1,"signal_entry":{"state":"s"}}"#), 1007),
            Violation(
                "a float target", RawClient.frame(text, #"{"id":"1","barrier":{"state":"s","target":1.5}}"#),
                1007
            ),
            Violation(
                "an oversize frame", RawClient.frame(text, [UInt8](repeating: 0x20, count: 1 << 20 | 1)),
                1009
            ),
            Violation(
                "oversize fragments",
                RawClient.frame(0x1, [UInt8](repeating: 0x20, count: 600_000))
                    + RawClient.frame(0x0, [UInt8](repeating: 0x20, count: 600_000)), 1009
            ),
        ])
    func violations(violation: Violation) async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            try await client.write(violation.bytes)
            let frame = try await client.next()
            #expect(frame.closeCode == violation.code, "\(violation.name): \(frame)")
            try await client.waitForEnd()
        }
    }

    @Test("a length with the top bit set, which no 64-bit frame may have, closes with 1009 or 1002")
    func absurdLength() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            try await client.write([0x81, 0xFF] + [UInt8](repeating: 0xFF, count: 8) + [1, 2, 3, 4])
            let code = try await client.next().closeCode
            #expect(code == 1009 || code == 1002)
        }
    }
}
