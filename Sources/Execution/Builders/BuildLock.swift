// One build at a time in a scratch space, also across processes.

import LinuxSystem
import Synchronization

enum BuildLock {
    /// Runs the body while holding the lock on the file, whose directory must exist.
    ///
    /// - Parameter waiting: called once when somebody else holds the lock.
    static func hold<Value: Sendable>(
        _ path: String, waiting: () -> Void, body: () async throws -> Value
    ) async throws -> Value {
        let lock: HeldLock
        if let free = try FileLock.tryAcquire(path) {
            lock = HeldLock(free)
        } else {
            waiting()
            lock = try await wait(for: path)
        }
        defer { withExtendedLifetime(lock) {} }
        return try await body()
    }

    /// flock(2) cannot be cancelled: the thread that waits in it is left behind by a cancelled task, ends
    /// when the other holder does, and lets go at once.
    private static func wait(for path: String) async throws -> HeldLock {
        let waiter = LockWaiter()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard waiter.begin(continuation) else { return }
                do {
                    try NamedThread.start("build-lock") {
                        waiter.end(Result { HeldLock(try FileLock.acquire(path)) })
                    }.detach()
                } catch {
                    waiter.end(.failure(error))
                }
            }
        } onCancel: {
            waiter.end(.failure(CancellationError()))
        }
    }
}

private final class HeldLock: Sendable {
    private let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }
}

/// Resumes a waiting task once, by whoever comes first: the lock or the cancellation.
private final class LockWaiter: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<HeldLock, any Error>)
        case ended
    }

    private let state = Mutex(State.idle)

    /// False when it has ended already; the continuation is resumed then.
    func begin(_ continuation: CheckedContinuation<HeldLock, any Error>) -> Bool {
        let isIdle = state.withLock { state in
            guard case .idle = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isIdle { continuation.resume(throwing: CancellationError()) }
        return isIdle
    }

    func end(_ result: Result<HeldLock, any Error>) {
        let continuation: CheckedContinuation<HeldLock, any Error>? = state.withLock { state in
            defer { state = .ended }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
