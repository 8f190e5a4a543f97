// State behind a lock that threads can wait on. pthread_cond_timedwait(3) on the monotonic clock.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// State shared by threads of our own, some of which wait for it to change.
///
/// Only for named threads: waiting blocks the thread. Tasks use actors or `Mutex`.
package final class Monitor<State>: @unchecked Sendable {
    // Unchecked because `state` is only touched with `mutex` held.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Changes the state and wakes every waiting thread.
    package func change<Result>(_ body: (inout State) throws -> sending Result) rethrows -> sending Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Reads the state; nobody is woken.
    package func read<Result>(_ body: (State) throws -> sending Result) rethrows -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(state)
    }

    /// Waits until `body` answers a value, which it is asked for at first and after every change.
    ///
    /// - Parameter deadline: monotonic nanoseconds (`SystemClock.monotonic`) after which nil is answered.
    package func wait<Result>(
        until deadline: Int64, _ body: (inout State) throws -> sending Result?
    ) rethrows -> sending Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        while true {
            if let result = try body(&state) { return result }
            if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT {
                return try body(&state)
            }
        }
    }
}
