// A standard stream as text goes to it. write(2), isatty(3), ioctl_tty(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Standard output or standard error.
package struct ConsoleDescriptor: Sendable {
    package static let output = ConsoleDescriptor(number: STDOUT_FILENO)
    package static let errors = ConsoleDescriptor(number: STDERR_FILENO)

    private let number: Int32

    package var isTerminal: Bool { isatty(number) == 1 }

    /// Columns of the terminal; nil where there is none, or it does not say.
    package var columns: Int? {
        var size = winsize()
        guard ioctl(number, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes all of the text; waits where the other end is slow.
    ///
    /// - Throws: `SystemError`, with the code EPIPE when nobody reads any more.
    package func write(_ text: String) throws(SystemError) {
        var text = text
        let error = text.withUTF8 { bytes -> SystemError? in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = writeBytes(number, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if errno == EAGAIN {
                    // Whoever shares the stream may have made it non-blocking.
                    var entry = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                    poll(&entry, 1, -1)
                } else if errno != EINTR {
                    return .last("write")
                }
            }
            return nil
        }
        if let error { throw error }
    }
}

private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
