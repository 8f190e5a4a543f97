// Who waits for which answer: a state machine without sockets, clocks or locks. SyncClient executes its
// decisions.

/// What is asked of the service.
package enum SyncOperation: Sendable, Hashable, CustomStringConvertible {
    case publish(topic: String)
    case subscribe(topic: String)
    case signal(state: String)
    case barrier(state: String, target: Int)

    package var description: String {
        switch self {
        case .publish(let topic): "publish on topic \"\(topic)\""
        case .subscribe(let topic): "subscription to topic \"\(topic)\""
        case .signal(let state): "signal of state \"\(state)\""
        case .barrier(let state, let target): "barrier \"\(state)\" for \(target)"
        }
    }
}

/// An answer of the service, already decoded.
struct SyncAnswer: Sendable, Hashable {
    var id: String
    var error: String = ""
    /// Of a publish or a signal.
    var sequence: Int64?
    /// Of a subscription: the entry's JSON text.
    var entry: String = ""
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

    mutating func receive(_ answer: SyncAnswer) -> Decision {
        guard let entry = entries[answer.id] else { return .ignore }
        guard answer.error.isEmpty else {
            entries[answer.id] = nil
            let error = SyncClientError(code: .refused, description: "\(entry.operation): \(answer.error)")
            return .finish(entry.waiter, .failure(error))
        }
        switch entry.operation {
        case .subscribe: return .deliver(entry.waiter, answer.entry)
        case .barrier:
            entries[answer.id] = nil
            return .finish(entry.waiter, .success(0))
        case .publish, .signal:
            entries[answer.id] = nil
            guard let sequence = answer.sequence else {
                let text = "\(entry.operation): the sync service answered without a number"
                return .finish(
                    entry.waiter, .failure(SyncClientError(code: .invalidAnswer, description: text)))
            }
            return .finish(entry.waiter, .success(sequence))
        }
    }

    /// Ends every request; the connection is over.
    mutating func fail(_ error: SyncClientError) -> [(Waiter, SyncClientError)] {
        defer { entries = [:] }
        return entries.values.map { entry in
            (entry.waiter, SyncClientError(code: error.code, description: "\(entry.operation): \(error)"))
        }
    }
}

extension RequestLedger: Sendable where Waiter: Sendable {}
extension RequestLedger.Entry: Sendable where Waiter: Sendable {}
