// SIGTERM as something a program can wait for. sigaction(2), eventfd(2).

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The request to end, as runners, service managers and `kill` send it.
package enum TerminationSignal {
    /// Calls `body` once, on a thread of its own, when the process gets SIGTERM. Programs it executes keep
    /// SIGTERM's default.
    ///
    /// Call it once a process: a second call takes the signal away from the first.
    ///
    /// - Throws: `SystemError` when no descriptor or thread can be had.
    package static func onArrival(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let wakeUp = try WakeUp()
        let descriptor = wakeUp.rawDescriptor
        arrival.store(descriptor, ordering: .releasing)
        let holder = WakeUpHolder(wakeUp)
        let thread = try NamedThread.start("termination") {
            holder.wakeUp.wait()
            body()
        }
        thread.detach()
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // write(2) is on the list of signal-safety(7), and errno must be as it was.
            let saved = errno
            var one: UInt64 = 1
            _ = write(arrival.load(ordering: .acquiring), &one, MemoryLayout<UInt64>.size)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        guard sigaction(SIGTERM, &action, nil) == 0 else { throw .last("sigaction", "SIGTERM") }
    }
}

/// The descriptor that the signal handler writes to. Of the file, since a handler can reach nothing else.
private let arrival = Atomic<Int32>(-1)

/// Lets a closure keep the descriptor, which is a value that cannot be copied.
private final class WakeUpHolder: Sendable {
    let wakeUp: WakeUp
    init(_ wakeUp: consuming WakeUp) { self.wakeUp = wakeUp }
}
