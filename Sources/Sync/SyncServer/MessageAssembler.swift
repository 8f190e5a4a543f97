// From frames to messages (RFC 6455 §5.4): a state machine, so that every order of frames is a unit test.
//
// The Go SDK sends each message as a text frame without FIN and an empty continuation with FIN, so this is
// the usual path and not a corner.

import NIOCore
import NIOWebSocket

/// Puts fragments together and checks what NIO's frame decoder leaves to its user.
struct MessageAssembler {
    enum Event {
        case nothing
        case message(ByteBuffer)
        case ping(ByteBuffer)
        case pong
        case close(ByteBuffer)
        case violation(CloseReason)
    }

    /// What has arrived of a fragmented message; nil between messages.
    private var fragments: ByteBuffer?
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    mutating func receive(_ frame: WebSocketFrame) -> Event {
        guard let mask = frame.maskKey else {
            return .violation(.protocolError("a client's frames must be masked"))
        }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return .violation(.protocolError("a reserved bit is set, and no extension was agreed on"))
        }
        var data = frame.data
        data.webSocketUnmask(mask)
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else {
                return .violation(.protocolError("a message begins within another"))
            }
            if frame.fin { return .message(data) }
            fragments = data
            return .nothing
        case .continuation:
            guard fragments != nil else {
                return .violation(.protocolError("a continuation without a beginning"))
            }
            guard (fragments?.readableBytes ?? 0) + data.readableBytes <= limit else {
                fragments = nil
                return .violation(.tooBig(limit))
            }
            if data.readableBytes > 0 { fragments?.writeBuffer(&data) }
            guard frame.fin, let message = fragments else { return .nothing }
            fragments = nil
            return .message(message)
        case .ping: return .ping(data)
        case .pong: return .pong
        case .connectionClose: return .close(data)
        default: return .violation(.protocolError("a reserved opcode"))
        }
    }
}

/// A close code with its reason.
struct CloseReason: Error, Equatable {
    var code: UInt16
    /// Cut to what a control frame has room for: 125 bytes less the code.
    var text: String

    init(code: UInt16, text: String) {
        self.code = code
        var text = text
        while text.utf8.count > 123 { text.removeLast() }
        self.text = text
    }

    static func protocolError(_ text: String) -> CloseReason { CloseReason(code: 1002, text: text) }

    static func tooBig(_ limit: Int) -> CloseReason {
        CloseReason(code: 1009, text: "a message may have \(limit) bytes")
    }

    /// What to answer a client's close frame with (RFC 6455 §5.5.1, §7.4): its own code, or 1002 for one
    /// that must not be sent.
    static func answer(to data: ByteBuffer) -> CloseReason? {
        var data = data
        guard data.readableBytes > 0 else { return nil }
        guard let code = data.readInteger(as: UInt16.self) else { return .protocolError("half a close code") }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .protocolError("\(code) is no close code to send")
        }
        guard (try? data.readUTF8ValidatedString(length: data.readableBytes)) != nil else {
            return CloseReason(code: 1007, text: "the reason is not UTF-8")
        }
        return CloseReason(code: code, text: "")
    }
}
