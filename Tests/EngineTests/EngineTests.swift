// The engine with parts made for tests: what a caller sees of queueing, building, running, failing and cancelling.

import Execution
import Synchronization
import TestgroundModel
import Testing

@testable import Engine

@Suite("The engine", .timeLimit(.minutes(1)))
struct EngineTests {
    private let store = MemoryStore()
    private let recorder = MemoryRecorder()
    private let sink = MemorySink()

    private func engine(
        builder: FakeBuilder = FakeBuilder(), runner: FakeRunner = FakeRunner(), workers: Int = 1
    ) -> Engine {
        let ids = Mutex(0)
        return Engine(
            builders: [builder], runners: [runner], store: store, recorder: recorder,
            configuration: EngineConfiguration(
                workers: workers, outputsDirectory: "/outputs", workDirectory: "/work",
                tasksDirectory: "/tasks", now: { 0 },
                makeID: {
                    ids.withLock {
                        $0 += 1
                        return "task\($0)"
                    }
                }))
    }

    private func composition(runs: Int = 1, groups: [String] = ["a"], builds: [BuildPlan]? = nil)
        -> RunSubmission
    {
        let builds = builds ?? [BuildPlan(key: "k", builder: "exec:fake", groups: groups)]
        let runs = (0..<runs).map { index in
            RunPlan(
                id: "run\(index)", plan: "plan", testCase: "case", runner: "local:fake",
                totalInstances: groups.count * 2,
                groups: groups.map { id in
                    RunGroupPlan(
                        id: id, instances: 2,
                        artifact: .build(key: builds.first { $0.groups.contains(id) }?.key ?? "none"))
                })
        }
        return RunSubmission(
            composition: PreparedComposition(plan: "plan", testCase: "case", builds: builds, runs: runs),
            context: context, seed: 7, timeLimit: .seconds(30))
    }

    private var context: SubmissionContext {
        SubmissionContext(sources: PlanSources(plan: "plan", directory: "/plan"), environment: [:])
    }

    /// Runs the engine for as long as the body takes.
    private func withRunning<Value: Sendable>(
        _ engine: Engine, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await engine.run()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    @Test("a run passes scheduled, processing and complete, and counts the instances that succeeded")
    func success() async throws {
        let engine = engine()
        let submission = composition(groups: ["a", "b"])
        let record = try await withRunning(engine) { [sink] in
            let runs = try await engine.submit(submission, progress: sink)
            #expect(runs == [SubmittedRun(run: "run0", task: "task1")])
            return try await engine.wait("task1")
        }
        #expect(record.result?.outcome == .success)
        #expect(record.result?.outcomes == ["a": .init(ok: 2, total: 2), "b": .init(ok: 2, total: 2)])
        #expect(record.error == nil)
        #expect(await store.history["task1"] == [.scheduled, .processing, .complete])
        #expect(recorder.journal.conclusion?.run?.instances.count == 4)
    }

    @Test("a run that must be trusted fails with the reasons, and keeps its tallies")
    func untrusted() async throws {
        func fidelity(_ reasons: [String]) -> NetworkFidelity {
            NetworkFidelity(
                reasons: reasons, sent: 0, delivered: 0, deliveredBytes: 0, dropped: [:],
                lateness: .init(packets: 0, median: 0, percentile99: 0, maximum: 0, limit: 0),
                processors: .init(
                    observed: 0, saturated: 0, stolen: 0, switchRunning: 0, switchWaiting: 0))
        }
        for (fidelity, error) in [
            (fidelity([]), nil),
            (fidelity(["late"]), "is not to be trusted, and a trusted one is required\nlate"),
            (nil, "had no shaped network"),
        ] as [(NetworkFidelity?, String?)] {
            let runner = FakeRunner { request, _ in
                var record = RunRecord.made(of: request)
                record.fidelity = fidelity
                return record
            }
            let engine = engine(runner: runner)
            var submission = composition()
            submission.requiresTrust = true
            let record = try await withRunning(engine) { [sink, submission] in
                let run = try await engine.submit(submission, progress: sink)[0]
                return try await engine.wait(run.task)
            }
            #expect(record.result?.outcome == (error == nil ? .success : .failure))
            #expect(record.result?.outcomes == ["a": .init(ok: 2, total: 2)])
            #expect((record.error ?? "").contains(error ?? ""))
            #expect((record.error == nil) == (error == nil))
        }
    }

    @Test("a plan that fails is a result, not an error")
    func failedPlan() async throws {
        let runner = FakeRunner { request, _ in .made(of: request, outcome: .failure) }
        let engine = engine(runner: runner)
        let submission = composition()
        let record = try await withRunning(engine) { [sink] in
            _ = try await engine.submit(submission, progress: sink)
            return try await engine.wait("task1")
        }
        #expect(record.state == .complete)
        #expect(record.result?.outcome == .failure)
        #expect(record.error == nil)
    }

    @Test("a build that fails ends the task with the compiler's lines, and nothing is run")
    func failedBuild() async throws {
        let builder = FakeBuilder { _, _ in
            throw ExecutionError(.buildFailed, "plan does not build", details: ["main.swift:1:1: error: no"])
        }
        let runner = FakeRunner { _, _ in
            Issue.record("the runner was called")
            throw ExecutionError(.system, "unreachable")
        }
        let engine = engine(builder: builder, runner: runner)
        let submission = composition()
        let record = try await withRunning(engine) { [sink] in
            _ = try await engine.submit(submission, progress: sink)
            return try await engine.wait("task1")
        }
        #expect(record.result?.outcome == .failure)
        #expect(record.error == "plan does not build\nmain.swift:1:1: error: no")
    }

    @Test("runs of one composition share each build")
    func sharedBuilds() async throws {
        let built = Mutex<[String]>([])
        let builder = FakeBuilder { request, _ in
            built.withLock { $0.append(request.build.key) }
            return BuildResult(artifact: .executable(path: "/x"))
        }
        let engine = engine(builder: builder, workers: 2)
        let submission = composition(
            runs: 3, groups: ["a", "b"],
            builds: [
                BuildPlan(key: "one", builder: "exec:fake", groups: ["a"]),
                BuildPlan(key: "two", builder: "exec:fake", groups: ["b"]),
            ])
        try await withRunning(engine) { [sink] in
            for run in try await engine.submit(submission, progress: sink) {
                #expect(try await engine.wait(run.task).result?.outcome == .success)
            }
        }
        #expect(built.withLock { $0.sorted() } == ["one", "two"])
    }

    @Test("cancelling a running task reaches the runner, and the record says why")
    func cancelRunning() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let runner = FakeRunner { request, _ in
            start.yield()
            // Ends by cancellation only; the limit is there so that a broken engine fails the test.
            try? await Task.sleep(for: .seconds(30))
            return .made(of: request, outcome: .canceled, canceled: Task.isCancelled)
        }
        let engine = engine(runner: runner)
        let submission = composition()
        let record = try await withRunning(engine) { [sink] in
            _ = try await engine.submit(submission, progress: sink)
            for await _ in started { break }
            await engine.cancel("task1", reason: "interrupted by the user")
            return try await engine.wait("task1")
        }
        #expect(record.state == .canceled)
        #expect(record.result?.outcome == .canceled)
        #expect(record.error == "interrupted by the user")
        // What the runner brings back after a cancellation is part of the record.
        #expect(recorder.journal.conclusion?.run?.instances.map(\.outcome) == [.canceled, .canceled])
        #expect(await store.refusals == 0)
    }

    @Test("when the engine stops, every task that has not ended is canceled")
    func stopping() async throws {
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let runner = FakeRunner { request, _ in
            start.yield()
            try? await Task.sleep(for: .seconds(30))
            return .made(of: request, outcome: .canceled, canceled: true)
        }
        let engine = engine(runner: runner)
        let submission = composition(runs: 2)
        let records = try await withThrowingTaskGroup(of: Void.self) { [sink] group in
            group.addTask { await engine.run() }
            _ = try await engine.submit(submission, progress: sink)
            for await _ in started { break }
            group.cancelAll()
            return [try await engine.wait("task1"), try await engine.wait("task2")]
        }
        #expect(records.map(\.state) == [.canceled, .canceled])
        #expect(records.map(\.error) == ["the program is stopping", "the program is stopping"])
    }

    @Test("a builder whose artifact the runner does not take is refused before anything is queued")
    func incompatible() async throws {
        let engine = engine(builder: FakeBuilder(artifactKind: .image))
        let error = await #expect(throws: ExecutionError.self) {
            _ = try await engine.submit(composition(), progress: sink)
        }
        #expect(error?.code == .incompatible)
        #expect(error?.message.contains("exec:fake") == true && error?.message.contains("local:fake") == true)
        #expect(await store.history.isEmpty)
    }

    private struct Check: Healthcheck {
        var name: String
        var fault: String?

        func check() -> String? { fault }
        func fix() -> String? { nil }
    }

    @Test("a machine that cannot carry the run is refused before any instance starts, with every reason")
    func unhealthy() async throws {
        let checks = [
            Check(name: "disk", fault: nil), Check(name: "memory", fault: "1 MiB is free, 3 MiB are needed"),
        ]
        let runner = FakeRunner(checks: checks) { _, _ in
            Issue.record("the runner was called")
            throw ExecutionError(.system, "unreachable")
        }
        let engine = engine(runner: runner)
        let submission = composition()
        let record = try await withRunning(engine) { [sink] in
            _ = try await engine.submit(submission, progress: sink)
            return try await engine.wait("task1")
        }
        #expect(record.result?.outcome == .failure)
        #expect(record.error?.contains("memory: 1 MiB is free") == true)
        #expect(record.error?.contains("disk") == false)
    }

    @Test("the build's output goes to the journal of the task that asked for it")
    func buildOutputInJournal() async throws {
        let builder = FakeBuilder { request, progress in
            progress.report(.buildOutput(key: request.build.key, line: "compiling"))
            return BuildResult(artifact: .executable(path: "/x"))
        }
        let engine = engine(builder: builder)
        let submission = BuildSubmission(composition: composition().composition, context: context)
        let record = try await withRunning(engine) { [sink] in
            let id = try await engine.submit(submission, progress: sink)
            return try await engine.wait(id)
        }
        #expect(record.result?.artifacts == ["a": "/x"])
        let lines = recorder.journal.events.compactMap {
            if case .buildOutput(_, let line) = $0 { line } else { nil }
        }
        #expect(lines == ["compiling"])
    }
}
