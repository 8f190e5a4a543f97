// Gathers what a verdict is written from: the record, the summary, and what failed instances said last.

import Execution
import Foundation
import InstanceContract
import RunResults

enum VerdictSource {
    /// Bytes at the end of an instance's `run.err` in which its last lines are looked for.
    private static let tailBytes: UInt64 = 8 * 1024

    static func verdict(of task: TaskRecord, summary: RunSummary?, directory: String?) -> Verdict {
        var verdict = Verdict(
            task: task, summary: summary, outputs: task.kind == .run ? directory : nil)
        guard let directory else { return verdict }
        for failure in verdict.failures.prefix(Verdict.failuresNamed) {
            let file = "\(directory)/\(failure.instance.group)/\(failure.instance.index)/run.err"
            let lines = lastLines(of: file, count: Verdict.evidenceLines)
            if !lines.isEmpty { verdict.evidence[failure.instance] = lines }
        }
        return verdict
    }

    /// The last lines that are not blank, oldest first; none when there is no such file.
    private static func lastLines(of path: String, count: Int) -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard let end = try? file.seekToEnd() else { return [] }
        try? file.seek(toOffset: end > tailBytes ? end - tailBytes : 0)
        guard let data = try? file.readToEnd() else { return [] }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.filter { !$0.allSatisfy(\.isWhitespace) }.suffix(count).map(String.init)
    }
}
