// Who waits for which answer: a state machine without sockets, clocks or locks. SyncClient executes its
// decisions.

import InstanceContract

/// What is asked of the service.
package enum SyncOperation: Sendable, Hashable, CustomStringConvertible {
    case publish(topic: String)
    case subscribe(topic: String)
    case signal(state: String)
    case barrier(state: String, target: Int)

    var noun: String {
        switch self {
        case .publish: "publish"
        case .subscribe: "subscription"
        case .signal: "signal"
        case .barrier: "barrier"
        }
    }

    package var description: String {
        switch self {
        case .publish(let topic): "publish on topic \"\(topic)\""
        case .subscribe(let topic): "subscription to topic \"\(topic)\""
        case .signal(let state): "signal of state \"\(state)\""
        case .barrier(let state, let target): "barrier \"\(state)\" for \(target)"
        }
    }
}

extension SyncRequest.Operation {
    /// The request as the contract writes it.
    init(_ operation: SyncOperation, payload: String) {
        switch operation {
        case .publish(let topic): self = .publish(topic: topic, payload: Array(payload.utf8))
        case .subscribe(let topic): self = .subscribe(topic: topic)
        case .signal(let state): self = .signalEntry(state: state)
        case .barrier(let state, let target): self = .barrier(state: state, target: Int64(target))
        }
    }
}

/// The open requests of one connection. `Waiter` is whoever gets the answer.
struct RequestLedger<Waiter> {
    /// What to do about an answer.
    enum Decision {
        /// The request is over.
        case finish(Waiter, Result<Int64, SyncClientError>)
        /// An entry for a subscription, which goes on.
        case deliver(Waiter, String)
        /// Nobody waits for it, any more or at all.
        case ignore
    }

    fileprivate struct Entry {
        var operation: SyncOperation
        var waiter: Waiter
    }

    private var entries: [String: Entry] = [:]
    private var lastID: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    /// An id no request of this connection has had.
    mutating func nextID() -> String {
        lastID += 1
        return String(lastID)
    }

    mutating func add(_ operation: SyncOperation, id: String, waiter: Waiter) {
        entries[id] = Entry(operation: operation, waiter: waiter)
    }

    /// Gives a request up.
    ///
    /// - Returns: its waiter, and whether the service should be told: it goes on with barriers and
    ///   subscriptions only; nil when the request is over already.
    mutating func cancel(id: String) -> (waiter: Waiter, tellsService: Bool)? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        switch entry.operation {
        case .subscribe, .barrier: return (entry.waiter, true)
        case .publish, .signal: return (entry.waiter, false)
        }
    }

    mutating func receive(_ response: SyncResponse) -> Decision {
        guard let entry = entries[response.id] else { return .ignore }
        switch (entry.operation, response.content) {
        case (.subscribe, .entry(let payload)):
            return .deliver(entry.waiter, String(decoding: payload, as: UTF8.self))
        case (let operation, .failed(let message)):
            entries[response.id] = nil
            let error = SyncClientError(code: .refused, description: message)
            // The service may have named what it refuses, `barrier "ready": 2 of 10 can no longer arrive`.
            let isNamed = message.hasPrefix(operation.noun + " ")
            return .finish(entry.waiter, .failure(isNamed ? error : error.of(operation)))
        case (.barrier, .done): return finish(response.id, entry, .success(0))
        case (.publish, .published(let number)), (.signal, .signalled(let number)):
            return finish(response.id, entry, .success(number))
        default:
            let text = "the sync service answered \(response.content), which does not fit the request"
            return finish(response.id, entry, .failure(.init(code: .invalidAnswer, description: text)))
        }
    }

    private mutating func finish(
        _ id: String, _ entry: Entry, _ result: Result<Int64, SyncClientError>
    ) -> Decision {
        entries[id] = nil
        return .finish(entry.waiter, result.mapError { $0.of(entry.operation) })
    }

    /// Ends every request; the connection is over.
    mutating func fail(_ error: SyncClientError) -> [(Waiter, SyncClientError)] {
        defer { entries = [:] }
        return entries.values.map { ($0.waiter, error.of($0.operation)) }
    }
}

extension RequestLedger: Sendable where Waiter: Sendable {}
extension RequestLedger.Entry: Sendable where Waiter: Sendable {}
