// Why a call on a socket failed. errno(3), tcp(7).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A call on a socket that failed.
public struct SocketError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call, e.g. `connect`.
    public let call: String
    /// `errno`.
    public let code: Int32
    /// Whom it was about.
    public let subject: String

    init(_ call: String, _ subject: String, code: Int32 = errno) {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// Somebody has answered that the connection is not wanted: at once, unlike ``isTimeout``.
    public var isRefused: Bool { [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES].contains(code) }

    /// Nobody has answered in time.
    public var isTimeout: Bool { [ETIMEDOUT, EAGAIN, EINPROGRESS].contains(code) }

    public var description: String { "\(call) \(subject): \(String(cString: strerror(code)))" }
}
