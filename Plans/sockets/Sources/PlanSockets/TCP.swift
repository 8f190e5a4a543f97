// TCP as plain as it gets: streams and listeners whose calls block, each on a thread that may.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A socket that is closed when nobody uses it any more.
private final class Descriptor: Sendable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// - Parameter limit: the longest that one call may block.
    static func make(limit: Duration) throws(SocketError) -> Descriptor {
        #if canImport(Glibc)
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
        let number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
        #endif
        guard number >= 0 else { throw SocketError("socket", "") }
        let descriptor = Descriptor(owning: number)
        descriptor.configure(limit: limit)
        return descriptor
    }

    func configure(limit: Duration) {
        let (seconds, attoseconds) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        // Also bounds connect; socket(7).
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(number, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        // A byte is to leave at once; tcp(7).
        var one: Int32 = 1
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// A connection over IPv4.
public struct TCPStream: Sendable {
    private let descriptor: Descriptor

    fileprivate init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Connects, and waits no longer than the limit; later calls on the stream neither.
    public static func connect(
        to host: String, port: UInt16, limit: Duration = .seconds(30)
    ) async throws(SocketError) -> TCPStream {
        let descriptor = try Descriptor.make(limit: limit)
        try await blocking { () throws(SocketError) in
            try withAddress(host, port) { name, length in
                #if canImport(Glibc)
                return Glibc.connect(descriptor.number, name, length) == 0 ? nil : "connect"
                #else
                return Musl.connect(descriptor.number, name, length) == 0 ? nil : "connect"
                #endif
            }
        }
        return TCPStream(descriptor)
    }

    /// Sends all bytes.
    public func send(_ bytes: [UInt8]) async throws(SocketError) {
        let descriptor = descriptor
        try await blocking { () throws(SocketError) in
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    write(descriptor.number, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
                }
                guard count > 0 || errno == EINTR else { throw SocketError("write", "") }
                sent += max(0, count)
            }
        }
    }

    /// The next bytes, at most so many; empty at the end of the stream.
    public func receive(atMost count: Int) async throws(SocketError) -> [UInt8] {
        let descriptor = descriptor
        return try await blocking { () throws(SocketError) in
            var bytes = [UInt8](repeating: 0, count: count)
            var received: Int
            repeat { received = read(descriptor.number, &bytes, count) } while received < 0 && errno == EINTR
            guard received >= 0 else { throw SocketError("read", "") }
            return Array(bytes.prefix(received))
        }
    }

    /// The next bytes, fewer only at the end of the stream.
    public func receive(exactly count: Int) async throws(SocketError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try await receive(atMost: count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Tells the other side that nothing more comes.
    public func finish() {
        #if canImport(Glibc)
        shutdown(descriptor.number, Int32(SHUT_WR))
        #else
        shutdown(descriptor.number, SHUT_WR)
        #endif
    }
}

/// Accepts connections on a port of all of the instance's addresses.
public struct TCPListener: Sendable {
    private let descriptor: Descriptor
    /// The port; the kernel's choice where 0 was asked for.
    public let port: UInt16
    private let limit: Duration

    /// - Parameter limit: the longest that `accept`, and each call on what it returns, waits.
    public init(port: UInt16 = 0, limit: Duration = .seconds(30)) throws(SocketError) {
        let descriptor = try Descriptor.make(limit: limit)
        var one: Int32 = 1
        setsockopt(
            descriptor.number, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        try withAddress("0.0.0.0", port) { name, length in
            if bind(descriptor.number, name, length) != 0 { return "bind" }
            return listen(descriptor.number, 1_024) == 0 ? nil : "listen"
        }
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor.number, $0, &length)
            }
        }
        guard result == 0 else { throw SocketError("getsockname", "") }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: name.sin_port)
        self.limit = limit
    }

    public func accept() async throws(SocketError) -> TCPStream {
        let (descriptor, limit) = (descriptor, limit)
        return try await blocking { () throws(SocketError) in
            #if canImport(Glibc)
            let accepted = Glibc.accept(descriptor.number, nil, nil)
            #else
            let accepted = Musl.accept(descriptor.number, nil, nil)
            #endif
            guard accepted >= 0 else { throw SocketError("accept", "") }
            let stream = Descriptor(owning: accepted)
            stream.configure(limit: limit)
            return TCPStream(stream)
        }
    }
}

/// - Parameter body: answers the call that failed, nil for none.
private func withAddress(
    _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> String?
) throws(SocketError) {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &name.sin_addr) == 1 else {
        throw SocketError("inet_pton", host, code: EINVAL)
    }
    let failed: (call: String, code: Int32)? = withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            body(address, socklen_t(MemoryLayout<sockaddr_in>.size)).map { ($0, errno) }
        }
    }
    if let failed { throw SocketError(failed.call, "\(host):\(port)", code: failed.code) }
}
