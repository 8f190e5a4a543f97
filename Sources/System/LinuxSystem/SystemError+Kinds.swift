// The errors that callers tell apart, without their numbers.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension SystemError {
    /// Something is where a new file should be made.
    package static func exists(_ path: String) -> SystemError {
        SystemError(call: "open", code: EEXIST, subject: path)
    }

    /// Arguments and environment are larger than execve(2) takes.
    package var isArgumentListTooLong: Bool { code == E2BIG }

    /// No further process may be made.
    package var isOutOfProcesses: Bool { code == EAGAIN && (call == "clone" || call == "pthread_create") }

    /// No further descriptor may be opened, by the process or the machine.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }

    /// The file system is full, or the user's share of it.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}
