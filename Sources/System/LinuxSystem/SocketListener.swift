// A listening TCP socket, for tests and small servers with a thread of their own. bind(2), listen(2),
// accept4(2).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A socket that listens on 127.0.0.1; closed when the value goes away.
package struct SocketListener: ~Copyable, Sendable {
    private let rawDescriptor: Int32
    package let port: UInt16

    /// Listens on a free port of the loopback address.
    package init() throws(SystemError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw .last("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard result else {
            let error = SystemError.last("bind", "127.0.0.1")
            close(descriptor)
            throw error
        }
        rawDescriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(rawDescriptor) }

    /// Blocks the thread until someone connects, or the deadline in monotonic nanoseconds passes
    /// (`ETIMEDOUT`).
    package func accept(deadline: Int64) throws(SystemError) -> SocketStream {
        var entry = pollfd(fd: rawDescriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = deadline - SystemClock.monotonic()
            let result = poll(&entry, 1, left <= 0 ? 0 : Int32(clamping: left / 1_000_000 + 1))
            if result > 0 { break }
            if result == 0 { throw SystemError(call: "accept", code: ETIMEDOUT) }
            guard errno == EINTR else { throw .last("poll") }
        }
        let descriptor = clinux_accept(rawDescriptor)
        guard descriptor >= 0 else { throw .last("accept4") }
        return SocketStream(rawDescriptor: descriptor, peer: "the client")
    }
}
