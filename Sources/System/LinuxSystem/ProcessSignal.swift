// Signals by number and name. signal(7)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package struct ProcessSignal: Sendable, Hashable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    package static let terminate = ProcessSignal(SIGTERM)
    package static let kill = ProcessSignal(SIGKILL)

    /// E.g. `SIGKILL`; `signal 40` for one without a name.
    package var name: String {
        guard let name = Self.names[number] else { return "signal \(number)" }
        return "SIG\(name)"
    }

    private static let names: [Int32: String] = [
        SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGILL: "ILL", SIGTRAP: "TRAP", SIGABRT: "ABRT",
        SIGBUS: "BUS", SIGFPE: "FPE", SIGKILL: "KILL", SIGUSR1: "USR1", SIGSEGV: "SEGV", SIGUSR2: "USR2",
        SIGPIPE: "PIPE", SIGALRM: "ALRM", SIGTERM: "TERM", SIGCHLD: "CHLD", SIGCONT: "CONT", SIGSTOP: "STOP",
        SIGTSTP: "TSTP", SIGTTIN: "TTIN", SIGTTOU: "TTOU", SIGXCPU: "XCPU", SIGXFSZ: "XFSZ", SIGSYS: "SYS",
    ]
}
