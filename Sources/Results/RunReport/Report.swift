// A finished run as what reports are written from: its summary, what failed instances said last, its metrics.
//
//     Report            reads a run's directory
//       MetricRow       one metric of one group: how often, and percentiles
//     JUnitReport       for CI servers
//     MarkdownReport    for pull requests and step summaries

package import Execution
import Foundation
package import InstanceContract
package import RunResults

package struct Report: Sendable {
    package var summary: RunSummary
    /// By name, then by group.
    package var metrics: [MetricRow]
    /// The last lines that instances which did not succeed wrote on standard error.
    package var evidence: [InstanceReference: [String]]

    /// Failed instances whose last words are read; the others' stand in their files.
    private static let mostEvidence = 1_000

    package init(
        summary: RunSummary, metrics: [MetricRow] = [], evidence: [InstanceReference: [String]] = [:]
    ) {
        self.summary = summary
        self.metrics = metrics
        self.evidence = evidence
    }

    /// Reads what a run has left.
    ///
    /// - Parameter directory: the run's.
    /// - Throws: `ExecutionError` when it has no summary, or one that cannot be read.
    package init(directory: String) throws {
        summary = try OutputsDirectory.summary(in: directory)
        metrics = MetricRow.all(of: summary.instances.map(\.instance), in: directory)
        evidence = [:]
        for record in summary.instances.filter({ $0.outcome != .success }).prefix(Self.mostEvidence) {
            let lines = LastLines.of(directory, record.instance)
            if !lines.isEmpty { evidence[record.instance] = lines }
        }
    }

    /// Instances that did not succeed, in the order of the plan.
    package var failures: [InstanceRecord] { summary.instances.filter { $0.outcome != .success } }

    package var succeeded: Int { summary.instances.count - failures.count }

    /// `plan/case`
    package var title: String { "\(summary.plan)/\(summary.testCase)" }
}

/// The end of what an instance wrote on standard error.
package enum LastLines {
    /// Bytes at the end of the file in which the lines are looked for.
    private static let tailBytes: UInt64 = 8 * 1_024
    package static let count = 3

    /// The last lines that are not blank, oldest first; none when there is no such file.
    package static func of(_ directory: String, _ instance: InstanceReference) -> [String] {
        let path = "\(directory)/\(instance.group)/\(instance.index)/run.err"
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard let end = try? file.seekToEnd() else { return [] }
        try? file.seek(toOffset: end > tailBytes ? end - tailBytes : 0)
        guard let data = try? file.readToEnd() else { return [] }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.filter { !$0.allSatisfy(\.isWhitespace) }.suffix(count).map(String.init)
    }
}
