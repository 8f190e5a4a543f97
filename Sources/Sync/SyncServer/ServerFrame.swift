// The frames that a server sends (RFC 6455 §5.2): never masked, never fragmented.
//
// NIO's own encoder takes one frame at a time through the pipeline; here many are written behind one
// another into one buffer and go out with one write, which is what makes a fan-out of a million deliveries
// cheap.

import InstanceContract
import NIOCore

extension ByteBuffer {
    /// Appends the header of a text frame with FIN.
    mutating func writeTextHeader(length: Int) {
        writeInteger(UInt8(0x81))
        switch length {
        case ...125:
            writeInteger(UInt8(length))
        case ...0xFFFF:
            writeInteger(UInt8(126))
            writeInteger(UInt16(length))
        default:
            writeInteger(UInt8(127))
            writeInteger(UInt64(length))
        }
    }

    mutating func writeText(_ message: [UInt8]) {
        writeTextHeader(length: message.count)
        writeBytes(message)
    }

    mutating func writeDelivery(head: [UInt8], body: [UInt8]) {
        writeTextHeader(length: head.count + body.count + SyncDelivery.tail.count)
        writeBytes(head)
        writeBytes(body)
        writeBytes(SyncDelivery.tail)
    }

    mutating func writePing() {
        writeInteger(UInt16(0x8900))
    }

    /// - Parameter data: at most 125 bytes, as the frame decoder has made sure.
    mutating func writePong(_ data: ByteBuffer) {
        writeInteger(UInt8(0x8A))
        writeInteger(UInt8(data.readableBytes))
        writeImmutableBuffer(data)
    }

    mutating func writeClose(_ reason: CloseReason?) {
        writeInteger(UInt8(0x88))
        guard let reason else {
            writeInteger(UInt8(0))
            return
        }
        writeInteger(UInt8(2 + reason.text.utf8.count))
        writeInteger(reason.code)
        writeString(reason.text)
    }
}
