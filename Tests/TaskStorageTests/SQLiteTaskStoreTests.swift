// The task store on real files.

import Execution
import Foundation
import GRDB
import TaskStorage
import Testing

/// A directory that goes when the test ends.
private final class Folder: Sendable {
    let path = "\(NSTemporaryDirectory())testground-tasks-\(UUID().uuidString)"
    var file: String { "\(path)/daemon/tasks.sqlite" }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func task(
    _ id: String, kind: TaskKind = .run, plan: String = "p", testCase: String = "c", at created: Int64 = 1,
    state: TaskState = .scheduled, owner: TaskOwner? = nil
) -> TaskRecord {
    var states = [DatedState(created: created, state: .scheduled)]
    if state != .scheduled { states.append(DatedState(created: created + 1, state: state)) }
    return TaskRecord(
        id: id, kind: kind, priority: 3, plan: plan, testCase: testCase, runner: "local:exec", states: states,
        composition: "[global]\nplan = \"ü\"\n", createdBy: TaskAuthor(user: "u", repo: "r", branch: "b"),
        owner: owner)
}

private func owner(_ processID: Int32) -> TaskOwner {
    TaskOwner(processID: processID, startTime: UInt64.max, bootID: "boot")
}

@Suite("The task store", .timeLimit(.minutes(1)))
struct SQLiteTaskStoreTests {
    private let folder = Folder()

    @Test("what was saved is there after a restart, unaltered, and saving again replaces it")
    func restart() async throws {
        var saved = task("a", owner: owner(7))
        saved.result = TaskResult(outcome: .failure, outcomes: ["g": GroupTally(ok: 1, total: 2)])
        saved.error = "why"
        do {
            let store = try SQLiteTaskStore(path: folder.file)
            try await store.save(task("a"))
            try await store.save(saved)
        }
        let store = try SQLiteTaskStore(path: folder.file)
        #expect(try await store.task(id: "a") == saved)
        #expect(try await store.tasks(TaskFilter()).count == 1)
        #expect(try await store.task(id: "b") == nil)
    }

    @Test("several processes open and write one file at once, and each sees what the others wrote")
    func severalProcesses() async throws {
        let file = folder.file
        try await withThrowingTaskGroup(of: Void.self) { group in
            for process in 0..<4 {
                group.addTask {
                    let store = try SQLiteTaskStore(path: file)
                    for index in 0..<10 {
                        try await store.save(task("\(process)-\(index)", at: Int64(index)))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await SQLiteTaskStore(path: file).tasks(TaskFilter()).count == 40)
    }

    @Test("tasks whose owner is gone are marked canceled with the reason; others stay as they are")
    func interrupted() async throws {
        let store = try SQLiteTaskStore(path: folder.file)
        try await store.save(task("dead-waiting", at: 1, owner: owner(1)))
        try await store.save(task("dead-working", at: 2, state: .processing, owner: owner(1)))
        try await store.save(task("dead-done", at: 3, state: .complete, owner: owner(1)))
        try await store.save(task("alive", at: 4, state: .processing, owner: owner(2)))
        try await store.save(task("nobody's", at: 5))

        let marked = try await store.markInterrupted(at: 99, reason: "killed") { $0.processID == 2 }
        #expect(marked.map(\.id) == ["dead-waiting", "dead-working", "nobody's"])
        for id in marked.map(\.id) {
            let found = try #require(try await store.task(id: id))
            #expect(found.states.last == DatedState(created: 99, state: .canceled))
            #expect(found.error == "killed")
            #expect(found.result?.outcome == .canceled)
        }
        #expect(try await store.task(id: "dead-done")?.state == .complete)
        #expect(try await store.task(id: "alive")?.state == .processing)
        // The columns that filters read follow.
        #expect(try await store.tasks(TaskFilter(states: [.canceled])).count == 3)
        #expect(try await store.markInterrupted(at: 100, reason: "x") { $0.processID == 2 } == [])
    }

    @Test("every filter narrows, filters combine, and the newest come first")
    func filters() async throws {
        let store = try SQLiteTaskStore(path: folder.file)
        try await store.save(task("a", kind: .build, plan: "p", testCase: "", at: 10))
        try await store.save(task("b", plan: "p", testCase: "x", at: 20, state: .complete))
        try await store.save(task("c", plan: "p", testCase: "y", at: 30, state: .processing))
        try await store.save(task("d", plan: "q", testCase: "x", at: 40, state: .complete))
        try await store.save(task("e", plan: "q", testCase: "x", at: 40, state: .complete))

        func ids(_ filter: TaskFilter) async throws -> String {
            try await store.tasks(filter).map(\.id).joined()
        }
        #expect(try await ids(TaskFilter()) == "edcba")
        #expect(try await ids(TaskFilter(limit: 2)) == "ed")
        #expect(try await ids(TaskFilter(limit: -1)) == "")
        #expect(try await ids(TaskFilter(kinds: [.build])) == "a")
        #expect(try await ids(TaskFilter(kinds: [])) == "")
        #expect(try await ids(TaskFilter(states: [.complete, .processing])) == "edcb")
        #expect(try await ids(TaskFilter(before: 40, after: 10)) == "cb")
        #expect(try await ids(TaskFilter(plan: "p")) == "cba")
        #expect(try await ids(TaskFilter(states: [.complete], plan: "q", testCase: "x")) == "ed")
        #expect(try await ids(TaskFilter(plan: "p", testCase: "x")) == "b")
    }

    private func failure(opening path: String) -> ExecutionError? {
        do {
            _ = try SQLiteTaskStore(path: path)
            return nil
        } catch {
            return error as? ExecutionError
        }
    }

    @Test("a file that is no database is refused by name, with the remedy, and left untouched")
    func corrupted() throws {
        let content = Data(String(repeating: "not a database\n", count: 1000).utf8)
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/daemon", withIntermediateDirectories: true)
        try content.write(to: URL(filePath: folder.file))
        let error = try #require(failure(opening: folder.file))
        #expect(error.code == .storage)
        #expect(error.message.contains(folder.file) && error.message.contains("move the file away"))
        #expect(try Data(contentsOf: URL(filePath: folder.file)) == content)
    }

    @Test("a file of a newer version is refused and says to update")
    func newer() throws {
        do { _ = try SQLiteTaskStore(path: folder.file) }
        let queue = try DatabaseQueue(path: folder.file)
        try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 of the future')") }
        let error = try #require(failure(opening: folder.file))
        #expect(error.code == .storage)
        #expect(error.message.contains(folder.file) && error.message.contains("newer version"))
    }

    @Test("a record that cannot be read names the file instead of a decoder's words")
    func unreadableRecord() async throws {
        let store = try SQLiteTaskStore(path: folder.file)
        try await store.save(task("a"))
        let queue = try DatabaseQueue(path: folder.file)
        try await queue.write { try $0.execute(sql: "UPDATE task SET document = '{}'") }
        await #expect {
            _ = try await store.task(id: "a")
        } throws: { error in
            (error as? ExecutionError)?.message.contains(folder.file) == true
        }
    }

    @Test("a place that cannot be a directory is refused by name")
    func noDirectory() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(folder.path)/daemon"))
        let error = try #require(failure(opening: folder.file))
        #expect(error.code == .storage && error.message.contains(folder.file))
    }
}
