// What a subscription has received and its reader has not taken yet, within limits.

import Synchronization

/// A bounded queue between the connection's thread and a reading task.
final class SubscriptionQueue: Sendable {
    private struct State {
        var entries: [String] = []
        /// Entries at the front that are taken already.
        var taken = 0
        var bytes = 0
        var readers: [(id: UInt64, continuation: CheckedContinuation<String, any Error>)] = []
        var lastReader: UInt64 = 0
        var failure: SyncClientError?

        mutating func take() -> String? {
            guard taken < entries.count else { return nil }
            let entry = entries[taken]
            bytes -= entry.utf8.count
            taken += 1
            if taken == entries.count || taken > 1024 {
                entries.removeFirst(taken)
                taken = 0
            }
            return entry
        }
    }

    private let state = Mutex(State())
    private let maximumEntries: Int
    private let maximumBytes: Int

    init(maximumEntries: Int, maximumBytes: Int) {
        self.maximumEntries = maximumEntries
        self.maximumBytes = maximumBytes
    }

    /// Hands an entry to the reader that waits, or keeps it.
    ///
    /// - Returns: false when the queue is full.
    func deliver(_ entry: String) -> Bool {
        let (reader, isKept) = state.withLock { state -> (CheckedContinuation<String, any Error>?, Bool) in
            if !state.readers.isEmpty { return (state.readers.removeFirst().continuation, true) }
            guard state.entries.count - state.taken < maximumEntries,
                state.bytes + entry.utf8.count <= maximumBytes
            else { return (nil, false) }
            state.entries.append(entry)
            state.bytes += entry.utf8.count
            return (nil, true)
        }
        reader?.resume(returning: entry)
        return isKept
    }

    /// No more entries come; those kept can still be taken, then readers get the error.
    func fail(_ error: SyncClientError) {
        let readers = state.withLock { state in
            state.failure = error
            defer { state.readers = [] }
            return state.readers.map(\.continuation)
        }
        for reader in readers { reader.resume(throwing: error) }
    }

    /// The next entry; waits for it.
    func next() async throws -> String {
        let id = state.withLock { state in
            state.lastReader += 1
            return state.lastReader
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<String, any Error>? in
                    if let entry = state.take() { return .success(entry) }
                    if let failure = state.failure { return .failure(failure) }
                    state.readers.append((id, continuation))
                    return nil
                }
                if let result {
                    continuation.resume(with: result)
                } else if Task.isCancelled {
                    // The handler may have run before the reader was there to be found.
                    cancel(id)
                }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        let reader = state.withLock { state in
            state.readers.firstIndex { $0.id == id }.map { state.readers.remove(at: $0).continuation }
        }
        reader?.resume(throwing: CancellationError())
    }
}
