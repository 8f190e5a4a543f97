// Frames in, events out: reassembles fragmented messages and checks their order (RFC 6455 §5.4). No sockets.

/// What the peer said.
enum WebSocketEvent: Sendable, Hashable {
    /// A whole message, text or binary.
    case message([UInt8])
    /// To be answered with a pong of the same payload.
    case ping([UInt8])
    case pong
    /// To be answered with a close frame, unless one was sent already.
    case close(code: UInt16?, reason: String)
}

/// Makes events of what arrives.
struct WebSocketInbox: Sendable {
    private var reader = WebSocketFrameReader()
    private var fragments: [UInt8]?

    mutating func append(_ bytes: some Sequence<UInt8>) { reader.append(bytes) }

    /// The next event, nil when more bytes are needed.
    mutating func next() throws(WebSocketViolation) -> WebSocketEvent? {
        while let frame = try reader.next() {
            switch frame.opcode {
            case .ping: return .ping(frame.payload)
            case .pong: return .pong
            case .close: return try Self.close(frame.payload)
            case .text, .binary:
                guard fragments == nil else { throw .protocolError("a message begins inside another") }
                if frame.isFinal { return .message(frame.payload) }
                fragments = frame.payload
            case .continuation:
                guard var message = fragments.take() else {
                    throw .protocolError("a continuation of no message")
                }
                guard message.count + frame.payload.count <= WebSocketFrameReader.maximumPayload else {
                    throw .tooBig("a message beyond \(WebSocketFrameReader.maximumPayload) bytes")
                }
                message.append(contentsOf: frame.payload)
                if frame.isFinal { return .message(message) }
                fragments = message
            }
        }
        return nil
    }

    private static func close(_ payload: [UInt8]) throws(WebSocketViolation) -> WebSocketEvent {
        if payload.isEmpty { return .close(code: nil, reason: "") }
        guard payload.count >= 2 else { throw .protocolError("a close frame with half a code") }
        return .close(
            code: UInt16(payload[0]) << 8 | UInt16(payload[1]),
            reason: String(decoding: payload[2...], as: UTF8.self))
    }
}
