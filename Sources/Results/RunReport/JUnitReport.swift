// JUnit's XML as CI servers read it: the run is a suite, each instance a test.
//
// There is no standard; this keeps to what Jenkins, GitLab and GitHub's actions have in common
// (https://github.com/testmoapp/junitxml).

import Execution
import InstanceContract
import RunResults

package enum JUnitReport {
    package static func text(_ report: Report) -> String {
        let summary = report.summary
        let failures = report.failures.filter { !isError($0.outcome) }.count
        let errors = report.failures.count - failures
        var attributes = [
            ("name", report.title), ("tests", "\(max(1, summary.instances.count))"),
            ("failures", "\(failures)"), ("errors", "\(errors + (runError(summary) == nil ? 0 : 1))"),
            ("skipped", "0"), ("time", seconds(summary.durationSeconds)),
        ]
        let suite = attributes + [("timestamp", String(summary.startedAt.prefix(19))), ("id", "0")]
        attributes[0].1 = "testground"
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites\(text(attributes))>"]
        lines.append("  <testsuite\(text(suite))>")
        lines.append("    <properties>")
        lines += properties(summary).map { "      <property\(text([("name", $0.0), ("value", $0.1)]))/>" }
        lines.append("    </properties>")
        if let error = runError(summary) {
            lines += test(report.title, "run", 0, element: "error", type: "run", message: error, details: [])
        }
        for record in summary.instances { lines += test(record, report) }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return lines.joined(separator: "\n")
    }

    // MARK: Parts

    /// Why the run has failed although every instance has succeeded, or there is none.
    private static func runError(_ summary: RunSummary) -> String? {
        guard summary.outcome != .success else { return nil }
        guard summary.instances.allSatisfy({ $0.outcome == .success }) else { return nil }
        return summary.error ?? "the run ended as \(summary.outcome.rawValue)"
    }

    /// What the plan did not say itself is an error, as JUnit tells them apart.
    private static func isError(_ outcome: InstanceOutcome) -> Bool {
        switch outcome {
        case .success, .failure, .incomplete: false
        case .crash, .timeout, .canceled, .neverStarted: true
        }
    }

    private static func properties(_ summary: RunSummary) -> [(String, String)] {
        var list = [
            ("run", summary.run), ("seed", summary.seed), ("runner", summary.runner),
            ("testground", summary.program.version),
        ]
        if let fidelity = summary.fidelity {
            list.append(("network.trusted", "\(fidelity.isTrusted)"))
            list += fidelity.reasons.map { ("network.untrusted", $0) }
        }
        if !summary.revision.commit.isEmpty { list.append(("commit", summary.revision.commit)) }
        return list + summary.warnings.map { ("warning", $0) }
    }

    private static func test(_ record: InstanceRecord, _ report: Report) -> [String] {
        let duration = (record.endedAt ?? 0) - (record.startedAt ?? 0)
        let suite = "\(report.title)/\(record.instance.group)"
        let name = record.instance.description
        guard record.outcome != .success else {
            let attributes = [("name", name), ("classname", suite), ("time", seconds(duration))]
            return ["    <testcase\(text(attributes))/>"]
        }
        var details = record.openStages.last.map { ["in stage: \($0)"] } ?? []
        if let message = record.lastMessage { details.append("last message: \(message)") }
        details += (report.evidence[record.instance] ?? []).map { "stderr: \($0)" }
        return test(
            suite, name, duration, element: isError(record.outcome) ? "error" : "failure",
            type: record.outcome.rawValue, message: record.reason ?? record.outcome.rawValue,
            details: details)
    }

    private static func test(
        _ suite: String, _ name: String, _ duration: Double, element: String, type: String, message: String,
        details: [String]
    ) -> [String] {
        let attributes = [("name", name), ("classname", suite), ("time", seconds(duration))]
        return [
            "    <testcase\(text(attributes))>",
            "      <\(element)\(text([("message", message), ("type", type)]))>"
                + XMLText.escaped(details.joined(separator: "\n")) + "</\(element)>",
            "    </testcase>",
        ]
    }

    /// With six digits behind the point, and never an exponent.
    private static func seconds(_ value: Double) -> String {
        let micros = Int64((max(0, value) * 1e6).rounded())
        return "\(micros / 1_000_000).\(String(1_000_000 + micros % 1_000_000).dropFirst())"
    }

    private static func text(_ attributes: [(String, String)]) -> String {
        attributes.map { " \($0.0)=\"\(XMLText.escaped($0.1))\"" }.joined()
    }
}

/// Text as XML 1.0 has it, in elements and attributes.
enum XMLText {
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // In attributes these would become blanks.
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            // XML 1.0 §2.2: no other control characters, not even as references, and no non-characters.
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
