// Tasks in an SQLite file, shared by every testground process of a home.
//
// SQLiteTaskStore.swift   opening, saving, finding, marking what was interrupted
// TaskSchema.swift        the table, its migrations, and rows from and to records

package import Execution
import Foundation
import GRDB

/// Keeps tasks in one SQLite file in WAL mode, in which readers and a writer of several processes do not
/// hold each other up.
package struct SQLiteTaskStore: TaskStore {
    private let path: String
    private let database: DatabasePool

    /// Longest wait for another process's write, in seconds: a write takes milliseconds, a slow disk's sync
    /// maybe a second.
    private static let busyTimeout = 10.0

    /// More tasks than this are never listed at once.
    private static let longestList = 10_000

    /// Opens the file, and makes it and its directory when they are missing.
    ///
    /// - Throws: `ExecutionError` with code `storage`, naming the file and the remedy, when it is damaged,
    ///   belongs to a newer version, or cannot be written.
    package init(path: String) throws {
        self.path = path
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.label = "tasks"
        do {
            let directory = URL(filePath: path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            database = try DatabasePool(path: path, configuration: configuration)
            let migrator = TaskSchema.migrator
            guard try !database.read(migrator.hasBeenSuperseded) else {
                throw ExecutionError(
                    .storage,
                    "\(path) was written by a newer version of testground: update testground, or move the "
                        + "file away to begin a new history")
            }
            try migrator.migrate(database)
        } catch {
            throw Self.explain(error, path)
        }
    }

    package func save(_ task: TaskRecord) async throws {
        try await explaining {
            let row = try TaskRow(task)
            try await database.write { try row.upsert($0) }
        }
    }

    package func task(id: String) async throws -> TaskRecord? {
        try await explaining {
            try await database.read { try TaskRow.fetchOne($0, key: id)?.record() }
        }
    }

    package func tasks(_ filter: TaskFilter) async throws -> [TaskRecord] {
        try await explaining {
            try await database.read { database in
                var request = TaskRow.all()
                if let kinds = filter.kinds {
                    request = request.filter(kinds.map(\.rawValue).contains(TaskRow.Columns.kind))
                }
                if let states = filter.states {
                    request = request.filter(states.map(\.rawValue).contains(TaskRow.Columns.state))
                }
                if let before = filter.before { request = request.filter(TaskRow.Columns.created < before) }
                if let after = filter.after { request = request.filter(TaskRow.Columns.created > after) }
                if let plan = filter.plan { request = request.filter(TaskRow.Columns.plan == plan) }
                if let testCase = filter.testCase {
                    request = request.filter(TaskRow.Columns.testCase == testCase)
                }
                // Ids ascend with time: they order tasks made in the same instant.
                return
                    try request
                    .order(TaskRow.Columns.created.desc, TaskRow.Columns.id.desc)
                    .limit(max(0, min(filter.limit, Self.longestList)))
                    .fetchAll(database).map { try $0.record() }
            }
        }
    }

    /// A task without an owner is nobody's, hence interrupted too.
    package func markInterrupted(
        at unixNanoseconds: Int64, reason: String, isAlive: @Sendable (TaskOwner) -> Bool
    ) async throws -> [TaskRecord] {
        try await explaining {
            let owners = try await database.read { try Set(TaskRow.unfinished($0).compactMap(\.owner)) }
            // Who is gone stays gone; the transaction looks at the tasks anew, whose owner may have
            // ended them, or another process marked them, since.
            let gone = owners.filter { !isAlive($0) }
            return try await database.write { database in
                try TaskRow.unfinished(database)
                    .filter { $0.owner.map(gone.contains) ?? true }
                    .map { task in
                        var task = task
                        task.states.append(DatedState(created: unixNanoseconds, state: .canceled))
                        task.error = reason
                        task.result = TaskResult(outcome: .canceled)
                        try TaskRow(task).update(database)
                        return task
                    }
            }
        }
    }

    // MARK: Errors

    private func explaining<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw Self.explain(error, path)
        }
    }

    private static func explain(_ error: any Error, _ path: String) -> any Error {
        if error is CancellationError || error is ExecutionError { return error }
        let newHistory = "move the file away to begin a new history"
        let message =
            switch (error as? DatabaseError)?.resultCode {
            case .some(.SQLITE_CORRUPT), .some(.SQLITE_NOTADB):
                "\(path) is damaged or no task database: \(newHistory)"
            case .some(.SQLITE_BUSY):
                "\(path) was locked by another process for over \(Int(busyTimeout)) s: end that process"
            case .some(.SQLITE_FULL):
                "\(path) cannot grow, the disk is full: free some space"
            case .some(.SQLITE_CANTOPEN), .some(.SQLITE_READONLY), .some(.SQLITE_PERM), .some(.SQLITE_IOERR):
                "\(path) cannot be opened for writing: check its permissions and those of its directory"
            case .some(let code):
                "\(path): \((error as? DatabaseError)?.message ?? "SQLite error \(code.rawValue)")"
            case nil where error is DecodingError || error is RowDecodingError:
                "\(path) holds a task that cannot be read: update testground, or \(newHistory)"
            case nil:
                "\(path) cannot be used: \((error as NSError).localizedDescription)"
            }
        return ExecutionError(.storage, message)
    }
}
