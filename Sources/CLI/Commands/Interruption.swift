// SIGINT and SIGTERM while a command works.

import Synchronization

enum Interruption {
    /// Runs the body and tells `heard` of every interrupt meanwhile, with its number counted from 1.
    static func watching<Value: Sendable>(
        _ platform: Platform, heard: @escaping @Sendable (Interrupt, Int) async -> Void,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                var count = 0
                for await interrupt in platform.interrupts {
                    count += 1
                    await heard(interrupt, count)
                }
                return nil
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    /// For commands that need no farewell: the first interrupt cancels the body, whose cleaning up is waited
    /// for; the second ends the process.
    static func cancelling(
        _ platform: Platform, _ body: @escaping @Sendable () async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let first = Mutex<Interrupt?>(nil)
        let work = Task { try await body() }
        do {
            let status = try await watching(platform) { interrupt, count in
                if count > 1 { platform.exitNow(interrupt.status) }
                first.withLock { $0 = interrupt }
                work.cancel()
            } _: {
                try await work.value
            }
            return first.withLock { $0 }?.status ?? status
        } catch {
            if let interrupt = first.withLock({ $0 }) { return interrupt.status }
            throw error
        }
    }
}
