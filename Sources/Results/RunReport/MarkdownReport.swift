// Markdown for pull requests and step summaries (GitHub's flavour).

import Execution
import Foundation
import InstanceContract
import RunResults

package enum MarkdownReport {
    /// Failures that are listed; the summary has all.
    private static let mostFailures = 20

    package static func text(_ report: Report) -> String {
        let summary = report.summary
        let mark = summary.outcome == .success ? "✅" : summary.outcome == .canceled ? "⏹️" : "❌"
        var lines = [
            "## \(mark) \(escaped(report.title))", "",
            "\(report.succeeded) of \(summary.instances.count) instances ok · "
                + "\(number(summary.durationSeconds)) s · run `\(summary.run)` · seed `\(summary.seed)`",
        ]
        if let error = summary.error { lines += ["", "> \(escaped(error))"] }
        lines += summary.warnings.flatMap { ["", "> ⚠️ \(escaped($0))"] }
        lines += network(summary)
        lines += ["", "| group | ok | instances |", "|---|---:|---:|"]
        lines += summary.groups.map { "| \(escaped($0.id)) | \($0.ok) | \($0.instances) |" }
        lines += failures(report) + metrics(report)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func network(_ summary: RunSummary) -> [String] {
        guard let fidelity = summary.fidelity, fidelity.sent > 0 || !fidelity.isTrusted else { return [] }
        let late =
            fidelity.lateness.packets == 0
            ? ""
            : ", late by \(number(fidelity.lateness.median * 1e3)) ms (p50), "
                + "\(number(fidelity.lateness.percentile99 * 1e3)) ms (p99)"
        return [
            "",
            "Network: \(fidelity.isTrusted ? "trusted" : "**untrusted**"), \(fidelity.sent) packets\(late)",
        ] + fidelity.reasons.flatMap { ["", "> \(escaped($0))"] }
    }

    private static func failures(_ report: Report) -> [String] {
        guard !report.failures.isEmpty else { return [] }
        var lines = ["", "| instance | outcome | reason |", "|---|---|---|"]
        for record in report.failures.prefix(mostFailures) {
            lines.append(
                "| \(escaped(record.instance.description)) | \(record.outcome.rawValue) "
                    + "| \(escaped(record.reason ?? "")) |")
        }
        if report.failures.count > mostFailures {
            lines += ["", "… and \(report.failures.count - mostFailures) more"]
        }
        return lines
    }

    private static func metrics(_ report: Report) -> [String] {
        guard !report.metrics.isEmpty else { return [] }
        return [
            "", "| metric | group | points | min | p50 | p95 | max |", "|---|---|---:|---:|---:|---:|---:|",
        ]
            + report.metrics.map { row in
                let values = [row.minimum, row.median, row.percentile95, row.maximum].map(number)
                return "| \(escaped(row.name)) | \(escaped(row.group)) | \(row.count) "
                    + "| \(values.joined(separator: " | ")) |"
            }
    }

    /// Five significant digits.
    static func number(_ value: Double) -> String { String(format: "%.5g", value) }

    /// On one line, and without what Markdown or HTML would take for markup.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.replacing("\n", with: " ") {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case "|", "*", "_", "`", "[", "]", "\\": result += "\\\(character)"
            default: result.append(character)
            }
        }
        return result
    }
}
