// Parts of the engine made for tests: a store in memory, a journal in memory, builders and runners that do as told.

import Execution
import InstanceContract
import Synchronization
import TestgroundModel

@testable import Engine

actor MemoryStore: TaskStore {
    private var records: [String: TaskRecord] = [:]
    private(set) var history: [String: [TaskState]] = [:]

    /// Writes asked for by a cancelled task, which a real database would refuse.
    private(set) var refusals = 0

    func save(_ task: TaskRecord) {
        if Task.isCancelled { refusals += 1 }
        records[task.id] = task
        history[task.id, default: []].append(task.state)
    }

    func task(id: String) -> TaskRecord? { records[id] }

    func tasks(_ filter: TaskFilter) -> [TaskRecord] { Array(records.values) }

    func markInterrupted(
        at unixNanoseconds: Int64, reason: String, isAlive: @Sendable (TaskOwner) -> Bool
    ) -> [TaskRecord] { [] }
}

/// Remembers every event.
final class MemorySink: TaskJournal {
    private let state = Mutex<(events: [ProgressEvent], conclusion: TaskConclusion?)>(([], nil))

    var events: [ProgressEvent] { state.withLock { $0.events } }
    var conclusion: TaskConclusion? { state.withLock { $0.conclusion } }

    func report(_ event: ProgressEvent) { state.withLock { $0.events.append(event) } }

    func finish(_ conclusion: TaskConclusion) { state.withLock { $0.conclusion = conclusion } }
}

struct MemoryRecorder: TaskRecorder {
    let journal = MemorySink()

    func begin(_ context: TaskContext) -> any TaskJournal { journal }
}

/// Builds by calling a closure.
struct FakeBuilder: Builder {
    var id = "exec:fake"
    var artifactKind = ArtifactKind.executable
    var configurationKeys: [String] { [] }
    var work: @Sendable (BuildRequest, any ProgressSink) async throws -> BuildResult = { request, _ in
        BuildResult(artifact: .executable(path: "/artifacts/\(request.build.key)"))
    }

    func build(_ request: BuildRequest, progress: any ProgressSink) async throws -> BuildResult {
        try await work(request, progress)
    }

    func purge(plan: String, workDirectory: String, progress: any ProgressSink) {}
    func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck] { [] }
}

/// Runs by calling a closure.
struct FakeRunner: Runner {
    var id = "local:fake"
    var artifactKind = ArtifactKind.executable
    var configurationKeys: [String] { [] }
    var checks: [any Healthcheck] = []
    var work: @Sendable (RunRequest, any ProgressSink) async throws -> RunRecord = { request, _ in
        .made(of: request)
    }

    func run(_ request: RunRequest, progress: any ProgressSink) async throws -> RunRecord {
        try await work(request, progress)
    }

    func terminateAll(workDirectory: String, progress: any ProgressSink) -> Int { 0 }
    func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck] { checks }
}

extension RunRecord {
    /// A record in which every instance of the request ended with the outcome.
    static func made(
        of request: RunRequest, outcome: InstanceOutcome = .success, canceled: Bool = false
    ) -> RunRecord {
        let instances = request.plan.groups.flatMap { group in
            (0..<group.instances).map {
                InstanceRecord(
                    instance: InstanceReference(group: group.id, index: $0), outcome: outcome)
            }
        }
        return RunRecord(
            runID: request.runID, startedAtUnixNanoseconds: 0, duration: 1, phases: [], instances: instances,
            canceled: canceled)
    }
}
