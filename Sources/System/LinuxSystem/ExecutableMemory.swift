// A program that lies in memory only. memfd_create(2).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file without a name that can be executed by its path below `/proc` for as long as the value lives.
package struct ExecutableMemory: Sendable {
    private let descriptor: OwnedDescriptor

    /// Valid in this process and in the child between its clone and its execve.
    package var path: String { "/proc/self/fd/\(descriptor.number)" }

    /// - Throws: `SystemError` when the kernel gives no such memory.
    package init(named name: String, bytes: [UInt8]) throws(SystemError) {
        let number = clinux_memory_file(name)
        guard number >= 0 else { throw .last("memfd_create", name) }
        descriptor = OwnedDescriptor(owning: number)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(number, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write", name) }
            written += count
        }
    }
}
