// The engine: takes builds and runs, queues them, carries them out one after the other, and knows how each
// ended.
//
// Engine.swift            what callers see: submit, wait, cancel, tasks
// Engine+Work.swift       carrying one task out: health, builds, the run, its record
// TaskQueue.swift         who goes next, decided purely
// BuildSession.swift      builds shared between tasks

package import Execution
package import TestgroundModel

/// Carries out builds and runs.
///
/// `run()` must be running for tasks to proceed; when it is cancelled, so is every task. Nothing is thrown
/// for a plan that fails: the task's record says so.
package actor Engine {
    let builders: [String: any Builder]
    let runners: [String: any Runner]
    let store: any TaskStore
    let recorder: any TaskRecorder
    let configuration: EngineConfiguration

    private var queue: TaskQueue
    private var jobs: [String: Job] = [:]
    private var working: [String: Task<Void, Never>] = [:]
    private var cancelReasons: [String: String] = [:]
    private var waiters: [String: [CheckedContinuation<TaskRecord, Never>]] = [:]
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    package init(
        builders: [any Builder], runners: [any Runner], store: any TaskStore, recorder: any TaskRecorder,
        configuration: EngineConfiguration
    ) {
        self.builders = Dictionary(builders.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.runners = Dictionary(runners.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.store = store
        self.recorder = recorder
        self.configuration = configuration
        queue = TaskQueue(workers: configuration.workers, limit: configuration.queueLimit)
        // One pending wake-up is enough: whoever wakes looks at the whole queue.
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// A task that has not ended: its record, and what it takes to carry it out.
    struct Job: Sendable {
        var record: TaskRecord
        var work: Work
        var progress: any ProgressSink
    }

    enum Work: Sendable {
        case run(RunPlan, RunSubmission, BuildSession)
        case build(BuildSubmission, BuildSession)
    }

    // MARK: Callers

    /// Works on queued tasks until cancelled; then every task that has not ended is canceled, and its
    /// instances are gone, when this returns.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in wakeUps {
                while let id = queue.next() {
                    group.addTask { await self.work(on: id) }
                }
            }
            for id in jobs.keys { await cancel(id, reason: "the program is stopping") }
        }
    }

    /// Queues every run of the composition, in its order; all report to one sink.
    ///
    /// - Throws: `ExecutionError` when a builder or runner is unknown or does not fit, or the queue is full.
    package func submit(
        _ submission: RunSubmission, progress: any ProgressSink
    ) async throws -> [SubmittedRun] {
        try await submit(submission) { _ in progress }
    }

    /// Queues every run of the composition, in its order, each with a sink of its own.
    ///
    /// - Throws: `ExecutionError` when a builder or runner is unknown or does not fit, or the queue is full.
    package func submit(
        _ submission: RunSubmission, progress: @Sendable (RunPlan) -> any ProgressSink
    ) async throws -> [SubmittedRun] {
        let composition = submission.composition
        for run in composition.runs { try check(run, builds: composition.builds) }
        let session = BuildSession { [self] build, progress in
            try await carryOut(build, submission.context, progress)
        }
        var submitted: [SubmittedRun] = []
        for run in composition.runs {
            let record = newRecord(
                .run, plan: run.plan, testCase: run.testCase, runner: run.runner, submission.context)
            try await enqueue(
                Job(record: record, work: .run(run, submission, session), progress: progress(run)))
            submitted.append(SubmittedRun(run: run.id, task: record.id))
        }
        return submitted
    }

    /// Queues the composition's builds as one task and returns its id.
    ///
    /// - Throws: `ExecutionError` when a builder is unknown, or the queue is full.
    package func submit(_ submission: BuildSubmission, progress: any ProgressSink) async throws -> String {
        let composition = submission.composition
        for build in composition.builds { _ = try builder(build.builder) }
        let session = BuildSession { [self] build, progress in
            try await carryOut(build, submission.context, progress)
        }
        let record = newRecord(
            .build, plan: composition.plan, testCase: composition.testCase, runner: "", submission.context)
        try await enqueue(Job(record: record, work: .build(submission, session), progress: progress))
        return record.id
    }

    /// The task's record when it has ended.
    ///
    /// - Throws: `ExecutionError` with the code `notFound` for an id that neither engine nor store knows.
    package func wait(_ id: String) async throws -> TaskRecord {
        if jobs[id] != nil {
            return await withCheckedContinuation { waiters[id, default: []].append($0) }
        }
        guard let record = try await store.task(id: id) else {
            throw ExecutionError(.notFound, "there is no task \(id); `testground tasks` lists them")
        }
        return record
    }

    /// Cancels a task that waits or runs; one that has ended stays as it is.
    package func cancel(_ id: String, reason: String) async {
        switch queue.cancel(id) {
        case .removed:
            guard var record = jobs[id]?.record else { return }
            record.error = reason
            await end(id, record: record, state: .canceled)
        case .running:
            cancelReasons[id] = reason
            working[id]?.cancel()
        case .unknown:
            break
        }
    }

    /// Cancels a task and spares its instances the grace: for a person who will not wait.
    package func kill(_ id: String, reason: String) async {
        await cancel(id, reason: reason)
        guard case .run(let run, _, _) = jobs[id]?.work else { return }
        await runners[run.runner]?.kill(run: id)
    }

    // MARK: The queue

    private func newRecord(
        _ kind: TaskKind, plan: String, testCase: String, runner: String, _ context: SubmissionContext
    ) -> TaskRecord {
        TaskRecord(
            id: configuration.makeID(), kind: kind, priority: context.priority, plan: plan,
            testCase: testCase, runner: runner,
            states: [DatedState(created: configuration.now(), state: .scheduled)],
            composition: context.composition, createdBy: context.author, owner: configuration.owner)
    }

    private func enqueue(_ job: Job) async throws {
        let record = job.record
        try await store.save(record)
        jobs[record.id] = job
        let author = record.createdBy
        let isUnique = record.kind == .run && !author.repo.isEmpty && !author.branch.isEmpty
        let entry = TaskQueue.Entry(
            id: record.id, priority: record.priority,
            uniqueKey: isUnique ? .init(repo: author.repo, branch: author.branch) : nil)
        switch queue.add(entry) {
        case .accepted(let displaced):
            if let displaced, var old = jobs[displaced]?.record {
                old.error =
                    "displaced by the newer task \(record.id) for \(author.repo), branch \(author.branch)"
                await end(displaced, record: old, state: .canceled)
            }
            wakeUp.yield()
        case .full(let limit):
            var refused = record
            refused.error = "the queue is full"
            await end(record.id, record: refused, state: .canceled)
            throw ExecutionError(
                .queueFull,
                "the queue holds its limit of \(limit) waiting tasks; wait for some to end, or raise "
                    + "`queue_size` under [daemon.scheduler] in .env.toml")
        }
    }

    /// Carries out one task, so that cancelling it leaves the others alone.
    private func work(on id: String) async {
        guard let job = jobs[id] else { return queue.finish(id) }
        let work = Task { await self.carryOut(job) }
        working[id] = work
        // It may have been cancelled between leaving the queue and here.
        if cancelReasons[id] != nil { work.cancel() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        working[id] = nil
        queue.finish(id)
        wakeUp.yield()
    }

    /// Why the task was cancelled.
    func cancelReason(_ id: String) -> String {
        cancelReasons[id] ?? "the program is stopping"
    }

    /// Stores the record, also on behalf of a cancelled task: its end must be on disk like any other.
    func save(_ record: TaskRecord) async throws {
        try await Task { [store] in try await store.save(record) }.value
    }

    /// Stores the task's last state and tells everyone who waits.
    func end(_ id: String, record: TaskRecord, state: TaskState) async {
        var record = record
        record.states.append(DatedState(created: configuration.now(), state: state))
        if state == .canceled, record.result == nil { record.result = TaskResult(outcome: .canceled) }
        do {
            try await save(record)
        } catch {
            jobs[id]?.progress.report(
                .warning(Diagnostic(.warning, "the end of task \(id) could not be stored: \(error)")))
        }
        jobs[id] = nil
        cancelReasons[id] = nil
        for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.resume(returning: record) }
    }

    // MARK: Builders and runners

    func builder(_ id: String) throws -> any Builder {
        guard let builder = builders[id] else {
            throw ExecutionError(
                .unknownBuilder,
                "there is no builder \"\(id)\"; known: \(builders.keys.sorted().joined(separator: ", "))")
        }
        return builder
    }

    func runner(_ id: String) throws -> any Runner {
        guard let runner = runners[id] else {
            throw ExecutionError(
                .unknownRunner,
                "there is no runner \"\(id)\"; known: \(runners.keys.sorted().joined(separator: ", "))")
        }
        return runner
    }

    /// Refuses a run whose builders do not make what its runner takes.
    private func check(_ run: RunPlan, builds: [BuildPlan]) throws {
        let runner = try runner(run.runner)
        for group in run.groups {
            guard case .build(let key) = group.artifact else { continue }
            guard let build = builds.first(where: { $0.key == key }) else {
                throw ExecutionError(.artifactMissing, "group \"\(group.id)\" has neither build nor artifact")
            }
            let made = try builder(build.builder).artifactKind
            if made != runner.artifactKind {
                throw ExecutionError(
                    .incompatible,
                    "group \"\(group.id)\" is built by \(build.builder), which makes an "
                        + "\(made.rawValue), but \(runner.id) takes an \(runner.artifactKind.rawValue); "
                        + "choose another builder or runner")
            }
        }
    }
}
