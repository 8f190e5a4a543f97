// What every runner offers the engine.

package import TestgroundModel

/// Where the code of a run comes from, passed on to instances and records.
package struct SourceRevision: Sendable, Hashable, Codable {
    package var repo: String
    package var commit: String
    package var branch: String
    package var tag: String

    package init(repo: String = "", commit: String = "", branch: String = "", tag: String = "") {
        self.repo = repo
        self.commit = commit
        self.branch = branch
        self.tag = tag
    }
}

/// One run to do: every decision made, every artifact built.
package struct RunRequest: Sendable {
    /// Run id (an xid), unique; names the outputs' folder and `TEST_RUN`.
    package var runID: String
    package var plan: RunPlan
    /// Artifact of each group, by group id.
    package var artifacts: [String: Artifact]
    /// Where outputs of the run belong: `<outputs>/<runner with : as _>/<plan>/<run>`. The runner makes it
    /// and below it `<group>/<n>` for every instance.
    package var outputsDirectory: String
    /// A directory of the runner's own for what must survive the process: run records, sockets
    /// (`data/work/<runner>`).
    package var workDirectory: String
    package var revision: SourceRevision
    package var seed: UInt64
    /// Longest time the run may take from its first instance's start.
    package var timeLimit: Duration
    /// Time between SIGTERM and SIGKILL.
    package var grace: Duration
    /// Environment that instances inherit (`PATH` and the like).
    package var environment: [String: String]

    package init(
        runID: String, plan: RunPlan, artifacts: [String: Artifact], outputsDirectory: String,
        workDirectory: String, revision: SourceRevision = SourceRevision(), seed: UInt64,
        timeLimit: Duration, grace: Duration = .seconds(10), environment: [String: String]
    ) {
        self.runID = runID
        self.plan = plan
        self.artifacts = artifacts
        self.outputsDirectory = outputsDirectory
        self.workDirectory = workDirectory
        self.revision = revision
        self.seed = seed
        self.timeLimit = timeLimit
        self.grace = grace
        self.environment = environment
    }
}

/// Starts the instances of a run, supervises them, and says how each ended.
///
/// A plan that fails is a result, not an error: `run` throws `ExecutionError` only when the run could not be
/// carried out (no artifact, no permission, no space). Cancelling the task ends every instance (SIGTERM, the
/// grace, SIGKILL) and still returns the record, with instances marked `canceled`.
package protocol Runner: Sendable {
    /// E.g. `local:exec`.
    var id: String { get }
    var artifactKind: ArtifactKind { get }
    /// Configuration keys the runner reads, for warnings about unknown ones.
    var configurationKeys: [String] { get }

    func run(_ request: RunRequest, progress: any ProgressSink) async throws -> RunRecord

    /// Ends a run's instances at once, SIGKILL without a grace; `run` still returns the record. Unknown runs
    /// are none of its business.
    func kill(run id: String) async

    /// Ends everything of every run of this runner on this machine, also what a killed process left behind.
    /// Returns how many instances were ended.
    func terminateAll(workDirectory: String, progress: any ProgressSink) async throws -> Int

    /// Checks that what the runner needs works, for the wanted number of instances.
    func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck]
}

extension Runner {
    /// A runner that cannot end instances faster leaves them their grace.
    package func kill(run id: String) async {}
}
