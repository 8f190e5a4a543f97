// `tasks`, `status` and `logs`: what was asked for on this machine, how it went, what it said.

import ArgumentParser
import Execution
import RunResults
import TestgroundModel

struct TasksCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "List builds and runs, the newest first.",
        discussion: """
            testground tasks                          the last 20
            testground tasks --plan network/ping -n 5
            testground tasks --state processing       what runs now
            """)

    @Option(name: [.customShort("n"), .long], help: "At most so many.")
    var limit = 20

    @Option(name: [.short, .long], help: ArgumentHelp("Only of this plan.", valueName: "plan"))
    var plan: String?

    @Option(
        name: [.customShort("t"), .long], help: ArgumentHelp("Only of this test case.", valueName: "case"))
    var testcase: String?

    @Option(help: "Only in this state: scheduled, processing, complete or canceled.")
    var state: TaskState?

    @Option(help: "Only of this kind: build or run.")
    var type: TaskKind?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit must be at least 1.") }
    }

    func run(on platform: Platform) async throws -> ExitStatus {
        let store = try await TaskAccess.store(platform)
        let tasks = try await store.tasks(
            TaskFilter(
                kinds: type.map { [$0] }, states: state.map { [$0] }, plan: plan, testCase: testcase,
                limit: limit))
        if global.json {
            for task in tasks { platform.console.print(JSONText.line(task)) }
        } else if tasks.isEmpty {
            platform.console.remark("no tasks yet; `testground run single --plan <plan>` makes one")
        } else {
            platform.console.print(TaskText.table(tasks, now: platform.now(), style: platform.console.style))
        }
        return .success
    }
}

struct StatusCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how a task went, or how far it is.",
        discussion: """
            testground status                         the newest task
            testground status -t <id> --extended      with every instance and the composition
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("The task's id; the newest if left out.", valueName: "id"))
    var task: String?

    @Flag(help: "Show every instance, every state, and the composition too.")
    var extended = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let store = try await TaskAccess.store(platform)
        let record = try await TaskAccess.task(task, in: store)
        let directory = TaskAccess.directory(of: record, platform)
        let summary = directory.flatMap { try? OutputsDirectory.summary(in: $0) }
        let console = platform.console
        if global.json {
            if extended, let summary {
                console.print(JSONText.document(summary))
            } else {
                console.print(JSONText.document(record))
            }
            return .success
        }
        console.print(TaskText.status(record, now: platform.now(), style: console.style))
        if record.isEnded {
            let verdict = VerdictSource.verdict(of: record, summary: summary, directory: directory)
            console.print(verdict.text(style: console.style))
        }
        if extended {
            if let summary { console.print(TaskText.instances(summary, style: console.style)) }
            console.print(TaskText.composition(record.composition, style: console.style))
        }
        return .success
    }
}

struct LogsCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what happened in a task, as it was shown while it ran.",
        discussion: """
            testground logs -t <id>         from the beginning to now
            testground logs -t <id> -f      and on, until the task ends

            What instances print beside their events lies in their outputs: see `testground status`.
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("The task's id; the newest if left out.", valueName: "id"))
    var task: String?

    @Flag(name: [.customShort("f"), .long], help: "Go on until the task ends.")
    var follow = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let store = try await TaskAccess.store(platform)
        let record = try await TaskAccess.task(task, in: store)
        try await JournalPrinter(platform: platform, store: store, flags: global).print(
            record, follow: follow)
        return .success
    }
}

extension TaskState: ExpressibleByArgument {
    package static var allValueStrings: [String] { ["scheduled", "processing", "complete", "canceled"] }
}

extension TaskKind: ExpressibleByArgument {
    package static var allValueStrings: [String] { ["build", "run"] }
}

/// Tasks in the store and on disk.
enum TaskAccess {
    /// Opens the store and marks what killed processes left unfinished.
    static func store(_ platform: Platform) async throws -> any TaskStore {
        let store = try await platform.openStore(platform.home)
        _ = try await store.markInterrupted(
            at: platform.now(), reason: "the program that carried it out was killed",
            isAlive: platform.isAlive)
        return store
    }

    /// The task with this id, or the newest.
    static func task(_ id: String?, in store: any TaskStore) async throws -> TaskRecord {
        if let id {
            if let task = try await store.task(id: id) { return task }
            throw CommandError.usage(
                "there is no task \(id)", remedy: "`testground tasks` lists tasks and their ids")
        }
        guard let newest = try await store.tasks(TaskFilter(limit: 1)).first else {
            throw CommandError.usage(
                "there are no tasks yet", remedy: "`testground run single --plan <plan>` makes one")
        }
        return newest
    }

    /// Where its journal lies, nil when work on it never began.
    static func directory(of task: TaskRecord, _ platform: Platform) -> String? {
        switch task.kind {
        case .run: platform.outputs.directory(ofRun: task.id, runner: task.runner)
        case .build: "\(platform.home.daemon)/\(task.id)"
        }
    }
}
