// Locks between processes on a file. flock(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An exclusive lock on a file, held until the value goes away. The kernel lets go of it when its process
/// dies.
///
/// Two locks of one process exclude each other too, because each opens the file anew.
package struct FileLock: ~Copyable, Sendable {
    package let path: String
    private let descriptor: Int32

    deinit { close(descriptor) }

    /// The lock, or nil when somebody else holds it. The file is made when it is missing, and stays.
    package static func tryAcquire(_ path: String) throws(SystemError) -> FileLock? {
        let lock = FileLock(path: path, descriptor: try open(path))
        guard try lock.lock(LOCK_EX | LOCK_NB) else { return nil }
        return lock
    }

    /// The lock, waiting for it as long as it takes: only for named threads.
    package static func acquire(_ path: String) throws(SystemError) -> FileLock {
        let lock = FileLock(path: path, descriptor: try open(path))
        _ = try lock.lock(LOCK_EX)
        return lock
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC
        var result: Int32
        repeat { result = openFile(path, flags, 0o644) } while result < 0 && errno == EINTR
        guard result >= 0 else { throw .last("open", path) }
        return result
    }

    /// Whether the lock was got.
    private borrowing func lock(_ operation: Int32) throws(SystemError) -> Bool {
        while flock(descriptor, operation) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default: throw .last("flock", path)
            }
        }
        return true
    }
}

/// open(2) with a mode; a method of the same name stands in between.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    open(path, flags, mode)
}
