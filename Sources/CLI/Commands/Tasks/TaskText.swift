// Tasks as tables and texts.

import Execution
import Foundation
import InstanceContract
import RunResults

enum TaskText {
    static func table(_ tasks: [TaskRecord], now: Int64, style: Style) -> String {
        var table = Table([
            .init("ID"), .init("TYPE"), .init("PLAN"), .init("CASE"), .init("STATE"), .init("OUTCOME"),
            .init("OK", alignsRight: true), .init("TOOK", alignsRight: true), .init("CREATED"),
        ])
        table.rows = tasks.map { task in
            let tallies = task.result?.outcomes.values.map { $0 } ?? []
            let ok = tallies.reduce(0) { $0 + $1.ok }
            let total = tallies.reduce(0) { $0 + $1.total }
            let outcome = outcome(task)
            return [
                .init(task.id), .init(task.kind.rawValue), .init(task.plan), .init(task.testCase),
                .init(task.state.rawValue), .init(outcome.text, outcome.ink),
                .init(total == 0 ? "-" : "\(ok)/\(total)"),
                .init(task.isEnded ? Wording.seconds(task.seconds) : "-"),
                .init(age(task.createdAt, now: now)),
            ]
        }
        return table.text(style: style)
    }

    static func status(_ task: TaskRecord, now: Int64, style: Style) -> String {
        var fields: [(String, String)] = [
            ("task", task.id), ("type", task.kind.rawValue), ("plan", task.plan), ("case", task.testCase),
        ]
        if !task.runner.isEmpty { fields.append(("runner", task.runner)) }
        fields.append(("state", "\(task.state.rawValue), \(age(task.states.last?.created ?? 0, now: now))"))
        if let outcome = task.result?.outcome { fields.append(("outcome", outcome.rawValue)) }
        for state in task.states {
            fields.append(
                ("", "\(Timestamp.rfc3339(unixNanoseconds: state.created))  \(state.state.rawValue)"))
        }
        let author = [task.createdBy.user, task.createdBy.repo, task.createdBy.branch, task.createdBy.commit]
            .filter { !$0.isEmpty }
        if !author.isEmpty { fields.append(("by", author.joined(separator: " "))) }
        for (group, artifact) in (task.result?.artifacts ?? [:]).sorted(by: { $0.key < $1.key }) {
            fields.append(("artifact", "\(group)  \(artifact)"))
        }
        return fields.map { name, value in
            style(.dim, VisibleText.padded(name, to: 8)) + "  " + VisibleText.escaped(value) + "\n"
        }.joined()
    }

    /// Every instance of a run.
    static func instances(_ summary: RunSummary, style: Style) -> String {
        var table = Table([
            .init("INSTANCE"), .init("OUTCOME"), .init("EXIT"), .init("STARTED", alignsRight: true),
            .init("ENDED", alignsRight: true), .init("CPU", alignsRight: true),
            .init("MEMORY", alignsRight: true), .init("REASON"),
        ])
        table.rows = summary.instances.map { record in
            [
                .init(record.instance.description),
                .init(LineFormat.word(record.outcome), record.outcome == .success ? .green : .red),
                .init(exit(record.exit)), .init(record.startedAt.map { Wording.seconds($0) } ?? "-"),
                .init(record.endedAt.map { Wording.seconds($0) } ?? "-"),
                .init(record.resources.map { Wording.seconds($0.userSeconds + $0.systemSeconds) } ?? "-"),
                .init(record.resources?.maximumResidentBytes.map(mebibytes) ?? "-"),
                .init((record.reason ?? "").replacing("\n", with: " ")),
            ]
        }
        return "\n" + table.text(style: style)
    }

    static func composition(_ text: String, style: Style) -> String {
        guard !text.isEmpty else { return "" }
        let lines = VisibleText.lines(text).map { $0.isEmpty ? "" : "  " + $0 }
        return "\n" + style(.dim, "composition") + "\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func outcome(_ task: TaskRecord) -> (text: String, ink: Style.Ink?) {
        guard let outcome = task.result?.outcome else { return ("-", nil) }
        return switch outcome {
        case .success: ("success", .green)
        case .failure: ("failure", .red)
        case .canceled: ("canceled", .yellow)
        case .unknown: ("unknown", .yellow)
        }
    }

    private static func exit(_ exit: ProcessExit?) -> String {
        switch exit {
        case .status(let status): "status \(status)"
        case .signal(let signal): "signal \(signal)"
        case nil: "-"
        }
    }

    private static func mebibytes(_ bytes: Int64) -> String {
        String(format: "%.1f MiB", Double(bytes) / (1024 * 1024))
    }

    /// `12 s ago`; a date for what is more than a day old.
    static func age(_ created: Int64, now: Int64) -> String {
        let seconds = max(0, (now - created) / 1_000_000_000)
        switch seconds {
        case ..<60: return "\(seconds) s ago"
        case ..<3600: return "\(seconds / 60) m ago"
        case ..<86400: return "\(seconds / 3600) h ago"
        default:
            return String(Timestamp.rfc3339(unixNanoseconds: created).prefix(16)).replacing("T", with: " ")
        }
    }
}
