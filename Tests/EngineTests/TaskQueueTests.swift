// The queue's decisions, one by one.

import Testing

@testable import Engine

@Suite("The task queue")
struct TaskQueueTests {
    private func entry(_ id: String, priority: Int = 0, branch: String? = nil) -> TaskQueue.Entry {
        .init(id: id, priority: priority, uniqueKey: branch.map { .init(repo: "repo", branch: $0) })
    }

    private func drain(_ queue: inout TaskQueue) -> [String] {
        var order: [String] = []
        while let id = queue.next() {
            order.append(id)
            queue.finish(id)
        }
        return order
    }

    @Test("higher priority goes first, equal priority in order of arrival")
    func order() {
        var queue = TaskQueue(workers: 1, limit: 10)
        for (id, priority) in [("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)] {
            #expect(queue.add(entry(id, priority: priority)) == .accepted(displaced: nil))
        }
        #expect(drain(&queue) == ["b", "d", "a", "c", "e"])
    }

    @Test("no more tasks run than there are workers")
    func workers() {
        var queue = TaskQueue(workers: 2, limit: 10)
        for id in ["a", "b", "c"] { _ = queue.add(entry(id)) }
        #expect([queue.next(), queue.next(), queue.next()] == ["a", "b", nil])
        queue.finish("a")
        #expect(queue.next() == "c")
    }

    @Test("a newer run of the same branch displaces the waiting one, never the running one")
    func uniqueness() {
        var queue = TaskQueue(workers: 1, limit: 10)
        _ = queue.add(entry("running", branch: "main"))
        #expect(queue.next() == "running")
        #expect(queue.add(entry("waiting", branch: "main")) == .accepted(displaced: nil))
        #expect(queue.add(entry("other", branch: "dev")) == .accepted(displaced: nil))
        #expect(queue.add(entry("newest", branch: "main")) == .accepted(displaced: "waiting"))
        #expect(queue.running == ["running"])
        queue.finish("running")
        #expect(drain(&queue) == ["other", "newest"])
    }

    @Test("a full queue refuses, but takes what displaces another")
    func limit() {
        var queue = TaskQueue(workers: 1, limit: 2)
        _ = queue.add(entry("a", branch: "main"))
        _ = queue.add(entry("b"))
        #expect(queue.add(entry("c")) == .full(limit: 2))
        #expect(queue.add(entry("d", branch: "main")) == .accepted(displaced: "a"))
        #expect(drain(&queue) == ["b", "d"])
    }

    @Test("cancelling tells whether the task was waiting, is running, or is unknown")
    func cancellation() {
        var queue = TaskQueue(workers: 1, limit: 10)
        _ = queue.add(entry("a"))
        _ = queue.add(entry("b"))
        _ = queue.next()
        #expect(queue.cancel("a") == .running)
        #expect(queue.cancel("b") == .removed)
        #expect(queue.cancel("b") == .unknown)
    }
}
