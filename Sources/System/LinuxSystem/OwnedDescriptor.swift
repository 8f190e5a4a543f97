// A file descriptor with one owner, and pipes. close(2), pipe2(2), read(2).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file descriptor that is closed when the last reference goes away.
package final class OwnedDescriptor: Sendable {
    package let number: Int32

    /// Takes ownership of an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Another descriptor of the same open file, for somebody who closes it.
    package func duplicate() throws(SystemError) -> Int32 {
        let copy = clinux_duplicate(number)
        guard copy >= 0 else { throw .last("fcntl", "F_DUPFD_CLOEXEC") }
        return copy
    }

    /// Both ends of a pipe: whoever reads never waits (`O_NONBLOCK`), whoever writes does, as programs
    /// expect.
    package static func pipe() throws(SystemError) -> (reading: OwnedDescriptor, writing: OwnedDescriptor) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw .last("pipe2") }
        let pipe = (reading: OwnedDescriptor(owning: ends[0]), writing: OwnedDescriptor(owning: ends[1]))
        guard fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else { throw .last("fcntl", "O_NONBLOCK") }
        return pipe
    }

    /// `/dev/null`, for reading.
    package static func nothing() throws(SystemError) -> OwnedDescriptor {
        let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .last("open", "/dev/null") }
        return OwnedDescriptor(owning: number)
    }

    package enum ReadResult: Sendable, Hashable {
        /// That many bytes are at the buffer's beginning.
        case bytes(Int)
        /// Nothing at the moment.
        case nothing
        /// Nothing any more: every writer is gone.
        case end
    }

    /// Reads once, as much as is there and fits into the buffer.
    package func read(into buffer: inout [UInt8]) throws(SystemError) -> ReadResult {
        while true {
            let count = readSome(number, &buffer)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            default: throw .last("read")
            }
        }
    }
}

private func readSome(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
    buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
}

/// Searching in bytes at the speed of the C library, also in builds that are not optimised. memchr(3)
package enum ByteSearch {
    /// Index of the first `byte` in `bytes[range]`.
    package static func first(_ byte: UInt8, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        return bytes.withUnsafeBytes { buffer in
            let part = UnsafeRawBufferPointer(rebasing: buffer[range])
            guard let start = part.baseAddress, let found = memchr(start, Int32(byte), part.count) else {
                return nil
            }
            return range.lowerBound + start.distance(to: UnsafeRawPointer(found))
        }
    }
}
