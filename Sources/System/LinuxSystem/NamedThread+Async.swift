// Blocking work on a thread of its own, awaited by a task.

extension NamedThread {
    /// Runs the body on a new thread and waits, without blocking the caller's, for what it answers.
    ///
    /// The body does not learn of the task's cancellation: it must be bounded by itself.
    /// - Throws: what the body throws, or `SystemError` when there may be no further thread.
    package static func run<Result: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try start(name) { continuation.resume(with: Swift.Result(catching: body)) }.detach()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
