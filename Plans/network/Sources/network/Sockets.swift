// TCP as plain as it gets; a real plan brings the networking of the system it tests.

import Testground

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Longest wait for the other instance, in seconds.
private let patience = 30

final class Listener {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = try makeSocket()
        try withAddress("0.0.0.0", port) { name, length in
            guard bind(descriptor, name, length) == 0, listen(descriptor, 1) == 0 else {
                throw failure("listen")
            }
        }
    }

    deinit { close(descriptor) }

    func accept() throws -> Connection {
        #if canImport(Glibc)
        let accepted = Glibc.accept(descriptor, nil, nil)
        #else
        let accepted = Musl.accept(descriptor, nil, nil)
        #endif
        guard accepted >= 0 else { throw failure("accept") }
        return Connection(descriptor: accepted)
    }
}

final class Connection {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) {
        self.descriptor = descriptor
        configure(descriptor)
    }

    init(to host: String, port: UInt16) throws {
        descriptor = try makeSocket()
        try withAddress(host, port) { name, length in
            guard connect(descriptor, name, length) == 0 else { throw failure("connect to \(host)") }
        }
    }

    deinit { close(descriptor) }

    func send(_ byte: UInt8) throws {
        guard write(descriptor, [byte], 1) == 1 else { throw failure("write") }
    }

    func expect(_ byte: UInt8) throws {
        var received: UInt8 = 0
        guard read(descriptor, &received, 1) == 1 else { throw failure("read") }
        guard received == byte else {
            throw NetworkPlanError(description: "received \(received), expected \(byte)")
        }
    }
}

private func makeSocket() throws -> Int32 {
    #if canImport(Glibc)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw failure("socket") }
    configure(descriptor)
    return descriptor
}

private func configure(_ descriptor: Int32) {
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    // A byte is to leave at once; tcp(7).
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
}

private func withAddress(
    _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
) throws {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &name.sin_addr) == 1 else {
        throw NetworkPlanError(description: "\(host) is no address")
    }
    try withUnsafePointer(to: &name) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

private func failure(_ call: String) -> NetworkPlanError {
    NetworkPlanError(description: "\(call): \(String(cString: strerror(errno)))")
}
