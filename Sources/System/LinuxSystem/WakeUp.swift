// Wakes a thread that sleeps in poll(2). eventfd(2).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A descriptor that becomes readable when signalled; closed when the value goes away.
package struct WakeUp: ~Copyable, Sendable {
    let rawDescriptor: Int32

    package init() throws(SystemError) {
        let descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw .last("eventfd") }
        rawDescriptor = descriptor
    }

    deinit { close(rawDescriptor) }

    /// Wakes the waiting thread; signals before it wakes count as one.
    package func signal() {
        var one: UInt64 = 1
        // Fails only when 2^64 - 2 signals are pending, and then it is readable anyway.
        _ = write(rawDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes back all signals so far.
    package func clear() {
        var count: UInt64 = 0
        _ = read(rawDescriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Blocks the thread until signalled.
    package func wait() {
        var entry = pollfd(fd: rawDescriptor, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, -1) < 1 {}
        clear()
    }
}
