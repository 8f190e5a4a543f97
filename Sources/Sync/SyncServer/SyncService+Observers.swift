// Topics that the runner watches from within, without a socket: instances' requests to it.

package import InstanceContract
import SyncCore

/// An entry of a watched topic.
package struct ObservedEntry: Sendable, Hashable {
    /// As it was asked for, without the run's qualification.
    package var topic: String
    /// The payload, JSON text as it was published.
    package var payload: String
}

extension SyncService {
    /// Watches topics of a run, from their first entries on. What is not taken yet is kept: as much as the
    /// topics themselves may hold (`SyncLimits.totalBytes`).
    ///
    /// - Parameter topics: names without the run's qualification.
    /// - Returns: entries in the order in which they were published; ends when the run is closed.
    package func observe(_ topics: [String], in scope: RunScope) async -> AsyncStream<ObservedEntry> {
        let (stream, continuation) = AsyncStream.makeStream(of: ObservedEntry.self)
        await onLoop { $0.observe(topics, in: scope, continuation) }
        return stream
    }

    /// Signals a state for an instance that asked the runner to: it counts as the instance's own signal.
    ///
    /// - Parameter state: the qualified name, `RunScope.state(_:)`.
    package func signal(_ state: String, for instance: InstanceReference, in scope: RunScope) async {
        await onLoop { $0.change { core, actions in core.signal(state, for: instance, in: scope, &actions) } }
    }
}

/// Who watches, over a connection of the core that no socket belongs to.
struct TopicObserver {
    var topics: ArraySlice<String>
    var continuation: AsyncStream<ObservedEntry>.Continuation
}

extension SyncLoop {
    func observe(
        _ topics: [String], in scope: RunScope, _ continuation: AsyncStream<ObservedEntry>.Continuation
    ) {
        // A connection of the run that is no member of it: nobody waits for what it might do.
        let caller = Caller.instance(InstanceReference(group: "", index: -1), scope)
        var rest = topics[...]
        while !rest.isEmpty, let id = core.connect(caller) {
            let part = rest.prefix(core.limits.waitsPerConnection)
            rest = rest.dropFirst(part.count)
            observers[id.place] = TopicObserver(topics: part, continuation: continuation)
            change { core, actions in
                for index in part.indices {
                    let request = SyncRequest(
                        id: String(index), operation: .subscribe(topic: scope.topic(part[index])))
                    core.receive(request, from: id, &actions)
                }
            }
        }
        // A run that is over already is watched in vain.
        if !rest.isEmpty { continuation.finish() }
    }

    /// Hands a watcher what is there; false when nobody watches over this connection.
    func observeDeliveries(to id: ConnectionID) -> Bool {
        guard let observer = observers[id.place] else { return false }
        while core.deliver(
            to: id, bytes: EdgeLimits.deliveryBytes,
            { delivery in
                guard case .entry(let head, let body) = delivery,
                    let response = try? SyncResponse(decoding: head + body + SyncDelivery.tail),
                    case .entry(let payload) = response.content, let index = Int(response.id),
                    observer.topics.indices.contains(index)
                else { return }
                observer.continuation.yield(
                    ObservedEntry(
                        topic: observer.topics[index], payload: String(decoding: payload, as: UTF8.self)))
            })
        {}
        return true
    }

    /// The run is over.
    func endObservation(_ id: ConnectionID) -> Bool {
        guard let observer = observers.removeValue(forKey: id.place) else { return false }
        observer.continuation.finish()
        disconnect(id)
        return true
    }
}
