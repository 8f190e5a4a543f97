// The streams a process is born with. write(2), setvbuf(3), signal(2).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum StandardStreams {
    /// Makes whole lines the unit of stdio's stdout also when it is a pipe or a file, so that what a program
    /// prints stands in order with lines written here and is not lost in a crash; a closed pipe is an error
    /// instead of a signal.
    package static func prepare() {
        clinux_line_buffer_stdout()
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes a line to stdout at once, past stdio's buffer, in one write(2) where the kernel takes it whole.
    ///
    /// - Returns: whether all of it was written.
    @discardableResult
    package static func writeLine(_ line: some Collection<UInt8>) -> Bool {
        write(Array(line) + [0x0A], to: STDOUT_FILENO)
    }

    /// Writes a line to stderr.
    package static func writeErrorLine(_ line: String) {
        _ = write(Array(line.utf8) + [0x0A], to: STDERR_FILENO)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                let count = writeSome(descriptor, slice.baseAddress, slice.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    // A parent may have handed over a non-blocking pipe.
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&entry, 1, -1)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}

private func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
