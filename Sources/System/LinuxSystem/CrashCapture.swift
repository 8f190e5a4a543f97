// Last words of a crashing process; the handler itself is CLinux/crash.c. sigaction(2), sigaltstack(2),
// backtrace(3).

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum CrashCapture {
    /// From now on a fatal signal (SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE) leaves one line on
    /// stdout and in `output` before the process dies of it: `{"ts":<ns>` + `head` + error +
    /// `","stacktrace":"` + frames + `tail`.
    ///
    /// A stack that overflows leaves the line only on a thread that was prepared for it.
    ///
    /// - Parameter output: a second place for the line; it must stay open.
    /// - Throws: `SystemError`, `ENAMETOOLONG` when `head` is longer than 4 KiB.
    package static func install(head: String, tail: String, output: borrowing OutputFile?) throws(SystemError)
    {
        let descriptor: Int32
        switch output {
        case .some(let file): descriptor = file.rawDescriptor
        case .none: descriptor = -1
        }
        let code = clinux_crash_install(head, tail, descriptor)
        guard code == 0 else { throw SystemError(call: "sigaction", code: code, subject: "crash capture") }
    }

    /// Gives the calling thread a second stack, so that the overflow of its own leaves the line, too. Without
    /// memory for it the thread is as it was.
    package static func prepareThread() { _ = clinux_crash_prepare_thread() }
}
