// Where the engine hands a finished run's facts, and a runner's outputs are found again.

package import TestgroundModel

/// What is known of a run before its first instance starts.
package struct RunContext: Sendable, Hashable {
    package var runID: String
    package var plan: RunPlan
    package var outputsDirectory: String
    package var seed: UInt64
    package var revision: SourceRevision
    /// The composition as the person gave it, TOML text.
    package var composition: String
    /// Results of the builds, by build key.
    package var builds: [String: BuildResult]
    /// The program's own version.
    package var version: String

    package init(
        runID: String, plan: RunPlan, outputsDirectory: String, seed: UInt64, revision: SourceRevision,
        composition: String, builds: [String: BuildResult], version: String
    ) {
        self.runID = runID
        self.plan = plan
        self.outputsDirectory = outputsDirectory
        self.seed = seed
        self.revision = revision
        self.composition = composition
        self.builds = builds
        self.version = version
    }
}

/// Writes `summary.json` and `journal` beside a run's outputs.
package protocol RunRecorder: Sendable {
    /// Opens the run's journal: every progress event that concerns the run goes into it as it happens.
    func begin(_ context: RunContext) throws -> any RunJournal
}

/// The open journal of one run.
package protocol RunJournal: ProgressSink {
    /// Writes the summary and closes the journal. The run is on disk when this returns.
    func finish(_ record: RunRecord) throws
    /// Closes the journal of a run that could not be carried out.
    func abandon(reason: String) throws
}
