// Frames of RFC 6455 §5, without sockets: one writer, one reader. WebSocketInbox makes messages of what is
// read.

/// What a frame is, RFC 6455 §5.2.
enum WebSocketOpcode: UInt8, Sendable, Hashable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// One frame with its payload unmasked.
struct WebSocketFrame: Sendable, Hashable {
    var isFinal: Bool
    var opcode: WebSocketOpcode
    var payload: [UInt8]

    init(isFinal: Bool = true, _ opcode: WebSocketOpcode, _ payload: some Sequence<UInt8>) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.payload = Array(payload)
    }

    /// Appends the frame as a client sends it: masked with a key that nobody can predict (§5.3).
    func write(to output: inout [UInt8], maskingKey: UInt32) {
        output.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        switch payload.count {
        case ..<126: output.append(0x80 | UInt8(payload.count))
        case ...0xFFFF:
            output.append(0x80 | 126)
            output.append(contentsOf: Self.bytes(of: UInt16(payload.count)))
        default:
            output.append(0x80 | 127)
            output.append(contentsOf: Self.bytes(of: UInt64(payload.count)))
        }
        let key = Self.bytes(of: maskingKey)
        output.append(contentsOf: key)
        output.reserveCapacity(output.count + payload.count)
        for (index, byte) in payload.enumerated() { output.append(byte ^ key[index & 3]) }
    }

    /// Network byte order.
    static func bytes(of value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// The peer breaks the protocol; the connection cannot go on.
struct WebSocketViolation: Error, Sendable, Hashable {
    /// Close code to tell the peer, RFC 6455 §7.4.1.
    var code: UInt16
    var reason: String

    static func protocolError(_ reason: String) -> Self { Self(code: 1002, reason: reason) }
    static func tooBig(_ reason: String) -> Self { Self(code: 1009, reason: reason) }
}

/// Cuts a stream of bytes into frames.
struct WebSocketFrameReader: Sendable {
    /// Longest payload accepted. The server sends at most 32 KiB a message (contract §4); others may send
    /// more.
    static let maximumPayload = 16 << 20

    private var buffer: [UInt8] = []
    /// Bytes of `buffer` that are taken already; dropped when they are many, so that taking a frame does not
    /// move the rest.
    private var taken = 0

    mutating func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The next whole frame, nil when more bytes are needed.
    mutating func next() throws(WebSocketViolation) -> WebSocketFrame? {
        let bytes = buffer[taken...]
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (bytes[taken], bytes[taken + 1])
        guard first & 0x70 == 0 else { throw .protocolError("a reserved bit is set") }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            throw .protocolError("unknown opcode \(first & 0x0F)")
        }
        guard second & 0x80 == 0 else { throw .protocolError("the server masked a frame") }
        let isFinal = first & 0x80 != 0
        let shortLength = Int(second & 0x7F)
        if opcode.isControl, !isFinal || shortLength > 125 {
            throw .protocolError("a control frame is fragmented or longer than 125 bytes")
        }
        let lengthBytes = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0
        guard bytes.count >= 2 + lengthBytes else { return nil }
        let start = taken + 2 + lengthBytes
        let length =
            lengthBytes == 0
            ? UInt64(shortLength) : bytes[taken + 2..<start].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.maximumPayload) else {
            throw .tooBig("a frame of \(length) bytes, at most \(Self.maximumPayload) are accepted")
        }
        let end = start + Int(length)
        guard buffer.count >= end else { return nil }
        let frame = WebSocketFrame(isFinal: isFinal, opcode, buffer[start..<end])
        taken = end
        if taken == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            taken = 0
        } else if taken > 64 << 10 {
            buffer.removeFirst(taken)
            taken = 0
        }
        return frame
    }
}
