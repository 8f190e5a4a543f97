// The sync service as a state machine (contract §4): events in, actions out; no socket, no clock, no lock.
//
// Map: connections and requests (this file); names of states and topics (SyncCore+Names); topics and
// subscriptions (SyncCore+Topics); states and barriers (SyncCore+States); runs and their members, and when
// a wait can no longer end well (SyncCore+Runs); records (SyncRecords); limits (SyncLimits).
//
// Two decisions shape it. A subscription is a cursor into its topic's log: the core says that there is
// something to deliver, and the edge takes as much as the connection has room for, so that a reader who
// stops costs a cursor and not a queue. And every wait is found from both of its ends (connection and state
// or topic) in constant time, so that neither a cancel nor a lost connection ever searches.

package import InstanceContract

/// Barriers, states, topics and membership.
package struct SyncCore: Sendable {
    package let limits: SyncLimits

    var connections = Slab<Connection>()
    var subscriptions = Slab<Subscription>()
    var barriers = Slab<Barrier>()
    var topics = Slab<Topic>()
    var states = Slab<CountedState>()
    var runs = Slab<Run>()

    var topicsByName: [OpaqueName: Int] = [:]
    var statesByName: [OpaqueName: Int] = [:]
    var runsByID: [OpaqueName: Int] = [:]

    /// Runs that are over, oldest first.
    var closedRuns: [OpaqueName] = []
    /// States that the runner signals, by the last part of their name.
    let runnerStates: Set<String>

    /// What only ever grows, and the entries; the rest of the statistics is counted where it lies.
    var counters = SyncStatistics()

    /// - Parameter runnerStates: states, by the last part of their name, that the runner signals and no
    /// member does: their
    ///   barriers are not judged by who is alive.
    package init(limits: SyncLimits = SyncLimits(), runnerStates: Set<String> = ["network-initialized"]) {
        self.limits = limits
        self.runnerStates = runnerStates
    }

    package var statistics: SyncStatistics {
        var statistics = counters
        statistics.connections = connections.count
        statistics.subscriptions = subscriptions.count
        statistics.barriers = barriers.count
        statistics.states = states.count
        statistics.topics = topics.count
        statistics.runs = runs.count
        return statistics
    }

    // MARK: Connections

    /// A client has connected. Nil when there are too many; the edge then declines it.
    package mutating func connect(_ caller: Caller) -> ConnectionID? {
        guard connections.count < limits.connections else { return nil }
        let owner: Connection.Owner
        var owningRun: Int?
        switch caller {
        case .anonymous:
            owner = .anonymous
        case .instance(let instance, let scope):
            // A straggler of a run that is over is turned away.
            guard let run = run(id: OpaqueName(scope.run)) else { return nil }
            let member = runs[run].numbers[instance]
            owner = .instance(run: run, member: member)
            owningRun = run
            if let member { runs[run].openConnections[member, default: 0] += 1 }
        }
        let place = connections.insert(Connection(owner: owner))
        if let owningRun { runs[owningRun].connections.insert(place) }
        return ConnectionID(place: place)
    }

    /// A connection is gone, and everything that arrived on it was received. Its waits end; others may
    /// learn that what they wait for cannot come any more.
    package mutating func disconnect(_ id: ConnectionID, _ actions: inout [SyncAction]) {
        let place = id.place
        let connection = connections[place]
        connections[place].ready = []
        for (_, wait) in connection.waits { endWait(wait) }
        connections.remove(place)

        switch connection.owner {
        case .nobody: break
        case .anonymous:
            for run in connection.visitedRuns {
                runs[run].visitors.remove(place)
                judge(run: run, &actions)
                freeIfUnused(run: run)
            }
        case .instance(let run, let member):
            runs[run].connections.remove(place)
            if let member { connectionEnded(of: member, run: run, &actions) }
            freeIfUnused(run: run)
        }
    }

    // MARK: Requests

    /// A request has arrived. Requests of one connection take effect in the order of these calls.
    package mutating func receive(
        _ request: SyncRequest, from id: ConnectionID, _ actions: inout [SyncAction]
    ) {
        guard isAcceptable(identifier: request.id) else {
            counters.refused += 1
            actions.append(
                .close(
                    id, code: 1008,
                    reason: "a request id may have \(SyncLimits.identifierBytes) bytes as JSON"))
            return
        }
        switch request.operation {
        case nil: break
        case .cancel: cancel(request.id, of: id)
        case .publish(let topic, let payload):
            respond(to: request.id, id, &actions) { core, actions throws(SyncRefusal) in
                .published(
                    sequence: try core.publish(
                        SyncDelivery.body(payload: payload), to: topic, by: id.place, &actions))
            }
        case .signalEntry(let state):
            respond(to: request.id, id, &actions) { core, actions throws(SyncRefusal) in
                .signalled(count: try core.signal(state, by: id.place, &actions))
            }
        case .subscribe(let topic):
            respond(to: request.id, id, &actions) { core, actions throws(SyncRefusal) in
                try core.subscribe(request.id, to: topic, by: id.place, &actions)
                return nil
            }
        case .barrier(let state, let target):
            respond(to: request.id, id, &actions) { core, _ throws(SyncRefusal) in
                try core.wait(request.id, for: state, target: target, by: id.place)
            }
        }
    }

    /// Carries out one operation and answers it, if it has an answer now.
    private mutating func respond(
        to request: String, _ id: ConnectionID, _ actions: inout [SyncAction],
        _ operation: (inout SyncCore, inout [SyncAction]) throws(SyncRefusal) -> SyncResponse.Content?
    ) {
        let content: SyncResponse.Content?
        do {
            content = try operation(&self, &actions)
        } catch {
            counters.refused += 1
            content = .failed(error.message)
        }
        if let content { actions.append(.respond(id, SyncResponse(id: request, content: content))) }
    }

    private func isAcceptable(identifier: String) -> Bool {
        // A byte takes at most six in JSON, so that short ids, which is all of them, need no count.
        if identifier.utf8.count * 6 + 2 <= SyncLimits.identifierBytes { return true }
        guard identifier.utf8.count + 2 <= SyncLimits.identifierBytes else { return false }
        var encoded: [UInt8] = []
        JSONWriter.append(identifier, to: &encoded)
        return encoded.count <= SyncLimits.identifierBytes
    }

    // MARK: Waits

    private mutating func cancel(_ request: String, of id: ConnectionID) {
        guard let wait = connections[id.place].waits.removeValue(forKey: OpaqueName(request)) else { return }
        counters.cancelled += 1
        endWait(wait)
    }

    /// Forgets a wait whose entry in the connection is gone already.
    private mutating func endWait(_ wait: Connection.Wait) {
        switch wait {
        case .subscription(let subscription): remove(subscription: subscription)
        case .barrier(let barrier): remove(barrier: barrier)
        }
    }

    /// Throws unless the connection may begin one more wait under this id.
    func checkRoom(for request: String, of place: Int) throws(SyncRefusal) {
        if connections[place].waits[OpaqueName(request)] != nil {
            throw SyncRefusal(
                "the id \"\(request)\" is in use by a subscription or barrier of this connection")
        }
        if connections[place].waits.count >= limits.waitsPerConnection {
            throw SyncRefusal(
                "this connection has \(limits.waitsPerConnection) subscriptions and barriers open: the limit"
            )
        }
        if subscriptions.count + barriers.count >= limits.waits {
            throw SyncRefusal(
                "the sync service has \(limits.waits) subscriptions and barriers open: the limit")
        }
    }
}

/// Why a request is refused: the text of the response's `error`.
struct SyncRefusal: Error {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}
