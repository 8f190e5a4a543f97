// A file that is written from front to back. open(2), write(2), close(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file open for writing; closed when the value goes away.
package struct OutputFile: ~Copyable, Sendable {
    package enum Mode: Sendable {
        /// An existing file is emptied.
        case replace
        /// Every write goes to the end of what is there, also with several writers (`O_APPEND`).
        case append
    }

    package let path: String
    private let descriptor: Int32

    /// Makes the file when it is missing.
    ///
    /// - Throws: `SystemError` with the path, e.g. when its directory is missing.
    package init(path: String, mode: Mode = .replace) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == .append ? O_APPEND : O_TRUNC)
        var result: Int32
        repeat { result = open(path, flags, 0o644) } while result < 0 && errno == EINTR
        guard result >= 0 else { throw .last("open", path) }
        self.path = path
        self.descriptor = result
    }

    deinit { close(descriptor) }

    /// For wrappers of this target that hand the file to the kernel or to a signal handler.
    var rawDescriptor: Int32 { descriptor }

    /// Writes all bytes.
    ///
    /// - Throws: `SystemError`, e.g. `ENOSPC` when the disk is full; a part may have been written by then.
    package func write(_ bytes: some Collection<UInt8>) throws(SystemError) {
        let failure = bytes.withContiguousStorageIfAvailable { write(all: UnsafeRawBufferPointer($0)) }
        if let failure {
            if let error = failure { throw error }
            return
        }
        try write(Array(bytes))
    }

    package func write(_ text: String) throws(SystemError) { try write(text.utf8) }

    private func write(all bytes: UnsafeRawBufferPointer) -> SystemError? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            // Qualified by its module's free function: a method of the same name stands in between.
            let count = writeSome(descriptor, slice.baseAddress, slice.count)
            if count < 0 {
                if errno == EINTR { continue }
                return .last("write", path)
            }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}

private func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
