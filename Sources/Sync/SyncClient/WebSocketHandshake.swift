// The opening handshake from the client's side, RFC 6455 §4.1. No sockets.

/// Asks for a WebSocket and checks the answer.
struct WebSocketHandshake: Sendable {
    /// Longest answer that is read: a status line and a dozen headers.
    static let maximumResponse = 16 << 10

    private let key: String
    private let host: String
    private let subprotocol: String

    /// - Parameter nonce: 16 random bytes, new for each connection.
    init(host: String, port: UInt16, subprotocol: String, nonce: [UInt8]) {
        key = Base64.text(nonce)
        // An IPv6 address stands in brackets, RFC 3986 §3.2.2.
        self.host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        self.subprotocol = subprotocol
    }

    var request: String {
        """
        GET / HTTP/1.1\r
        Host: \(host)\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: \(key)\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Protocol: \(subprotocol)\r
        \r

        """
    }

    /// What `Sec-WebSocket-Accept` must be.
    var accept: String { Self.accept(key: key) }

    static func accept(key: String) -> String {
        Base64.text(SHA1.digest(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// Looks for the whole answer in what has arrived.
    ///
    /// - Returns: how many bytes it took, nil when it is not all there yet.
    /// - Throws: `WebSocketViolation` when the peer does not speak WebSocket.
    func check(_ bytes: [UInt8]) throws(WebSocketViolation) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
            guard bytes.count <= Self.maximumResponse else {
                throw .protocolError("it answered with more than \(Self.maximumResponse) bytes of headers")
            }
            return nil
        }
        let lines = bytes[..<end].split(separator: UInt8(ascii: "\n")).map {
            String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self)
        }
        let status = lines.first ?? ""
        guard status.hasPrefix("HTTP/1.1 101") else {
            throw .protocolError("it answered \"\(status)\" instead of 101 Switching Protocols")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = Self.trimmed(line[line.index(after: colon)...])
        }
        guard headers["upgrade"]?.lowercased() == "websocket" else {
            throw .protocolError("its answer has no \"Upgrade: websocket\"")
        }
        guard headers["sec-websocket-accept"] == accept else {
            throw .protocolError("its Sec-WebSocket-Accept does not fit the key")
        }
        guard headers["sec-websocket-extensions"] == nil else {
            throw .protocolError("it chose an extension that was not offered")
        }
        // A server that knows no subprotocols chooses none, as upstream's does.
        if let chosen = headers["sec-websocket-protocol"], chosen != subprotocol {
            throw .protocolError("it chose the subprotocol \"\(chosen)\", offered was \"\(subprotocol)\"")
        }
        return end + mark.count
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        let end = start.lastIndex { $0 != " " && $0 != "\t" }
        return end.map { String(start[...$0]) } ?? ""
    }
}

/// RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let index = Int(bits >> (18 - 6 * UInt32(position)) & 63)
                output.append(position <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
