// The table of tasks and its rows.

import Execution
import Foundation
import GRDB

enum TaskSchema {
    /// Every change to the schema so far, in order. A migration that has been released is never altered.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 tasks") { database in
            // What is asked for by value has columns; the whole record stands in `document`.
            try database.create(table: TaskRow.databaseTableName) { table in
                table.primaryKey("id", .text)
                table.column("kind", .text).notNull()
                table.column("state", .text).notNull()
                table.column("created", .integer).notNull()
                table.column("plan", .text).notNull()
                table.column("testCase", .text).notNull()
                table.column("document", .text).notNull()
            }
            for columns in [["created"], ["state", "created"], ["plan", "testCase", "created"]] {
                try database.create(
                    indexOn: TaskRow.databaseTableName, columns: columns)
            }
        }
        return migrator
    }
}

/// A task as a row.
struct TaskRow: Codable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "task"

    enum Columns {
        static let id = Column("id")
        static let kind = Column("kind")
        static let state = Column("state")
        static let created = Column("created")
        static let plan = Column("plan")
        static let testCase = Column("testCase")
    }

    var id: String
    var kind: String
    var state: String
    /// Unix time in nanoseconds.
    var created: Int64
    var plan: String
    var testCase: String
    /// The record as JSON.
    var document: String

    init(_ task: TaskRecord) throws {
        id = task.id
        kind = task.kind.rawValue
        state = task.state.rawValue
        created = task.states.first?.created ?? 0
        plan = task.plan
        testCase = task.testCase
        document = String(decoding: try JSONEncoder().encode(task), as: UTF8.self)
    }

    func record() throws -> TaskRecord {
        try JSONDecoder().decode(TaskRecord.self, from: Data(document.utf8))
    }

    /// Tasks that wait or are worked on, oldest first.
    static func unfinished(_ database: Database) throws -> [TaskRecord] {
        let states = [TaskState.scheduled, .processing].map(\.rawValue)
        return try filter(states.contains(Columns.state)).order(Columns.created, Columns.id)
            .fetchAll(database).map { try $0.record() }
    }
}
