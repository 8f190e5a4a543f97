// Work that waits for a disk, on a thread of its own.

import LinuxSystem

enum BlockingWork {
    /// Runs the body on a thread of its own; `Task.isCancelled` means the calling task's there too.
    static func run<Value: Sendable>(
        _ name: String, _ body: @Sendable () throws -> Value
    ) async throws -> Value {
        try await withTaskExecutorPreference(ThreadExecutor(name: name)) { try body() }
    }
}

/// Runs each job on a new thread: for the few that block long.
private final class ThreadExecutor: TaskExecutor {
    private let name: String

    init(name: String) {
        self.name = name
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do {
            try NamedThread.start(name) { [self] in
                job.runSynchronously(on: asUnownedTaskExecutor())
            }.detach()
        } catch {
            // A machine that allows no further thread: better late than never.
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
