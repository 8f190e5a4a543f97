// Carrying out one task: health, builds, the run, its record; every failure ends in the task's record.

import Execution
import InstanceContract
import TestgroundModel

extension Engine {
    /// Time a runner has beyond the run's limit and grace to end the run itself, before the engine cancels
    /// it.
    private static let runnerAllowance: Duration = .seconds(60)

    func carryOut(_ job: Job) async {
        var record = job.record
        record.states.append(DatedState(created: configuration.now(), state: .processing))
        let progress = TaskProgress(to: job.progress)
        var conclusion = TaskConclusion(task: record, run: nil, builds: [:], duration: 0)
        var journal: (any TaskJournal)?
        let startedAt = configuration.now()
        do {
            try await save(record)
            let opened = try recorder.begin(context(of: job, startedAt: startedAt))
            journal = opened
            progress.record(in: opened)
            record.result = try await perform(job, progress, &conclusion)
        } catch {
            record.error = Task.isCancelled ? cancelReason(record.id) : describe(error)
            record.result = TaskResult(
                outcome: Task.isCancelled ? .canceled : .failure,
                outcomes: conclusion.run.map(tally) ?? [:])
        }
        if record.result?.outcome == .canceled, record.error == nil {
            record.error = cancelReason(record.id)
        }
        conclusion.task = record
        conclusion.duration = Double(configuration.now() - startedAt) / 1e9
        do {
            try journal?.finish(conclusion)
        } catch {
            job.progress.report(
                .warning(Diagnostic(.warning, "the record is incomplete: \(describe(error))")))
            if record.error == nil { record.error = describe(error) }
        }
        await end(
            record.id, record: record, state: record.result?.outcome == .canceled ? .canceled : .complete)
    }

    private func context(of job: Job, startedAt: Int64) -> TaskContext {
        switch job.work {
        case .run(let run, let submission, _):
            TaskContext(
                id: job.record.id, kind: .run,
                directory: configuration.outputsDirectory(
                    runner: run.runner, plan: run.plan, run: job.record.id),
                run: run, seed: submission.seed, revision: submission.context.revision,
                composition: job.record.composition, startedAt: startedAt)
        case .build(let submission, _):
            TaskContext(
                id: job.record.id, kind: .build,
                directory: "\(configuration.tasksDirectory)/\(job.record.id)", run: nil, seed: 0,
                revision: submission.context.revision, composition: job.record.composition,
                startedAt: startedAt)
        }
    }

    private func perform(
        _ job: Job, _ progress: TaskProgress, _ conclusion: inout TaskConclusion
    ) async throws -> TaskResult {
        switch job.work {
        case .build(let submission, let session):
            let composition = submission.composition
            let results = try await build(composition.builds, session, submission.context, progress)
            conclusion.builds = results
            var artifacts: [String: String] = [:]
            for build in composition.builds {
                for group in build.groups { artifacts[group] = results[build.key]?.artifact.reference }
            }
            return TaskResult(outcome: .success, artifacts: artifacts)
        case .run(let run, let submission, let session):
            return try await perform(
                run, of: submission, session, id: job.record.id, progress, &conclusion)
        }
    }

    private func perform(
        _ run: RunPlan, of submission: RunSubmission, _ session: BuildSession, id: String,
        _ progress: TaskProgress, _ conclusion: inout TaskConclusion
    ) async throws -> TaskResult {
        let runner = try runner(run.runner)
        let keys = Set(run.groups.compactMap { if case .build(let key) = $0.artifact { key } else { nil } })
        let builds = submission.composition.builds.filter { keys.contains($0.key) }
        conclusion.builds = try await build(builds, session, submission.context, progress)
        progress.report(.phase(.built, count: builds.count, total: builds.count))

        var artifacts: [String: Artifact] = [:]
        for group in run.groups {
            switch group.artifact {
            case .build(let key): artifacts[group.id] = conclusion.builds[key]?.artifact
            case .existing(let reference):
                artifacts[group.id] =
                    runner.artifactKind == .image ? .image(reference) : .executable(path: reference)
            }
        }
        let request = RunRequest(
            runID: id, plan: run, artifacts: artifacts,
            outputsDirectory: configuration.outputsDirectory(runner: run.runner, plan: run.plan, run: id),
            workDirectory: configuration.workDirectory(of: run.runner), revision: submission.context.revision,
            seed: submission.seed, timeLimit: submission.timeLimit, grace: submission.grace,
            environment: submission.context.environment)
        try await checkHealth(of: runner, for: request, progress)
        try Task.checkCancellation()
        let record = try await withLimit(
            submission.timeLimit + submission.grace + Self.runnerAllowance,
            message: "\(runner.id) did not end the run within its limit of \(submission.timeLimit)"
        ) {
            try await runner.run(request, progress: progress)
        }
        conclusion.run = record
        if submission.requiresTrust, record.outcome == .success { try checkTrust(in: record) }
        return TaskResult(outcome: record.outcome, outcomes: tally(record))
    }

    private func checkTrust(in record: RunRecord) throws(ExecutionError) {
        guard let fidelity = record.fidelity else {
            throw ExecutionError(
                .untrusted, "the run had no shaped network, and a trusted one is required",
                details: record.warnings)
        }
        guard fidelity.isTrusted else {
            throw ExecutionError(
                .untrusted, "the run's network is not to be trusted, and a trusted one is required",
                details: fidelity.reasons)
        }
    }

    /// Successful and all instances of each group.
    private func tally(_ record: RunRecord) -> [String: GroupTally] {
        var tallies: [String: GroupTally] = [:]
        for instance in record.instances {
            tallies[instance.instance.group, default: GroupTally(ok: 0, total: 0)].total += 1
            if instance.outcome == .success { tallies[instance.instance.group]?.ok += 1 }
        }
        return tallies
    }

    /// Mends what can be mended before a run, and refuses to begin one that this machine cannot carry.
    private func checkHealth(
        of runner: any Runner, for request: RunRequest, _ progress: TaskProgress
    ) async throws {
        let context = HealthcheckContext(
            workDirectory: request.workDirectory, outputsDirectory: configuration.outputsDirectory,
            instances: request.plan.totalInstances, environment: request.environment, isBeforeRun: true)
        let report = await HealthcheckRun(runner.healthcheck(context), fixing: true).report()
        for fix in report.fixes where fix.status == .ok {
            progress.report(.note("\(fix.name): \(fix.message)"))
        }
        let failed = report.unmended
        guard failed.isEmpty else {
            throw ExecutionError(
                .resources,
                "\(runner.id) cannot carry \(request.plan.totalInstances) instances on this machine",
                details: failed.map { "\($0.name): \($0.message)" })
        }
    }

    // MARK: Builds

    private func build(
        _ builds: [BuildPlan], _ session: BuildSession, _ context: SubmissionContext,
        _ progress: TaskProgress
    ) async throws -> [String: BuildResult] {
        let limit = max(1, context.concurrentBuilds)
        let seconds = configuration.buildTimeLimit
        return try await withLimit(seconds, message: "the builds took longer than their limit of \(seconds)")
        {
            try await withThrowingTaskGroup(of: (String, BuildResult).self) { group in
                var results: [String: BuildResult] = [:]
                for (index, build) in builds.enumerated() {
                    if index >= limit, let (key, result) = try await group.next() { results[key] = result }
                    group.addTask { (build.key, try await session.result(of: build, progress: progress)) }
                }
                for try await (key, result) in group { results[key] = result }
                return results
            }
        }
    }

    /// Does one build for real; called once for each build of a submission.
    func carryOut(
        _ build: BuildPlan, _ context: SubmissionContext, _ progress: any ProgressSink
    ) async throws -> BuildResult {
        let builder = try builder(build.builder)
        var sources = context.sources
        sources.extra = context.extraSources[build.builder] ?? []
        let request = BuildRequest(
            build: build, sources: sources, workDirectory: configuration.workDirectory(of: build.builder),
            environment: context.environment)
        progress.report(.buildStarted(key: build.key, builder: build.builder, groups: build.groups))
        let clock = ContinuousClock()
        let start = clock.now
        let result = try await builder.build(request, progress: progress)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        progress.report(.buildFinished(key: build.key, result: result, seconds: seconds))
        return result
    }

    // MARK: Limits and words

    /// Runs the body; when the limit is over it is cancelled, and that is the error.
    ///
    /// Cancelled from outside, the body still has the last word: what it brings back is not lost.
    private func withLimit<Value: Sendable>(
        _ limit: Duration, message: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                guard (try? await Task.sleep(for: limit)) != nil else { return nil }
                throw ExecutionError(.resources, message)
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    private func describe(_ error: any Error) -> String {
        switch error {
        case let error as ExecutionError: error.description
        case is CancellationError: "canceled"
        default: "\(error)"
        }
    }
}
