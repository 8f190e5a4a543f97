// WebSocket frames and handshake against RFC 6455.

import Testing

@testable import SyncClient

@Suite("WebSocket frames and messages")
struct WebSocketTests {
    @Test("a masked frame has the bytes of RFC 6455 §5.7")
    func maskedHello() {
        var bytes: [UInt8] = []
        WebSocketFrame(.text, "Hello".utf8).write(to: &bytes, maskingKey: 0x37fa_213d)
        #expect(bytes == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
    }

    @Test(
        "a length stands in 7, 16 or 64 bits",
        arguments: [
            (125, [0x82, 0x80 | 125]), (126, [0x82, 0xFE, 0, 126]), (65535, [0x82, 0xFE, 0xFF, 0xFF]),
            (65536, [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func lengths(count: Int, head: [UInt8]) {
        var bytes: [UInt8] = []
        WebSocketFrame(.binary, repeatElement(7, count: count)).write(to: &bytes, maskingKey: 0)
        #expect(Array(bytes.prefix(head.count)) == head)
        #expect(bytes.count == head.count + 4 + count)
    }

    @Test("frames are found however the bytes are cut")
    func cuts() throws {
        let stream: [UInt8] = [0x81, 0x02, 0x68, 0x69, 0x82, 126, 0, 126] + Array(repeating: 9, count: 126)
        for size in [1, 2, 3, 7, stream.count] {
            var reader = WebSocketFrameReader()
            var frames: [WebSocketFrame] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                reader.append(stream[start..<min(start + size, stream.count)])
                while let frame = try reader.next() { frames.append(frame) }
            }
            #expect(
                frames == [
                    WebSocketFrame(.text, "hi".utf8), WebSocketFrame(.binary, repeatElement(9, count: 126)),
                ])
        }
    }

    @Test("a message is put together from fragments, with a ping between them")
    func fragments() throws {
        var inbox = WebSocketInbox()
        inbox.append([0x01, 1, 0x61, 0x89, 1, 0x70, 0x00, 1, 0x62, 0x80, 0])
        #expect(try inbox.next() == .ping([0x70]))
        #expect(try inbox.next() == .message([0x61, 0x62]))
        #expect(try inbox.next() == nil)
    }

    @Test("a close frame carries its code and reason, or neither")
    func close() throws {
        var inbox = WebSocketInbox()
        inbox.append([0x88, 5, 0x03, 0xE9, 0x62, 0x79, 0x65, 0x88, 0])
        #expect(try inbox.next() == .close(code: 1001, reason: "bye"))
        #expect(try inbox.next() == .close(code: nil, reason: ""))
    }

    @Test(
        "a peer that breaks the protocol is found out",
        arguments: [
            ([0xC1, 0], 1002), ([0x83, 0], 1002), ([0x81, 0x80], 1002), ([0x09, 0], 1002),
            ([0x89, 126, 0, 126], 1002), ([0x80, 0], 1002), ([0x01, 0, 0x81, 0], 1002), ([0x88, 1, 3], 1002),
            ([0x82, 127, 0, 0, 0, 0, 0xFF, 0, 0, 0], 1009),
        ] as [([UInt8], UInt16)])
    func violations(bytes: [UInt8], code: UInt16) {
        var inbox = WebSocketInbox()
        inbox.append(bytes)
        let violation = #expect(throws: WebSocketViolation.self) { while try inbox.next() != nil {} }
        #expect(violation?.code == code)
    }
}

@Suite("The opening handshake")
struct WebSocketHandshakeTests {
    static let handshake = WebSocketHandshake(
        host: "::1", port: 5050, subprotocol: "testground-sync.v1", nonce: Array("the sample nonce".utf8))

    @Test("the request offers the subprotocol and names the host")
    func request() {
        #expect(
            Self.handshake.request
                == "GET / HTTP/1.1\r\nHost: [::1]:5050\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Protocol: testground-sync.v1\r\n\r\n")
    }

    static let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
    // RFC 6455 §1.3.
    static let accept = "sec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \r\n"

    @Test("the RFC's answer is accepted, and what follows it is not taken")
    func accepted() throws {
        let text = Self.head + Self.accept + "\r\n"
        #expect(try Self.handshake.check(Array((text + "more").utf8)) == text.utf8.count)
        #expect(try Self.handshake.check(Array(text.utf8.dropLast())) == nil)
    }

    @Test(
        "an answer that is none is refused with the reason",
        arguments: [
            (
                "HTTP/1.1 404 Not Found\r\n",
                "it answered \"HTTP/1.1 404 Not Found\" instead of 101 Switching Protocols"
            ),
            (head, "its Sec-WebSocket-Accept does not fit the key"),
            ("HTTP/1.1 101 OK\r\n" + accept, "its answer has no \"Upgrade: websocket\""),
            (
                head + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                "it chose an extension that was not offered"
            ),
            (
                head + accept + "Sec-WebSocket-Protocol: chat\r\n",
                "it chose the subprotocol \"chat\", offered was \"testground-sync.v1\""
            ),
        ])
    func refused(text: String, reason: String) {
        let violation = #expect(throws: WebSocketViolation.self) {
            try Self.handshake.check(Array((text + "\r\n").utf8))
        }
        #expect(violation?.reason == reason)
    }

    @Test(
        "SHA-1 gives the digests of RFC 3174 and of padding's edges",
        arguments: [
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            (String(repeating: "a", count: 56), "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
            (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        ])
    func sha1(message: String, digest: String) {
        let text = SHA1.digest(Array(message.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        #expect(text == digest)
    }

    @Test(
        "Base64 pads as RFC 4648 §10 shows",
        arguments: zip(["", "f", "fo", "foo", "foob"], ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]))
    func base64(message: String, text: String) {
        #expect(Base64.text(Array(message.utf8)) == text)
    }
}
