// A thread of its own for work that blocks, so that the cooperative pool never does. pthread_create(3).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A running thread with a name that `ps -T` and debuggers show.
///
/// The thread ends when its body returns. Whoever must know waits with `join`, once.
package struct NamedThread: Sendable {
    private let thread: pthread_t

    /// Linux keeps 15 bytes of a thread's name (PR_SET_NAME(2const)).
    private static let longestName = 15

    /// Stack of a thread: enough for name resolution and for closures of a plan; only touched pages count as
    /// memory.
    private static let stackBytes = 1024 * 1024

    private init(_ thread: pthread_t) { self.thread = thread }

    /// Starts a thread. A name longer than 15 bytes is cut.
    ///
    /// - Throws: `SystemError` when the process may not have another thread.
    package static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> NamedThread {
        let context = Unmanaged.passRetained(Context(name: cut(name), body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, runContext, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError(call: "pthread_create", code: code, subject: name)
        }
        return NamedThread(thread)
    }

    /// Waits until the thread has ended. Call it at most once.
    package func join() { pthread_join(thread, nil) }

    /// Lets the thread's resources go when it ends; there is nothing to join then.
    package func detach() { pthread_detach(thread) }

    private static func cut(_ name: String) -> String {
        String(decoding: name.utf8.prefix(longestName), as: UTF8.self)
    }
}

private final class Context: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runContext(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let context = Unmanaged<Context>.fromOpaque(argument).takeRetainedValue()
    clinux_set_thread_name(context.name)
    context.body()
    return nil
}
