// Keeps a task's journal and a run's summary as files.

package import Execution
import Foundation
import Synchronization

/// Writes `journal.jsonl` as things happen and `summary.json` at a run's end, into the directory of the task.
package struct FileRecorder: TaskRecorder {
    package static let journalName = "journal.jsonl"
    package static let summaryName = "summary.json"

    private let program: ProgramDescription
    private let now: @Sendable () -> Int64

    /// - Parameter now: Unix time in nanoseconds.
    package init(program: ProgramDescription, now: @escaping @Sendable () -> Int64) {
        self.program = program
        self.now = now
    }

    package func begin(_ context: TaskContext) throws -> any TaskJournal {
        do {
            try FileManager.default.createDirectory(
                atPath: context.directory, withIntermediateDirectories: true)
            let path = "\(context.directory)/\(Self.journalName)"
            try Data().write(to: URL(filePath: path), options: .withoutOverwriting)
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            return FileJournal(context: context, program: program, file: file, now: now)
        } catch {
            throw ExecutionError(
                .storage,
                "the outputs directory \(context.directory) cannot be written: "
                    + "\(error.fileReason); "
                    + "`testground healthcheck --runner local:exec --fix` may mend it"
            )
        }
    }
}

/// The open journal of one task. Each entry is one write, so that a killed program loses nothing it had told.
final class FileJournal: TaskJournal {
    /// Bytes a journal may have. Instances' own files hold everything; the journal of a plan that reports
    /// without end stops here and says so.
    static let limitBytes = 256 * 1024 * 1024

    private struct State {
        var written = 0
        var isFull = false
        var failure: (any Error)?
    }

    private let context: TaskContext
    private let program: ProgramDescription
    private let file: FileHandle
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    init(
        context: TaskContext, program: ProgramDescription, file: FileHandle,
        now: @escaping @Sendable () -> Int64
    ) {
        self.context = context
        self.program = program
        self.file = file
        self.now = now
    }

    func report(_ event: ProgressEvent) {
        // Plain output lies in the instance's own outputs; a second copy would double the disk it takes.
        if case .instanceOutput = event { return }
        let entry = JournalEntry(at: Double(now() - context.startedAt) / 1e9, event: event)
        state.withLock { state in
            guard state.failure == nil, !state.isFull else { return }
            do {
                var line = try JSONEncoder().encode(entry)
                if state.written + line.count > Self.limitBytes {
                    state.isFull = true
                    let note =
                        "the journal has reached its limit of \(Self.limitBytes) bytes; "
                        + "what follows is in the instances' outputs"
                    line = try JSONEncoder().encode(JournalEntry(at: entry.at, event: .note(note)))
                }
                line.append(UInt8(ascii: "\n"))
                try file.write(contentsOf: line)
                state.written += line.count
            } catch {
                state.failure = error
            }
        }
    }

    func finish(_ conclusion: TaskConclusion) throws {
        if let error = conclusion.task.error { report(.note(error)) }
        let failure = state.withLock { $0.failure }
        try? file.close()
        do {
            if let failure { throw failure }
            guard context.kind == .run else { return }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            var data = try encoder.encode(RunSummary(context, conclusion, program: program))
            data.append(UInt8(ascii: "\n"))
            let path = "\(context.directory)/\(FileRecorder.summaryName)"
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw ExecutionError(
                .storage,
                "the record in \(context.directory) could not be written: \(error.fileReason)")
        }
    }
}
