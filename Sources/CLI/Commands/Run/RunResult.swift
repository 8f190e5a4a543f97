// What a run came to, for programs: the objects of `--json` and the file of `--result-file`.

import Execution
import Foundation

/// The last word on one run.
struct RunResult: Encodable, Sendable {
    var kind = "result"
    /// Id of the run within its composition.
    var run: String
    var task: String
    var outcome: RunOutcome
    var outcomes: [String: GroupTally]
    var error: String?
    /// How true the shaped network was; nil for a run without one.
    var fidelity: NetworkFidelity?
    /// Where the outputs lie.
    var outputs: String?

    init(run: String, task: TaskRecord, fidelity: NetworkFidelity?, outputs: String?) {
        self.run = run
        self.task = task.id
        outcome = task.result?.outcome ?? .unknown
        outcomes = task.result?.outcomes ?? [:]
        error = task.error
        self.fidelity = fidelity
        self.outputs = outputs
    }

    var data: Data { Data(JSONText.line(self).dropLast().utf8) }
}

/// `run_id,task_id,outcome,error`, RFC 4180 with line feeds.
enum ResultFile {
    static func text(_ results: [RunResult]) -> String {
        let rows = results.map { [$0.run, $0.task, $0.outcome.rawValue, $0.error ?? ""] }
        return ([["run_id", "task_id", "outcome", "error"]] + rows)
            .map { $0.map(field).joined(separator: ",") + "\n" }.joined()
    }

    /// A field, in quotes where its content would be mistaken.
    static func field(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { "\",\n\r".unicodeScalars.contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }

    static func write(_ results: [RunResult], to path: String) throws {
        do {
            try Data(text(results).utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandError(
                .failed, "the result file \(path) cannot be written: \(error.fileReason)",
                remedy: "check its directory and the free space")
        }
    }
}
