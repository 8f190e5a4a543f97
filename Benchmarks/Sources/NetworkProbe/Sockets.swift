// Plain sockets and the clock that both ends share. socket(7), udp(7), tcp(7), clock_gettime(2).

import Glibc

enum Clock {
    /// Nanoseconds of CLOCK_MONOTONIC, the same in all processes of the machine.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func sleep(until instant: Int64) {
        var time = timespec(tv_sec: Int(instant / 1_000_000_000), tv_nsec: Int(instant % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}

/// A socket; closed with its owner.
final class Socket: @unchecked Sendable {
    // Unchecked: the number never changes.
    let number: Int32

    init(_ type: __socket_type) throws {
        number = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw ProbeError("socket: \(String(cString: strerror(errno)))") }
        set(SOL_SOCKET, SO_REUSEADDR, 1)
        // Root may exceed the limits of the machine.
        set(SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        set(SOL_SOCKET, SO_SNDBUFFORCE, type == SOCK_DGRAM ? 8 << 20 : 32 << 20)
    }

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The longest that a call waits.
    func setPatience(seconds: Double) {
        var time = timeval(
            tv_sec: Int(seconds), tv_usec: Int(seconds.truncatingRemainder(dividingBy: 1) * 1e6))
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    func bind(port: UInt16) throws { try name("0.0.0.0", port) { Glibc.bind(number, $0, $1) } }

    func connect(to host: String, port: UInt16) throws {
        try name(host, port) { Glibc.connect(number, $0, $1) }
    }

    private func name(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &name.sin_addr)
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw ProbeError("\(host):\(port): \(String(cString: strerror(errno)))") }
    }
}
