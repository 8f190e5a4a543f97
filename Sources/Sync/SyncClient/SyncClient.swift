// A client of the sync service, version 1 (contract §4), for the SDK and for sidecars. No third-party
// dependency.
//
//   SyncClient            what callers see: async requests, cancellable
//   SyncSubscription      the entries of a topic as an AsyncSequence, over a SubscriptionQueue
//   SyncConnection        state shared by callers and the connection's thread; +Thread is the thread's loop
//   RequestLedger         who waits for which answer (no I/O)
//   WebSocketHandshake, WebSocketFrame, WebSocketInbox   RFC 6455 (no I/O)
//
// Requests and answers themselves are SyncRequest and SyncResponse of InstanceContract.

/// A connection to the sync service, made when it is first needed and never remade: states that were
/// signalled once must not be signalled again. When it breaks, everything that waits on it fails with the
/// reason, and so does what is asked later.
///
/// Requests take effect in the order they are made. Cancelling a task gives its request up; a barrier or a
/// subscription is then also ended at the service. Any number of requests may be open at once.
package final class SyncClient: Sendable {
    /// How long and how much, each with its reason.
    package struct Limits: Sendable {
        /// For connection and handshake together; the service runs beside the instances or one hop away.
        package var connectTimeout = Duration.seconds(10)
        /// For what is still to be sent, and the service's goodbye, when closing.
        package var closeTimeout = Duration.seconds(2)
        /// Silence after which the service is pinged.
        package var pingAfter = Duration.seconds(30)
        /// For the answer to a ping; a machine under full load may well lose half a minute.
        package var goneAfter = Duration.seconds(90)
        /// Bytes waiting to be sent; more than that means that the service does not read.
        package var outgoingBytes = 64 << 20
        /// Entries and bytes of a subscription that its reader has not taken. Beyond either the subscription
        /// ends with an error: holding the connection up instead would also hold up the barrier that the
        /// reader may be waiting for.
        package var subscriptionEntries = 1 << 17
        package var subscriptionBytes = 64 << 20

        package init() {}
    }

    private let connection: SyncConnection

    package init(host: String, port: UInt16, limits: Limits = Limits()) {
        connection = SyncConnection(host: host, port: port, limits: limits)
    }

    deinit { connection.abandon() }

    /// Connects now instead of at the first request; returns once the service has answered.
    ///
    /// - Throws: `SyncClientError`, or `CancellationError`.
    package func connect() async throws { try await connection.connect() }

    /// Whether the connection is made and has not ended.
    package var isConnected: Bool { connection.isOpen }

    /// Adds an entry to a topic.
    ///
    /// - Parameter payload: JSON text.
    /// - Returns: the entry's number in the topic, from 1.
    package func publish(topic: String, payload: String) async throws -> Int {
        Int(try await connection.request(.publish(topic: topic), payload: payload))
    }

    /// Adds an entry to a topic without waiting for the answer. Nothing happens when the client is not
    /// connected.
    package func post(topic: String, payload: String) {
        guard isConnected else { return }
        connection.post(topic: topic, payload: payload)
    }

    /// Counts a state up; answers its new count.
    package func signal(state: String) async throws -> Int {
        Int(try await connection.request(.signal(state: state)))
    }

    /// Returns once the state's count is at least `target`.
    ///
    /// - Throws: `SyncClientError`, `refused` when the service knows that it can no longer happen.
    package func barrier(state: String, target: Int) async throws {
        _ = try await connection.request(.barrier(state: state, target: target))
    }

    /// Every entry of a topic from its first, as JSON text. The subscription is asked for before this
    /// returns, and ended when the last copy of it and of its iterators is gone.
    package func subscribe(topic: String) -> SyncSubscription { connection.subscribe(topic: topic) }

    /// Sends what is still to be sent, says goodbye and ends; within `closeTimeout`.
    package func close() async { await connection.close() }
}
