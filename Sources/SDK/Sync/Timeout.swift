// A limit for a wait.

/// Runs `body` for at most `limit`; then cancels it, and waits for it to notice: everything in this library
/// does at once.
///
/// ```swift
/// try await withTimeout(.seconds(30), "waiting for the miners") {
///     try await run.sync.barrier("mined", target: 3)
/// }
/// ```
///
/// - Parameters:
///   - limit: the longest time.
///   - what: what is waited for, for the error.
/// - Throws: ``TestgroundError`` with code `timeout` when the limit has passed; what `body` throws otherwise.
public func withTimeout<Value: Sendable>(
    _ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() ?? nil else {
            throw TestgroundError(.timeout, "\(what) took longer than \(limit)")
        }
        return value
    }
}
