// The engine's limits, places and sources of time and ids.

package import Execution

package struct EngineConfiguration: Sendable {
    /// Tasks worked on at once.
    package var workers: Int
    /// Tasks that may wait in the queue.
    package var queueLimit: Int
    /// Longest time the builds of one task may take together.
    package var buildTimeLimit: Duration
    /// `<outputs>`: runs lie in `<runner with : as _>/<plan>/<run>` below it.
    package var outputsDirectory: String
    /// `data/work`: every builder and runner has a directory of its own below it.
    package var workDirectory: String
    /// `data/daemon`: journals of builds lie in `<task>` below it.
    package var tasksDirectory: String
    /// The process that carries tasks out.
    package var owner: TaskOwner?
    /// Unix time in nanoseconds.
    package var now: @Sendable () -> Int64
    /// A new task id.
    package var makeID: @Sendable () -> String

    package init(
        workers: Int = 1, queueLimit: Int = 100, buildTimeLimit: Duration = .seconds(30 * 60),
        outputsDirectory: String, workDirectory: String, tasksDirectory: String, owner: TaskOwner? = nil,
        now: @escaping @Sendable () -> Int64, makeID: @escaping @Sendable () -> String
    ) {
        self.workers = workers
        self.queueLimit = queueLimit
        self.buildTimeLimit = buildTimeLimit
        self.outputsDirectory = outputsDirectory
        self.workDirectory = workDirectory
        self.tasksDirectory = tasksDirectory
        self.owner = owner
        self.now = now
        self.makeID = makeID
    }

    /// Directory of a builder or runner below `data/work`.
    package func workDirectory(of id: String) -> String {
        "\(workDirectory)/\(folderName(of: id))"
    }

    /// Where the outputs of a run belong.
    package func outputsDirectory(runner: String, plan: String, run: String) -> String {
        "\(outputsDirectory)/\(folderName(of: runner))/\(plan)/\(run)"
    }
}
