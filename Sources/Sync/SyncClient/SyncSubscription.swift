// The entries of a topic as they come.

/// Entries of a topic as JSON text, from the topic's first, in the order every subscriber sees.
///
/// One task reads at a time; several readers share the entries among them. Cancelling a reader ends its wait,
/// not the subscription, so that a wait can be bounded without losing an entry.
package struct SyncSubscription: AsyncSequence, Sendable {
    package typealias Element = String
    package typealias Failure = any Error

    private let handle: SubscriptionHandle

    init(_ handle: SubscriptionHandle) { self.handle = handle }

    package func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let handle: SubscriptionHandle

        /// - Throws: `SyncClientError` when the connection has ended or the reader was too slow;
        ///   `CancellationError`.
        package func next() async throws -> String? { try await handle.queue.next() }

        package func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> String? {
            try await handle.queue.next()
        }
    }
}

/// Ends the subscription at the service when nobody can read it any more.
final class SubscriptionHandle: Sendable {
    let queue: SubscriptionQueue
    private let end: @Sendable () -> Void

    init(queue: SubscriptionQueue, end: @escaping @Sendable () -> Void) {
        self.queue = queue
        self.end = end
    }

    deinit { end() }
}
