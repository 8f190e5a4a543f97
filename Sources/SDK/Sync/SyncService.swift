// Coordination with the other instances of the run.

import InstanceContract
import SyncClient

/// The sync service as this run's instances share it: states that count up, barriers that wait for a count,
/// topics.
///
/// Names are the run's own; another run may use the same. The connection is made at the first use. When it is
/// lost, everything that waits fails with the reason. A wait that can no longer be met, because an instance
/// it needs has died, fails with its name. Cancelling a task ends its wait; ``withTimeout(_:_:_:)`` bounds
/// one.
public struct SyncService: Sendable {
    private let client: SyncClient
    private let scope: RunScope
    private let instanceCount: Int

    init(_ environment: InstanceEnvironment) {
        client = SyncClient(host: environment.syncServiceHost, port: environment.syncServicePort)
        scope = environment.scope
        instanceCount = environment.instanceCount
    }

    // MARK: States

    /// Counts a state up.
    ///
    /// - Returns: the new count: 1 for the first instance that signals.
    @discardableResult
    public func signal(_ state: String) async throws -> Int {
        try await asTestgroundError(in: scope) { try await client.signal(state: scope.state(state)) }
    }

    /// Waits until a state has been signalled `target` times.
    public func barrier(_ state: String, target: Int) async throws {
        try await asTestgroundError(in: scope) {
            try await client.barrier(state: scope.state(state), target: target)
        }
    }

    /// Counts a state up and waits until it has been signalled `target` times.
    ///
    /// - Parameter target: every instance of the run when left out.
    /// - Returns: this instance's count.
    @discardableResult
    public func signalAndWait(_ state: String, target: Int? = nil) async throws -> Int {
        let count = try await signal(state)
        try await barrier(state, target: target ?? instanceCount)
        return count
    }

    // MARK: Topics

    /// Adds a value to a topic.
    ///
    /// - Returns: its number in the topic, from 1.
    @discardableResult
    public func publish<Value>(_ value: Value, to topic: Topic<Value>) async throws -> Int {
        try await publish(json: try topic.encode(value), to: topic.name)
    }

    /// Every value of a topic, from its first.
    public func subscribe<Value>(to topic: Topic<Value>) -> TopicSubscription<Value> {
        TopicSubscription(topic, client.subscribe(topic: scope.topic(topic.name)), scope: scope)
    }

    /// Adds a value to a topic, then waits until a state has been signalled `target` times (by someone; this
    /// signals nothing).
    ///
    /// - Returns: the value's number in the topic, from 1.
    @discardableResult
    public func publishAndWait<Value>(
        _ value: Value, to topic: Topic<Value>, state: String, target: Int
    ) async throws -> Int {
        let number = try await publish(value, to: topic)
        try await barrier(state, target: target)
        return number
    }

    /// Adds a value to a topic and reads the topic from its first.
    ///
    /// - Returns: the value's number in the topic, from 1, and every value of the topic.
    public func publishSubscribe<Value>(
        _ value: Value, to topic: Topic<Value>
    ) async throws -> (number: Int, values: TopicSubscription<Value>) {
        let number = try await publish(value, to: topic)
        return (number, subscribe(to: topic))
    }

    // MARK: Inside

    /// Adds JSON text to a topic.
    @discardableResult
    func publish(json: String, to topic: String) async throws -> Int {
        try await asTestgroundError(in: scope) {
            try await client.publish(topic: scope.topic(topic), payload: json)
        }
    }

    /// Publishes an event when there is a connection; never waits.
    func post(_ event: InstanceEvent) {
        guard client.isConnected else { return }
        client.post(topic: scope.eventsTopic, payload: event.json)
    }

    func close() async { await client.close() }
}
