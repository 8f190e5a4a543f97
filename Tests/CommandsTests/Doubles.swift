// Consoles, stores and a platform for tests.

import Execution
import Foundation
import RunResults
import Synchronization
import TestgroundModel

@testable import Commands

/// Keeps what is written.
final class RecordingOutput: TextOutput {
    private let state = Mutex("")

    var text: String { state.withLock { $0 } }

    func write(_ text: String) throws { state.withLock { $0 += text } }
}

/// Writes nothing until it is opened, like a terminal stopped with Ctrl-S.
final class StoppedOutput: TextOutput {
    private let gate = DispatchSemaphore(value: 0)
    let record = RecordingOutput()

    func open() { gate.signal() }

    func write(_ text: String) throws {
        gate.wait()
        try record.write(text)
        gate.signal()
    }
}

struct ClosedOutput: TextOutput {
    func write(_ text: String) throws { throw CocoaError(.fileWriteUnknown) }
}

/// A console that is no terminal, and what was written on it.
struct TestConsole {
    let output = RecordingOutput()
    let errors = RecordingOutput()

    var console: Console { Console(output: ConsoleStream(output), errors: ConsoleStream(errors)) }
}

/// Tasks in memory.
actor MemoryStore: TaskStore {
    private var records: [String: TaskRecord] = [:]

    init(_ tasks: [TaskRecord] = []) {
        for task in tasks { records[task.id] = task }
    }

    func save(_ task: TaskRecord) { records[task.id] = task }

    func task(id: String) -> TaskRecord? { records[id] }

    func tasks(_ filter: TaskFilter) -> [TaskRecord] {
        let chosen = records.values.filter { task in
            filter.plan.map { $0 == task.plan } ?? true
                && filter.states.map { $0.contains(task.state) } ?? true
                && filter.kinds.map { $0.contains(task.kind) } ?? true
        }
        return Array(chosen.sorted { $0.createdAt > $1.createdAt }.prefix(filter.limit))
    }

    func markInterrupted(
        at unixNanoseconds: Int64, reason: String, isAlive: @Sendable (TaskOwner) -> Bool
    ) -> [TaskRecord] { [] }
}

/// A directory of its own, removed with the value.
final class TemporaryHome {
    let path: String
    var home: TestgroundHome { TestgroundHome(path: path) }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to file: String) throws {
        let url = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}

extension Platform {
    /// A platform with doubles in place of everything that touches the machine.
    static func double(
        _ console: Console, home: TestgroundHome, store: any TaskStore = MemoryStore(),
        builders: [any Builder] = [],
        runners: [any Runner] = [], interrupts: AsyncStream<Interrupt> = AsyncStream { _ in }
    ) -> Platform {
        let counter = Mutex(0)
        return Platform(
            program: ProgramDescription(version: "1.2.3", operatingSystem: "Linux", processors: 2),
            home: home,
            currentDirectory: home.path, environment: ["HOME": home.path], console: console,
            builders: builders,
            runners: runners, openStore: { _ in store }, owner: nil, isAlive: { _ in true },
            now: { Int64(Date().timeIntervalSince1970 * 1e9) },
            makeID: {
                counter.withLock { count in
                    count += 1
                    return "task\(count)"
                }
            },
            makeSeed: { 42 }, interrupts: interrupts, exitNow: { _ in },
            serveSync: { host, port, ready in ready("\(host):\(port)") }, runTool: { _, _ in 0 })
    }
}
