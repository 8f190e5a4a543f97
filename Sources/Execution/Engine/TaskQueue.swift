// The queue, decided purely: what is admitted, what it displaces, what goes next. The engine carries it out.

/// Waiting and running tasks: priority first, then order of arrival; one waiting run for each repository and
/// branch.
struct TaskQueue: Sendable {
    /// What the queue needs to know of a task.
    struct Entry: Sendable, Hashable {
        var id: String
        /// Higher goes first.
        var priority: Int
        /// Tasks with an equal key displace one another while they wait; nil for none.
        var uniqueKey: UniqueKey?
    }

    /// A repository's branch: of the runs waiting for it only the newest matters.
    struct UniqueKey: Sendable, Hashable {
        var repo: String
        var branch: String
    }

    enum Admission: Sendable, Hashable {
        /// Queued; the named task was waiting for the same branch and is out.
        case accepted(displaced: String?)
        /// The queue holds as many tasks as it may.
        case full(limit: Int)
    }

    enum Cancellation: Sendable, Hashable {
        /// It had not begun and is out of the queue.
        case removed
        /// It is being worked on; whoever works on it must stop.
        case running
        case unknown
    }

    /// Tasks worked on at once.
    let workers: Int
    /// Tasks that may wait.
    let limit: Int
    /// In the order in which they go.
    private(set) var waiting: [Entry] = []
    private(set) var running: Set<String> = []

    init(workers: Int, limit: Int) {
        self.workers = max(1, workers)
        self.limit = max(1, limit)
    }

    mutating func add(_ entry: Entry) -> Admission {
        let displaced = entry.uniqueKey.flatMap { key in waiting.firstIndex { $0.uniqueKey == key } }
        if displaced == nil, waiting.count >= limit { return .full(limit: limit) }
        let displacedID = displaced.map { waiting.remove(at: $0).id }
        let place = waiting.firstIndex { $0.priority < entry.priority } ?? waiting.endIndex
        waiting.insert(entry, at: place)
        return .accepted(displaced: displacedID)
    }

    /// The task to begin now; nil when none waits or every worker is busy.
    mutating func next() -> String? {
        guard running.count < workers, !waiting.isEmpty else { return nil }
        let entry = waiting.removeFirst()
        running.insert(entry.id)
        return entry.id
    }

    mutating func finish(_ id: String) {
        running.remove(id)
    }

    mutating func cancel(_ id: String) -> Cancellation {
        if running.contains(id) { return .running }
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return .unknown }
        waiting.remove(at: index)
        return .removed
    }
}
