// Waiting for many descriptors at once. epoll(7)

import CLinux

/// Waits for descriptors to become readable (or to be hung up); each is known by a token of the caller's.
package final class Poller: Sendable {
    private let descriptor: OwnedDescriptor

    /// Most events one wait answers; more are answered by the next.
    private static let mostEvents = 256

    package init() throws(SystemError) {
        let number = clinux_epoll_create()
        guard number >= 0 else { throw .last("epoll_create1") }
        descriptor = OwnedDescriptor(owning: number)
    }

    package func add(_ watched: OwnedDescriptor, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor.number, watched.number, token) == 0 else {
            throw .last("epoll_ctl")
        }
    }

    package func add(_ wakeUp: borrowing WakeUp, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor.number, wakeUp.rawDescriptor, token) == 0 else {
            throw .last("epoll_ctl")
        }
    }

    /// Forgets a descriptor; one that is not watched is no error.
    package func remove(_ watched: OwnedDescriptor) {
        _ = clinux_epoll_remove(descriptor.number, watched.number)
    }

    /// Tokens of descriptors that are ready; none when the time is over or a signal came.
    ///
    /// - Parameter deadline: monotonic nanoseconds (`SystemClock.monotonic`); nil waits until
    ///   something is ready.
    package func wait(until deadline: Int64?) -> [UInt64] {
        var tokens = [UInt64](repeating: 0, count: Self.mostEvents)
        let count = clinux_epoll_wait(
            descriptor.number, &tokens, Int32(Self.mostEvents), Self.milliseconds(until: deadline))
        return count <= 0 ? [] : Array(tokens[..<Int(count)])
    }

    /// Rounded up, so that a wait never ends just before its deadline and spins.
    private static func milliseconds(until deadline: Int64?) -> Int32 {
        guard let deadline else { return -1 }
        let rest = max(0, deadline - SystemClock.monotonic())
        return Int32(clamping: (rest + 999_999) / 1_000_000)
    }
}
