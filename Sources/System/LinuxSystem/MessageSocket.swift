// A connection to a child that carries short messages and descriptors. socketpair(2), recvmsg(2), unix(7).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One end of a pair of SOCK_SEQPACKET sockets.
package struct MessageSocket: Sendable {
    package let descriptor: OwnedDescriptor

    /// Longest message that is read; what is longer is cut.
    private static let longestMessage = 4096
    /// Most descriptors that come with a message.
    private static let mostDescriptors = 16

    /// What came from the other end.
    package struct Message: Sendable {
        package var text: String
        package var descriptors: [OwnedDescriptor]
    }

    package enum Reception: Sendable {
        case message(Message)
        /// Nothing so far.
        case nothing
        /// The other end is gone, and so will nothing come.
        case end
    }

    /// Both ends; the other one is for a child, which gets it by `ProcessLaunch.passed`.
    package static func pair() throws(SystemError) -> (own: MessageSocket, other: OwnedDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard clinux_message_pair(&ends) == 0 else { throw .last("socketpair") }
        return (MessageSocket(descriptor: OwnedDescriptor(owning: ends[0])), OwnedDescriptor(owning: ends[1]))
    }

    /// The next message.
    ///
    /// - Parameter waits: block until there is one, or the other end is gone.
    package func receive(waits: Bool) throws(SystemError) -> Reception {
        var bytes = [UInt8](repeating: 0, count: Self.longestMessage)
        var numbers = [Int32](repeating: -1, count: Self.mostDescriptors)
        var count: Int32 = 0
        let length = clinux_receive(
            descriptor.number, &bytes, UInt(bytes.count), &numbers, Int32(numbers.count), &count,
            waits ? 1 : 0)
        if length < 0 {
            if errno == EAGAIN { return .nothing }
            // The child died with our bytes unread.
            if errno == ECONNRESET { return .end }
            throw .last("recvmsg")
        }
        if length == 0 { return .end }
        return .message(
            Message(
                text: String(decoding: bytes[..<length], as: UTF8.self),
                descriptors: numbers[..<Int(count)].map { OwnedDescriptor(owning: $0) }))
    }

    /// Sends one message.
    package func send(_ text: String) throws(SystemError) {
        let bytes = Array(text.utf8)
        guard clinux_send(descriptor.number, bytes, UInt(bytes.count)) == bytes.count else {
            throw .last("send")
        }
    }
}
