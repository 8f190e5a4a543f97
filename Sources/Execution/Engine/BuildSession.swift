// Builds shared by the tasks of one submission: each is done once, for as long as somebody waits for it.

import Execution
import TestgroundModel

/// Does each build of a submission at most once, whichever task asks first.
///
/// A build whose last waiting task has been cancelled is cancelled too; a cancelled task that shares a build
/// with others leaves when the build ends. A failed build fails everyone who asks.
actor BuildSession {
    private struct SharedBuild {
        var work: Task<BuildResult, any Error>
        /// Who waits for it and has not been cancelled.
        var waiting: Set<Int> = []
    }

    typealias Work = @Sendable (BuildPlan, any ProgressSink) async throws -> BuildResult

    private let perform: Work
    private var builds: [String: SharedBuild] = [:]
    private var lastWaiter = 0

    init(perform: @escaping Work) {
        self.perform = perform
    }

    /// The build's result; whoever asks first sees its progress.
    func result(of build: BuildPlan, progress: any ProgressSink) async throws -> BuildResult {
        let perform = self.perform
        lastWaiter += 1
        let waiter = lastWaiter
        let work = builds[build.key]?.work ?? Task { try await perform(build, progress) }
        builds[build.key, default: SharedBuild(work: work)].waiting.insert(waiter)
        return try await withTaskCancellationHandler {
            defer { builds[build.key]?.waiting.remove(waiter) }
            return try await work.value
        } onCancel: {
            Task { await self.leave(waiter, of: build.key) }
        }
    }

    private func leave(_ waiter: Int, of key: String) {
        guard builds[key]?.waiting.remove(waiter) != nil, builds[key]?.waiting.isEmpty == true else { return }
        builds[key]?.work.cancel()
        builds[key] = nil
    }
}
