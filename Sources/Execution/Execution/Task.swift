// Tasks: builds and runs as the queue, the store and the API know them (contract §7).

package enum TaskState: String, Sendable, Hashable, Codable {
    case scheduled, processing, complete, canceled
}

package enum TaskKind: String, Sendable, Hashable, Codable {
    case build, run
}

package struct DatedState: Sendable, Hashable, Codable {
    /// Unix time in nanoseconds.
    package var created: Int64
    package var state: TaskState

    package init(created: Int64, state: TaskState) {
        self.created = created
        self.state = state
    }
}

/// Who asked for a task.
package struct TaskAuthor: Sendable, Hashable, Codable {
    package var user: String
    package var repo: String
    package var branch: String
    package var commit: String

    package init(user: String = "", repo: String = "", branch: String = "", commit: String = "") {
        self.user = user
        self.repo = repo
        self.branch = branch
        self.commit = commit
    }
}

/// `ok` of `total` instances of a group.
package struct GroupTally: Sendable, Hashable, Codable {
    package var ok: Int
    package var total: Int

    package init(ok: Int, total: Int) {
        self.ok = ok
        self.total = total
    }
}

/// What a finished task came to.
package struct TaskResult: Sendable, Hashable, Codable {
    package var outcome: RunOutcome
    /// By group id; empty for builds.
    package var outcomes: [String: GroupTally]
    /// Artifacts by group id; for builds.
    package var artifacts: [String: String]

    package init(
        outcome: RunOutcome, outcomes: [String: GroupTally] = [:], artifacts: [String: String] = [:]
    ) {
        self.outcome = outcome
        self.outcomes = outcomes
        self.artifacts = artifacts
    }
}

/// A task as it is stored.
package struct TaskRecord: Sendable, Hashable, Codable, Identifiable {
    /// An xid.
    package var id: String
    package var kind: TaskKind
    /// Higher goes first.
    package var priority: Int
    package var plan: String
    package var testCase: String
    package var runner: String
    /// Every state it has been in, oldest first; never empty.
    package var states: [DatedState]
    /// The composition as the person gave it, TOML text.
    package var composition: String
    package var createdBy: TaskAuthor
    package var result: TaskResult?
    /// Why it could not be carried out, or why it was canceled.
    package var error: String?
    /// Process that works on it, so that a restart can tell a live task from an interrupted one.
    package var owner: TaskOwner?

    package init(
        id: String, kind: TaskKind, priority: Int = 0, plan: String, testCase: String, runner: String,
        states: [DatedState], composition: String = "", createdBy: TaskAuthor = TaskAuthor(),
        result: TaskResult? = nil, error: String? = nil, owner: TaskOwner? = nil
    ) {
        self.id = id
        self.kind = kind
        self.priority = priority
        self.plan = plan
        self.testCase = testCase
        self.runner = runner
        self.states = states
        self.composition = composition
        self.createdBy = createdBy
        self.result = result
        self.error = error
        self.owner = owner
    }

    package var state: TaskState { states.last?.state ?? .scheduled }

    package var isEnded: Bool { state == .complete || state == .canceled }
}

/// The process that carries a task out: a pid alone could be reused, its start time tells.
package struct TaskOwner: Sendable, Hashable, Codable {
    package var processID: Int32
    /// Field 22 of `/proc/<pid>/stat`, in clock ticks since boot.
    package var startTime: UInt64
    /// `/proc/sys/kernel/random/boot_id`.
    package var bootID: String

    package init(processID: Int32, startTime: UInt64, bootID: String) {
        self.processID = processID
        self.startTime = startTime
        self.bootID = bootID
    }
}

/// Which tasks to list.
package struct TaskFilter: Sendable, Hashable {
    package var kinds: Set<TaskKind>?
    package var states: Set<TaskState>?
    /// Unix time in nanoseconds, of the task's creation.
    package var before: Int64?
    package var after: Int64?
    package var plan: String?
    package var testCase: String?
    package var limit: Int

    package init(
        kinds: Set<TaskKind>? = nil, states: Set<TaskState>? = nil, before: Int64? = nil, after: Int64? = nil,
        plan: String? = nil, testCase: String? = nil, limit: Int = 100
    ) {
        self.kinds = kinds
        self.states = states
        self.before = before
        self.after = after
        self.plan = plan
        self.testCase = testCase
        self.limit = limit
    }
}

/// Keeps tasks across restarts. Several processes may use one store at once.
package protocol TaskStore: Sendable {
    /// Adds a task, or replaces the one with its id.
    func save(_ task: TaskRecord) async throws
    func task(id: String) async throws -> TaskRecord?
    /// Newest first.
    func tasks(_ filter: TaskFilter) async throws -> [TaskRecord]
    /// Marks every task in state `processing` or `scheduled` whose owner is gone as canceled, with the
    /// reason; returns them.
    func markInterrupted(at unixNanoseconds: Int64, reason: String, isAlive: @Sendable (TaskOwner) -> Bool)
        async throws -> [TaskRecord]
}
