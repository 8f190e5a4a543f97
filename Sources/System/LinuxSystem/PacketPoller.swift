// Waiting for packets with the resolution of nanoseconds. epoll_pwait2(2).
//
// Hot path: beside Poller, since a delayed packet must not wait for the next millisecond, and a wait that
// makes an array costs more than the packet it waits for.

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Waits for descriptors of one thread; each is known by a token.
package struct PacketPoller: ~Copyable, @unchecked Sendable {
    // Unchecked: used by the one thread that owns it.
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<clinux_event>

    /// Descriptors that one wait answers; the others are answered by the next, so that none is starved.
    private static let mostEvents = 64

    package init() throws(SystemError) {
        descriptor = clinux_epoll_create()
        guard descriptor >= 0 else { throw .last("epoll_create1") }
        events = .allocate(capacity: Self.mostEvents)
        events.initialize(repeating: clinux_event(), count: Self.mostEvents)
    }

    deinit {
        events.deallocate()
        close(descriptor)
    }

    package func add(_ watched: OwnedDescriptor, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor, watched.number, token) == 0 else { throw .last("epoll_ctl") }
    }

    package func add(_ wakeUp: borrowing WakeUp, token: UInt64) throws(SystemError) {
        guard clinux_epoll_add(descriptor, wakeUp.rawDescriptor, token) == 0 else { throw .last("epoll_ctl") }
    }

    /// Forgets a descriptor; one that is not watched is no error.
    package func remove(_ watched: OwnedDescriptor) {
        _ = clinux_epoll_remove(descriptor, watched.number)
    }

    /// Waits and says how many descriptors are ready.
    ///
    /// - Parameter nanoseconds: at most so long; below 0 without end.
    package func wait(nanoseconds: Int64) -> Int {
        Int(clinux_epoll_wait_precise(descriptor, events, Int32(Self.mostEvents), nanoseconds))
    }

    /// Token of a descriptor that the last wait found ready.
    package func token(_ index: Int) -> UInt64 { events[index].token }

    /// The instances' own threads compete with the one that carries their packets; this much it goes first.
    private static let niceness: Int32 = -10

    /// The calling thread is woken as exactly as the kernel can, at the cost of more wake-ups, and before
    /// others where the process may ask for that: with 1,000 instances on 2 cores, 1 of 100 packets is late
    /// by more than 0.5 ms as a real-time thread, and by 15 ms as one that is merely nice.
    /// PR_SET_TIMERSLACK(2const), sched(7), setpriority(2)
    package static func wakeExactly() {
        _ = clinux_set_timer_slack(1)
        if clinux_set_thread_real_time() != 0 { _ = clinux_set_thread_nice(niceness) }
    }
}
