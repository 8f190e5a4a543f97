// The one error of this target: a system call that failed.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A system call that failed, with the number of its error and what it was about.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Name of the call, e.g. `open`.
    package var call: String
    /// The error's number, e.g. `ENOENT`.
    package var code: Int32
    /// What the call was about: a path, an address; may be empty.
    package var subject: String

    package init(call: String, code: Int32, subject: String = "") {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// The error of the call that just failed.
    package static func last(_ call: String, _ subject: String = "") -> SystemError {
        SystemError(call: call, code: errno, subject: subject)
    }

    /// E.g. `open /nowhere: No such file or directory`.
    package var description: String {
        // getaddrinfo(3) has codes of its own, all negative.
        let reason = code < 0 ? String(cString: gai_strerror(code)) : String(cString: strerror(code))
        return subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }
}
