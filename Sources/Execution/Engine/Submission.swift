// What a caller hands the engine.

package import Execution
package import TestgroundModel

/// What all tasks of one request share.
package struct SubmissionContext: Sendable {
    /// Where the plan lies; `extra` is by builder id.
    package var sources: PlanSources
    package var extraSources: [String: [String]]
    /// The composition as the person gave it, TOML text.
    package var composition: String
    package var author: TaskAuthor
    package var revision: SourceRevision
    /// Higher goes first.
    package var priority: Int
    /// Builds done at the same time.
    package var concurrentBuilds: Int
    /// Environment that build tools and instances inherit.
    package var environment: [String: String]

    package init(
        sources: PlanSources, extraSources: [String: [String]] = [:], composition: String = "",
        author: TaskAuthor = TaskAuthor(), revision: SourceRevision = SourceRevision(), priority: Int = 0,
        concurrentBuilds: Int = 1, environment: [String: String]
    ) {
        self.sources = sources
        self.extraSources = extraSources
        self.composition = composition
        self.author = author
        self.revision = revision
        self.priority = priority
        self.concurrentBuilds = concurrentBuilds
        self.environment = environment
    }
}

/// Runs of one composition; builds they share are done once.
package struct RunSubmission: Sendable {
    package var composition: PreparedComposition
    package var context: SubmissionContext
    /// Every random decision of the runs derives from it.
    package var seed: UInt64
    /// Longest time each run may take.
    package var timeLimit: Duration
    /// Time between SIGTERM and SIGKILL.
    package var grace: Duration
    /// A run whose network did not keep its promises, or that had none, fails.
    package var requiresTrust: Bool

    package init(
        composition: PreparedComposition, context: SubmissionContext, seed: UInt64, timeLimit: Duration,
        grace: Duration = .seconds(10), requiresTrust: Bool = false
    ) {
        self.composition = composition
        self.context = context
        self.seed = seed
        self.timeLimit = timeLimit
        self.grace = grace
        self.requiresTrust = requiresTrust
    }
}

/// The builds of one composition, without a run.
package struct BuildSubmission: Sendable {
    package var composition: PreparedComposition
    package var context: SubmissionContext

    package init(composition: PreparedComposition, context: SubmissionContext) {
        self.composition = composition
        self.context = context
    }
}

/// A run of a composition and the task that carries it out.
package struct SubmittedRun: Sendable, Hashable {
    /// Id within the composition.
    package var run: String
    /// Id of the task, which is also the run's.
    package var task: String

    package init(run: String, task: String) {
        self.run = run
        self.task = task
    }
}
