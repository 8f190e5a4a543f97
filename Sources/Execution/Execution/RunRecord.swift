// How a run went: the facts, from which verdict, summary and report are made.

package import InstanceContract

/// How one instance ended (contract §2): its terminal event and its exit, cross-checked.
package enum InstanceOutcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// A success event and exit status 0.
    case success
    /// A failure event, or an exit status other than 0.
    case failure
    /// A crash event, or death by a signal.
    case crash
    /// Exit status 0 without a terminal event: a failure.
    case incomplete
    /// Killed at the time limit.
    case timeout
    /// Ended because the run was canceled.
    case canceled
    /// It could not be started.
    case neverStarted = "never_started"
}

/// How an instance's process ended.
package enum ProcessExit: Sendable, Hashable, Codable {
    case status(Int32)
    case signal(Int32)
}

/// Resources one instance used, from `getrusage(2)`/`wait4(2)`.
package struct ResourceUse: Sendable, Hashable, Codable {
    /// Seconds of CPU in user mode.
    package var userSeconds: Double
    /// Seconds of CPU in the kernel.
    package var systemSeconds: Double
    /// Largest resident set, in bytes; nil where the kernel's figure may be the runner's own.
    package var maximumResidentBytes: Int64?

    private enum CodingKeys: String, CodingKey {
        case userSeconds = "user_seconds"
        case systemSeconds = "system_seconds"
        case maximumResidentBytes = "max_rss_bytes"
    }

    package init(userSeconds: Double, systemSeconds: Double, maximumResidentBytes: Int64?) {
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.maximumResidentBytes = maximumResidentBytes
    }
}

/// Everything known about one instance of a finished run. Times are seconds since the run's start.
package struct InstanceRecord: Sendable, Hashable {
    package var instance: InstanceReference
    package var outcome: InstanceOutcome
    /// One sentence why, for every outcome but success.
    package var reason: String?
    package var exit: ProcessExit?
    package var processID: Int32?
    package var startedAt: Double?
    package var endedAt: Double?
    /// Stages it has started and not ended, innermost last.
    package var openStages: [String]
    /// The last message it reported.
    package var lastMessage: String?
    package var resources: ResourceUse?

    package init(
        instance: InstanceReference, outcome: InstanceOutcome, reason: String? = nil,
        exit: ProcessExit? = nil,
        processID: Int32? = nil, startedAt: Double? = nil, endedAt: Double? = nil, openStages: [String] = [],
        lastMessage: String? = nil, resources: ResourceUse? = nil
    ) {
        self.instance = instance
        self.outcome = outcome
        self.reason = reason
        self.exit = exit
        self.processID = processID
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.openStages = openStages
        self.lastMessage = lastMessage
        self.resources = resources
    }
}

/// The verdict on a run, as the daemon's API spells it.
package enum RunOutcome: String, Sendable, Hashable, Codable {
    case unknown, success, failure, canceled
}

/// A phase of a run with its figures.
package struct PhaseRecord: Sendable, Hashable, Codable {
    package var phase: RunPhase
    /// Seconds since the run's start at which the phase was complete.
    package var completedAt: Double
    /// How many of `total` passed it.
    package var count: Int
    package var total: Int

    private enum CodingKeys: String, CodingKey {
        case phase
        case completedAt = "completed_at"
        case count, total
    }

    package init(phase: RunPhase, completedAt: Double, count: Int, total: Int) {
        self.phase = phase
        self.completedAt = completedAt
        self.count = count
        self.total = total
    }
}

/// Everything known about a finished run.
package struct RunRecord: Sendable, Hashable {
    package var runID: String
    /// Unix time in nanoseconds of the run's start.
    package var startedAtUnixNanoseconds: Int64
    /// Seconds from start to end.
    package var duration: Double
    package var phases: [PhaseRecord]
    /// Every instance of the plan, in order of group and index; none is left out.
    package var instances: [InstanceRecord]
    /// What the reader must know to judge the verdict, e.g. that instances shared the host's network.
    package var warnings: [String]
    /// How true the shaped network was; nil for a run without one.
    package var fidelity: NetworkFidelity?
    package var canceled: Bool

    package init(
        runID: String, startedAtUnixNanoseconds: Int64, duration: Double, phases: [PhaseRecord],
        instances: [InstanceRecord], warnings: [String] = [], fidelity: NetworkFidelity? = nil,
        canceled: Bool = false
    ) {
        self.runID = runID
        self.startedAtUnixNanoseconds = startedAtUnixNanoseconds
        self.duration = duration
        self.phases = phases
        self.instances = instances
        self.warnings = warnings
        self.fidelity = fidelity
        self.canceled = canceled
    }

    /// Success only when every instance succeeded.
    package var outcome: RunOutcome {
        if canceled { return .canceled }
        return instances.allSatisfy { $0.outcome == .success } ? .success : .failure
    }
}
