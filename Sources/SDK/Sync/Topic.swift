// Topics: what instances tell each other.

import InstanceContract
import SyncClient

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A named stream of values that every instance can add to and read from its beginning.
///
/// ```swift
/// let addresses = Topic<String>("addresses")
/// ```
public struct Topic<Value: Codable & Sendable>: Sendable {
    /// The name, the same in all instances of a run.
    public let name: String

    /// A topic of the run. The type is what every entry is: values go as JSON, also between languages.
    public init(_ name: String, of type: Value.Type = Value.self) { self.name = name }

    func encode(_ value: Value) throws(TestgroundError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw TestgroundError(
                .payload, "the value \(value) for topic \"\(name)\" cannot be written as JSON: \(error)")
        }
    }

    func decode(_ json: String) throws(TestgroundError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(json.utf8))
        } catch {
            throw TestgroundError(
                .payload, "an entry of topic \"\(name)\" is no \(Value.self): \(json.prefix(200))")
        }
    }
}

/// The entries of a topic, from its first, in the order that every subscriber sees.
///
/// The sequence never ends by itself: take as many entries as are expected (``prefix(_:)`` or `break`). It
/// ends at the service when the subscription is no longer used. One that is not read keeps up to 64 MiB of
/// entries; beyond that it fails, since waiting would hold up barriers, too.
public struct TopicSubscription<Value: Codable & Sendable>: AsyncSequence, Sendable {
    /// What every entry is.
    public typealias Element = Value
    /// ``TestgroundError`` or `CancellationError`.
    public typealias Failure = any Error

    private let topic: Topic<Value>
    private let entries: SyncSubscription
    private let scope: RunScope

    init(_ topic: Topic<Value>, _ entries: SyncSubscription, scope: RunScope) {
        self.topic = topic
        self.entries = entries
        self.scope = scope
    }

    /// An iterator; several share the entries among them.
    public func makeAsyncIterator() -> Iterator {
        Iterator(topic: topic, entries: entries.makeAsyncIterator(), scope: scope)
    }

    /// The next `count` entries.
    ///
    /// - Throws: ``TestgroundError`` when the connection is lost or an entry is not of the topic's type;
    ///   `CancellationError`.
    public func first(_ count: Int) async throws -> [Value] {
        var values: [Value] = []
        var iterator = makeAsyncIterator()
        while values.count < count, let value = try await iterator.next() { values.append(value) }
        return values
    }

    /// Reads entries one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let topic: Topic<Value>
        fileprivate var entries: SyncSubscription.Iterator
        fileprivate let scope: RunScope

        /// The next entry; waits for it.
        ///
        /// - Throws: ``TestgroundError`` when the connection is lost or the entry is not of the topic's
        ///   type; `CancellationError`.
        public mutating func next() async throws -> Value? {
            guard let entry = try await asTestgroundError(in: scope, { try await entries.next() }) else {
                return nil
            }
            return try topic.decode(entry)
        }
    }
}

/// Errors of the client as those of the SDK, with names as the plan wrote them, without the run's scope
/// before them; cancellation stays what it is.
func asTestgroundError<Value>(
    in scope: RunScope, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as SyncClientError {
        throw TestgroundError(
            .sync,
            error.description.replacing(scope.state(""), with: "").replacing(scope.topic(""), with: ""))
    }
}
