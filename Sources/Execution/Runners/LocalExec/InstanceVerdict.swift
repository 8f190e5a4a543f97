// The verdict on one instance: its testimony and its exit, cross-checked (contract §2), and why, in one
// sentence.
//
// | was stopped by us       | timeout or canceled, whatever it said                          |
// | signal or crash event   | crash                                                          |
// | failure event           | failure, also when it reported success before or after         |
// | exit status other than 0| failure, also after success                                    |
// | success event, exit 0   | success, unless bytes of its output could not be kept: failure |
// | exit 0 without a word   | incomplete                                                     |

import Execution
import LinuxSystem

/// Why the runner ended an instance that was still running.
enum StopCause: Sendable, Hashable {
    case timeLimit(Duration)
    case canceled
    /// It cannot have the network it needs, or has asked for.
    case networkFailure(String, hadStarted: Bool)

    /// Whether it gets time to end by itself; one that waits for its network would only use it up.
    var leavesGrace: Bool {
        switch self {
        case .timeLimit, .canceled: true
        case .networkFailure: false
        }
    }
}

/// Bytes of an instance's output that could not be kept.
struct OutputLoss: Sendable, Hashable {
    var bytes: Int64
    /// Why, e.g. `write …/run.err: No space left on device`.
    var reason: String
}

struct InstanceVerdict: Sendable, Hashable {
    var outcome: InstanceOutcome
    /// Nil only for success.
    var reason: String?

    /// Longest piece of an instance's own text in a reason, in characters.
    private static let longestQuote = 200

    /// - Parameter exit: nil when the process was given up on after SIGKILL.
    static func decide(
        _ testimony: InstanceTestimony, exit: ProcessExit?, stop: StopCause?, loss: OutputLoss? = nil
    ) -> InstanceVerdict {
        if let stop { return stopped(testimony, exit: exit, stop: stop) }
        switch exit {
        case .signal(let number):
            let claims = claims(testimony, exceptCrash: false)
            return Self(
                outcome: .crash,
                reason: "killed by \(ProcessSignal(number).name)\(claims)\(whereabouts(testimony))")
        case .status(let status):
            return exited(testimony, status: status, loss: loss)
        case nil:
            return Self(outcome: .crash, reason: "its end could not be observed\(whereabouts(testimony))")
        }
    }

    private static func stopped(
        _ testimony: InstanceTestimony, exit: ProcessExit?, stop: StopCause
    ) -> InstanceVerdict {
        let state = claims(testimony, exceptCrash: false) + whereabouts(testimony)
        let stuck = exit == nil ? "; its process did not end after SIGKILL" : ""
        switch stop {
        case .timeLimit(let limit):
            return Self(
                outcome: .timeout, reason: "still running at the time limit of \(limit.short)\(state)\(stuck)"
            )
        case .canceled:
            return Self(outcome: .canceled, reason: "canceled while running\(state)\(stuck)")
        case .networkFailure(let reason, hadStarted: false):
            return Self(outcome: .neverStarted, reason: "its network could not be made: \(reason)\(stuck)")
        case .networkFailure(let reason, hadStarted: true):
            return Self(
                outcome: .failure,
                reason: "its request for its network could not be applied: \(reason)\(state)\(stuck)")
        }
    }

    private static func exited(
        _ testimony: InstanceTestimony, status: Int32, loss: OutputLoss?
    ) -> InstanceVerdict {
        if let crash = testimony.crash {
            let claims = claims(testimony, exceptCrash: true)
            return Self(outcome: .crash, reason: "crashed: \(quote(crash))\(claims); \(exitText(status))")
        }
        if let failure = testimony.failure {
            let contradiction = testimony.success ? ", though it reported success too" : ""
            let exit = status == 0 ? "" : "; \(exitText(status))"
            return Self(
                outcome: .failure, reason: "reported failure: \(quote(failure))\(contradiction)\(exit)")
        }
        guard status == 0 else {
            let claim = testimony.success ? " after reporting success" : " without reporting an outcome"
            return Self(
                outcome: .failure, reason: "\(exitText(status))\(claim)\(whereabouts(testimony))")
        }
        guard testimony.success else {
            return Self(
                outcome: .incomplete, reason: "exited 0 without reporting success\(whereabouts(testimony))")
        }
        if let loss {
            return Self(
                outcome: .failure, reason: "\(loss.bytes) bytes of its output are lost: \(loss.reason)")
        }
        return Self(outcome: .success)
    }

    /// Shells exit with 128 + n when a command of theirs was killed by signal n.
    private static func exitText(_ status: Int32) -> String {
        guard (129...159).contains(status) else { return "exit status \(status)" }
        return "exit status \(status) (a shell's way to say \(ProcessSignal(status - 128).name))"
    }

    /// What it claimed about its outcome before it ended otherwise.
    private static func claims(_ testimony: InstanceTestimony, exceptCrash: Bool) -> String {
        var claims: [String] = []
        if let crash = testimony.crash, !exceptCrash { claims.append("a crash (\(quote(crash)))") }
        if let failure = testimony.failure { claims.append("failure (\(quote(failure)))") }
        if testimony.success { claims.append("success") }
        return claims.isEmpty ? "" : " after reporting \(claims.joined(separator: " and "))"
    }

    /// What it was doing, as far as it has told.
    private static func whereabouts(_ testimony: InstanceTestimony) -> String {
        let stage = testimony.openStages.last.map { " in stage \"\(quote($0))\"" } ?? ""
        let message = testimony.lastMessage.map { "; last message: \"\(quote($0))\"" } ?? ""
        return stage + message
    }

    /// Somebody else's text as a part of one line.
    private static func quote(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ⏎ ")
        return line.count <= longestQuote ? line : String(line.prefix(longestQuote)) + "…"
    }
}

extension Duration {
    /// As Go prints a duration, e.g. `1h0m0s`, `10m0s`, `1.5s`; in milliseconds below one second.
    var short: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        guard milliseconds >= 1000 else { return "\(milliseconds)ms" }
        let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        let digits = fraction.reversed().drop { $0 == "0" }.reversed()
        let seconds = "\(milliseconds / 1000 % 60)" + (digits.isEmpty ? "" : "." + String(digits)) + "s"
        if hours > 0 { return "\(hours)h\(minutes)m\(seconds)" }
        return minutes > 0 ? "\(minutes)m\(seconds)" : seconds
    }

    /// Nanoseconds, as far as they fit.
    var nanoseconds: Int64 {
        let (product, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return components.seconds < 0 ? .min : .max }
        return product.addingReportingOverflow(components.attoseconds / 1_000_000_000).partialValue
    }
}
