// The end of a run as a person reads it: short when all is well, naming who failed and why when not.

import Execution
import InstanceContract
import RunResults

/// Everything the verdict is written from.
struct Verdict: Sendable {
    /// Failures that are named in full; `summary.json` has all.
    static let failuresNamed = 10
    /// Groups listed with their tally.
    static let groupsListed = 20

    struct Group: Sendable, Equatable {
        var id: String
        var ok: Int
        var total: Int
    }

    var run: String
    var plan: String
    var testCase: String
    var outcome: RunOutcome
    /// Why the run could not be carried out, or was canceled.
    var error: String?
    /// Seconds.
    var duration: Double
    var groups: [Group]
    /// Instances that did not succeed, in order.
    var failures: [InstanceRecord]
    var warnings: [String]
    /// How true the shaped network was.
    var fidelity: NetworkFidelity?
    private var hasSummary: Bool
    /// Where the outputs lie; nil when there are none.
    var outputs: String?
    /// The last lines each named failure wrote on stderr.
    var evidence: [InstanceReference: [String]] = [:]
    /// False where the reason is told on standard error.
    var showsReason = true
    /// `--seed` that repeats the run's random decisions.
    var seed: String

    init(task: TaskRecord, summary: RunSummary?, outputs: String?) {
        run = task.id
        plan = task.plan
        testCase = task.testCase
        outcome = task.result?.outcome ?? .unknown
        error = task.error
        duration = summary?.durationSeconds ?? task.seconds
        let tallies = task.result?.outcomes ?? [:]
        groups =
            summary?.groups.map { Group(id: $0.id, ok: $0.ok, total: $0.instances) }
            ?? tallies.sorted { $0.key < $1.key }.map {
                Group(id: $0.key, ok: $0.value.ok, total: $0.value.total)
            }
        failures = summary?.instances.filter { $0.outcome != .success } ?? []
        hasSummary = summary != nil
        warnings = summary?.warnings ?? []
        fidelity = summary?.fidelity
        seed = summary?.seed ?? ""
        self.outputs = outputs
    }

    var total: Int { groups.reduce(0) { $0 + $1.total } }
    var ok: Int { groups.reduce(0) { $0 + $1.ok } }

    func text(style: Style) -> String {
        var lines = ["", headline(style)]
        if groups.count > 1 || outcome != .success { lines += tallies(style) }
        if !failures.isEmpty { lines += [""] + named(style) }
        if showsReason, let error, !error.isEmpty {
            lines.append("")
            lines += VisibleText.lines(error).enumerated().map { number, line in
                number == 0
                    ? field("reason", line, style, outcome == .canceled ? .yellow : .red) : "  " + line
            }
        }
        if !failures.isEmpty || (showsReason && error != nil) || !warnings.isEmpty { lines.append("") }
        if let fidelity { lines += network(fidelity, style) }
        lines += warnings.map { field("warning", VisibleText.escaped($0), style, .yellow) }
        if let outputs {
            lines.append(field("outputs", VisibleText.escaped(outputs), style, .dim))
            lines.append(field("collect", "testground collect \(run)", style, .dim))
        }
        if outcome == .failure, !failures.isEmpty, !seed.isEmpty {
            lines.append(field("repeat", "with --seed \(seed)", style, .dim))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    // MARK: Parts

    private func headline(_ style: Style) -> String {
        let (mark, word, ink): (String, String, Style.Ink) =
            switch outcome {
            case .success: ("✓", "passed", .boldGreen)
            case .failure: ("✗", "FAILED", .boldRed)
            case .canceled: ("■", "canceled", .boldYellow)
            case .unknown: ("?", "unknown", .boldYellow)
            }
        // A build that failed leaves a tally of instances that never were, and no outputs.
        let neverBegan = total == 0 || (!hasSummary && outputs == nil && ok == 0)
        let what =
            neverBegan
            // A program that was killed wrote no tally of what it had begun.
            ? (outputs == nil || hasSummary ? "nothing ran" : "cut short")
            : outcome == .success
                ? Wording.count(total, "instance")
                : "\(Wording.number(ok)) of \(Wording.count(total, "instance")) ok"
        let title = VisibleText.escaped("\(plan)/\(testCase)")
        return style(ink, "\(mark) \(word)") + "  " + style(.bold, title)
            + " · \(what) · \(Wording.seconds(duration)) · run \(run)"
    }

    private func tallies(_ style: Style) -> [String] {
        let shown = groups.prefix(Self.groupsListed)
        let width = max(7, shown.map { VisibleText.columns(VisibleText.escaped($0.id)) }.max() ?? 0)
        var lines = shown.map { group in
            let name = VisibleText.padded(VisibleText.escaped(group.id), to: width)
            let figures = "\(Wording.number(group.ok))/\(Wording.number(group.total)) ok"
            return "  \(name)  " + style(group.ok == group.total ? .green : .red, figures)
        }
        if groups.count > shown.count {
            lines.append("  … and \(Wording.count(groups.count - shown.count, "more group"))")
        }
        return lines
    }

    private func named(_ style: Style) -> [String] {
        let shown = failures.prefix(Self.failuresNamed)
        var lines: [String] = []
        for record in shown {
            let name = VisibleText.escaped(record.instance.description)
            let reason = VisibleText.escaped((record.reason ?? "").replacing("\n", with: " "))
            lines.append(
                "  " + style(.bold, name) + "  " + LineFormat.reasoned(record.outcome, reason, style))
            if let stage = record.openStages.last {
                lines.append(quoted("in stage", stage, style))
            }
            if let message = record.lastMessage, !message.isEmpty {
                lines.append(quoted("last message", message, style))
            }
            for line in evidence[record.instance] ?? [] { lines.append(quoted("stderr", line, style)) }
        }
        if failures.count > shown.count {
            lines.append(
                "  … and \(Wording.count(failures.count - shown.count, "more")) of them; "
                    + "`testground status -t \(run) --extended` lists all")
        }
        return lines
    }

    /// Trusted or not, and the figures; nothing for instances that did not use their network.
    private func network(_ fidelity: NetworkFidelity, _ style: Style) -> [String] {
        guard fidelity.sent > 0 || !fidelity.isTrusted else { return [] }
        var parts = [
            fidelity.isTrusted ? "trusted" : style(.boldYellow, "UNTRUSTED"),
            Wording.count(Int(clamping: fidelity.sent), "packet"),
        ]
        let drops = fidelity.dropped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        parts += drops.map {
            "\(Wording.number(Int(clamping: $0.value))) \($0.key.replacing("_", with: " "))"
        }
        if fidelity.lateness.packets > 0 {
            let late = [fidelity.lateness.median, fidelity.lateness.percentile99].map(Wording.milliseconds)
            parts.append("late by \(late[0]) (p50), \(late[1]) (p99)")
        }
        let head = field("network", parts.joined(separator: " · "), style, .dim)
        return [head] + fidelity.reasons.map { field("", $0, style, .yellow) }
    }

    private func quoted(_ title: String, _ text: String, _ style: Style) -> String {
        let line = VisibleText.cut(VisibleText.escaped(text.replacing("\n", with: " ")), to: 200)
        return "      " + style(.dim, "\(title) | ") + line
    }

    private func field(_ name: String, _ value: String, _ style: Style, _ ink: Style.Ink) -> String {
        "  " + style(ink, VisibleText.padded(name, to: 7)) + "  " + value
    }
}

extension TaskRecord {
    /// Unix time in nanoseconds at which it was asked for.
    var createdAt: Int64 { states.first?.created ?? 0 }

    /// Seconds between its first and its last state.
    var seconds: Double {
        Double((states.last?.created ?? 0) - (states.first?.created ?? 0)) / 1e9
    }
}
