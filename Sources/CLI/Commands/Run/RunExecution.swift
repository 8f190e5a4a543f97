// Carries prepared runs or builds out in a session and reports what they came to.

import Engine
import Execution
import Foundation
import RunResults
import Synchronization
import TestgroundModel

/// What a person wants done with the results of runs.
struct ResultOptions: Sendable {
    var collects = false
    /// The archive; nil for `<run>.tgz` in the current directory.
    var collectFile: String?
    /// Absolute path of the CSV file.
    var resultFile: String?
}

struct RunExecution: Sendable {
    var session: EngineSession
    var options: ResultOptions

    /// Submits the runs and waits for all of them.
    func carryOut(_ submission: RunSubmission) async throws -> ExitStatus {
        let runs = submission.composition.runs
        let session = self.session
        let submitted = try await session.engine.submit(submission) { run in
            RunProgress(session.progress, heading: Self.heading(run, of: runs))
        }
        if !session.interrupted.remember(submitted.map(\.task)) {
            for run in submitted { await session.engine.cancel(run.task, reason: "canceled") }
        }
        var results: [RunResult] = []
        var status = ExitStatus.success
        for run in submitted {
            let task = try await session.engine.wait(run.task)
            let result = report(task, run: run.run)
            results.append(result)
            if result.outcome != .success { status = .failed }
            if let file = options.resultFile { try ResultFile.write(results, to: file) }
        }
        if options.collects, !(await collect(results)), status == .success { status = .collectFailed }
        return status
    }

    /// Submits the builds and waits for them; returns the artifact of each group.
    func carryOut(_ submission: BuildSubmission) async throws -> (status: ExitStatus, task: TaskRecord) {
        let session = self.session
        let heading = RunHeading(title: "", groups: [])
        let id = try await session.engine.submit(
            submission, progress: RunProgress(session.progress, heading: heading))
        if !session.interrupted.remember([id]) { await session.engine.cancel(id, reason: "canceled") }
        let task = try await session.engine.wait(id)
        let result = RunResult(run: "", task: task, fidelity: nil, outputs: nil)
        session.progress.show(.object(BuildOutcome(task).data))
        session.progress.show(.text(BuildOutcome(task).text(style: session.platform.console.style)))
        if result.outcome == .failure {
            session.complaints.add(CommandError(.failed, task.error ?? "the build failed"))
        }
        return (result.outcome == .success ? .success : .failed, task)
    }

    // MARK: Parts

    private static func heading(_ run: RunPlan, of runs: [RunPlan]) -> RunHeading {
        let place = runs.firstIndex { $0.id == run.id }.map { $0 + 1 } ?? 1
        let title =
            runs.count > 1
            ? "run \(place) of \(runs.count): \(run.id), "
                + "\(Wording.count(run.totalInstances, "instance")) of \(run.plan)/\(run.testCase)" : ""
        return RunHeading(title: title, groups: run.groups.map { ($0.id, $0.instances) })
    }

    private func report(_ task: TaskRecord, run: String) -> RunResult {
        let directory = session.platform.outputs.directory(ofRun: task.id, runner: task.runner)
        let summary = directory.flatMap { try? OutputsDirectory.summary(in: $0) }
        var verdict = VerdictSource.verdict(of: task, summary: summary, directory: directory)
        if task.result?.outcome == .failure, let error = task.error {
            verdict.showsReason = false
            session.complaints.add(CommandError(.failed, error))
        }
        let result = RunResult(run: run, task: task, fidelity: summary?.fidelity, outputs: directory)
        session.progress.show(.text(verdict.text(style: session.platform.console.style)))
        session.progress.show(.object(result.data))
        return result
    }

    /// Packs the outputs of each run that has any; false when one could not be packed.
    private func collect(_ results: [RunResult]) async -> Bool {
        var isComplete = true
        for result in results where result.outputs != nil {
            let archive = archive(of: result, among: results.count)
            do {
                let packed = try await Collection.collect(
                    run: result.task, runner: nil, into: archive, session.platform)
                session.progress.show(.object(packed.data))
                session.progress.show(
                    .text("  packed   \(archive) (\(Wording.count(packed.files, "file")))\n"))
            } catch {
                isComplete = false
                session.complaints.add(CommandError.describing(error))
            }
        }
        return isComplete
    }

    /// With several runs a name given for one archive gets the run's id: `results-<run>.tgz`.
    private func archive(of result: RunResult, among count: Int) -> String {
        guard let file = options.collectFile else { return session.platform.absolute("\(result.task).tgz") }
        guard count > 1 else { return session.platform.absolute(file) }
        let url = URL(filePath: session.platform.absolute(file))
        let stem = url.deletingPathExtension().lastPathComponent
        let ending = url.pathExtension.isEmpty ? "" : "." + url.pathExtension
        return url.deletingLastPathComponent().appending(path: "\(stem)-\(result.run)\(ending)")
            .path(percentEncoded: false)
    }
}

/// One run's progress: its first event begins its display.
final class RunProgress: ProgressSink {
    private let queue: ProgressQueue
    private let heading: RunHeading
    private let hasBegun = Atomic(false)

    init(_ queue: ProgressQueue, heading: RunHeading) {
        self.queue = queue
        self.heading = heading
    }

    func report(_ event: ProgressEvent) {
        if !hasBegun.exchange(true, ordering: .relaxed) { queue.show(.began(heading)) }
        queue.report(event)
    }
}

/// The end of a build.
struct BuildOutcome: Encodable, Sendable {
    var kind = "result"
    var task: String
    var outcome: RunOutcome
    var artifacts: [String: String]
    var error: String?

    init(_ task: TaskRecord) {
        self.task = task.id
        outcome = task.result?.outcome ?? .unknown
        artifacts = task.result?.artifacts ?? [:]
        error = task.error
    }

    var data: Data { Data(JSONText.line(self).dropLast().utf8) }

    func text(style: Style) -> String {
        guard outcome == .success else {
            guard outcome == .canceled else { return "\n" + style(.boldRed, "✗ build FAILED") + "\n" }
            return "\n" + style(.boldYellow, "■ canceled") + "  \(VisibleText.escaped(error ?? ""))\n"
        }
        let width = artifacts.keys.map { VisibleText.columns(VisibleText.escaped($0)) }.max() ?? 0
        let lines = artifacts.sorted { $0.key < $1.key }.map { group, artifact in
            let name = VisibleText.padded(VisibleText.escaped(group), to: width)
            return "  \(name)  \(VisibleText.escaped(artifact))\n"
        }
        return "\n" + style(.boldGreen, "✓ built") + "\n" + lines.joined()
    }
}
