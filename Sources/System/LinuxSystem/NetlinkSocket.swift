// Setting addresses, links and routes of a network namespace through a socket that was made inside it.
// rtnetlink(7).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A NETLINK_ROUTE socket. It acts on the namespace in which it was made, wherever the process that holds it
/// is.
package struct NetlinkSocket: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    private var sequence: UInt32 = 0

    /// The kernel answers a request before sendto(2) returns; a longer wait means that the answer was lost.
    private static let answerLimitSeconds = 5

    /// Takes over a descriptor that was made elsewhere.
    package init(adopting descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Self.answerLimitSeconds, tv_usec: 0)
        setsockopt(
            descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Sends the request and waits for the kernel's answer.
    ///
    /// - Throws: `SystemError` with the kernel's errno.
    package mutating func perform(_ request: NetlinkRequest) throws(SystemError) {
        sequence &+= 1
        let bytes = request.bytes(sequence: sequence)
        let subject = "\(request)"
        guard bytes.withUnsafeBytes({ send(descriptor.number, $0.baseAddress, $0.count, 0) }) == bytes.count
        else {
            throw .last("send(netlink)", subject)
        }
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor.number, $0.baseAddress, $0.count, 0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("recv(netlink)", subject)
            }
            guard let code = NetlinkRequest.acknowledgement(in: Array(buffer[..<count]), sequence: sequence)
            else { continue }
            guard code == 0 else { throw SystemError(call: "netlink", code: code, subject: subject) }
            return
        }
    }
}
