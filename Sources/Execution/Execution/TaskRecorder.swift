// Where the engine hands the facts of a task: what happened as it happens, and a run's summary at its end.

package import TestgroundModel

/// What is known of a task when work on it begins.
package struct TaskContext: Sendable, Hashable {
    /// The task's id; of a run also the run's.
    package var id: String
    package var kind: TaskKind
    /// Where the journal (and a run's summary) belong: a run's outputs, or a folder of the build's own.
    package var directory: String
    /// The run, nil for a build.
    package var run: RunPlan?
    package var seed: UInt64
    package var revision: SourceRevision
    /// The composition as the person gave it, TOML text.
    package var composition: String
    /// Unix time in nanoseconds at which work began; the journal's times count from here.
    package var startedAt: Int64

    package init(
        id: String, kind: TaskKind, directory: String, run: RunPlan?, seed: UInt64, revision: SourceRevision,
        composition: String, startedAt: Int64
    ) {
        self.id = id
        self.kind = kind
        self.directory = directory
        self.run = run
        self.seed = seed
        self.revision = revision
        self.composition = composition
        self.startedAt = startedAt
    }
}

/// How a task ended, for its journal and summary.
package struct TaskConclusion: Sendable {
    package var task: TaskRecord
    /// The run's facts; nil when it never began or the task was a build.
    package var run: RunRecord?
    /// Results of the builds, by build key.
    package var builds: [String: BuildResult]
    /// Seconds from the beginning of the work to its end.
    package var duration: Double

    package init(task: TaskRecord, run: RunRecord?, builds: [String: BuildResult], duration: Double) {
        self.task = task
        self.run = run
        self.builds = builds
        self.duration = duration
    }
}

/// Keeps `journal.jsonl` of every task and `summary.json` of every run.
package protocol TaskRecorder: Sendable {
    /// Opens the task's journal.
    func begin(_ context: TaskContext) throws -> any TaskJournal
}

/// The open journal of one task.
package protocol TaskJournal: ProgressSink {
    /// Writes the end, a run's summary too, and closes. What it tells is on disk when this returns.
    func finish(_ conclusion: TaskConclusion) throws
}
