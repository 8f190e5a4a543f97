// Gathers what a verdict is written from: the record, the summary, and what failed instances said last.

import Execution
import InstanceContract
import RunReport
import RunResults

enum VerdictSource {
    static func verdict(of task: TaskRecord, summary: RunSummary?, directory: String?) -> Verdict {
        var verdict = Verdict(
            task: task, summary: summary, outputs: task.kind == .run ? directory : nil)
        guard let directory else { return verdict }
        for failure in verdict.failures.prefix(Verdict.failuresNamed) {
            let lines = LastLines.of(directory, failure.instance)
            if !lines.isEmpty { verdict.evidence[failure.instance] = lines }
        }
        return verdict
    }
}
