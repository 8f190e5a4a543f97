// Runs: who is in them, who is lost, and which waits can therefore no longer end well.
//
// A barrier is given up when its target exceeds the count plus the members that may still signal and have
// not. That reckons with one signal a member, so it is applied only where nothing speaks against that: the
// target is no more than the number of members, no member has signalled the state twice, and no signal came
// from the runner or an anonymous connection. While an anonymous connection that has used keys of the run
// is open, nothing is given up, since it may be anyone. Where the rule does not apply a barrier waits on:
// the run's time limit ends it, and a wrong verdict would be worse.
//
// A member may still act as long as its process lives or one of its connections is open: what it sent
// before it ended is in the socket, and counts. So a member is lost when it has ended *and* its last
// connection is read to the end.
//
// A subscription is given up, after everything is delivered, when every other member is lost and one of
// them did not end in order: nobody is left who could publish.

package import InstanceContract

extension SyncCore {
    /// The members of a run. Later calls add to earlier ones.
    package mutating func register(_ scope: RunScope, members: [InstanceReference]) {
        guard let run = run(id: OpaqueName(scope.run)) else { return }
        for member in members where runs[run].numbers[member] == nil {
            let number = runs[run].members.count
            runs[run].members.append(member)
            runs[run].numbers[member] = number
            runs[run].alive.insert(number)
        }
    }

    /// An instance has ended. Its connections stay until they are read to their end.
    ///
    /// - Parameters:
    ///   - how: completes "miners[3] …": `crashed`, `exited 1`, `ended`.
    ///   - orderly: it ended as a plan's instance should.
    package mutating func ended(
        _ instance: InstanceReference, in scope: RunScope, how: String, orderly: Bool,
        _ actions: inout [SyncAction]
    ) {
        guard let run = runsByID[OpaqueName(scope.run)], let member = runs[run].numbers[instance],
            runs[run].ends[member] == nil
        else { return }
        runs[run].ends[member] = (how, orderly)
        if runs[run].openConnections[member] == nil { lose(member, run: run, &actions) }
    }

    /// The connections of an instance, for the edge to close when a dead instance's do not end by themselves.
    package func connections(of instance: InstanceReference, in scope: RunScope) -> [ConnectionID] {
        guard let run = runsByID[OpaqueName(scope.run)], let member = runs[run].numbers[instance] else {
            return []
        }
        return runs[run].connections.sorted().compactMap { place in
            guard case .instance(_, member) = connections[place].owner else { return nil }
            return ConnectionID(place: place)
        }
    }

    /// The runner signals a state. With `times` 0 it only declares that it will: barriers on the state are
    /// then not judged by who is alive.
    package mutating func signal(_ state: String, times: Int, _ actions: inout [SyncAction]) {
        guard let place = try? self.state(state, for: nil) else { return }
        states[place].isIrregular = true
        for _ in 0..<times {
            guard (try? signal(state, by: nil, &actions)) != nil else { return }
        }
    }

    /// The runner signals a state because an instance asked it to: it counts as the instance's signal, also
    /// where barriers are judged by who is alive.
    package mutating func signal(
        _ state: String, for instance: InstanceReference, in scope: RunScope, _ actions: inout [SyncAction]
    ) {
        guard let run = runsByID[OpaqueName(scope.run)] else { return }
        _ = try? signal(state, by: nil, author: runs[run].numbers[instance], &actions)
    }

    /// A run is over: its waits end with an error, its keys are freed, its instances' connections are closed.
    package mutating func close(_ scope: RunScope, _ actions: inout [SyncAction]) {
        let id = OpaqueName(scope.run)
        if !closedRuns.contains(id) {
            if closedRuns.count >= SyncLimits.rememberedRuns { closedRuns.removeFirst() }
            closedRuns.append(id)
        }
        guard let run = runsByID[id] else { return }
        let record = runs[run]
        let message = "the run \(id.text) is over"
        for place in record.connections.union(record.visitors).sorted() {
            endWaits(of: place, in: run, message, &actions)
        }
        for state in record.states {
            statesByName[states[state].name] = nil
            states.remove(state)
        }
        for topic in record.topics {
            counters.entries -= topics[topic].entries.count
            counters.entryBytes -= topics[topic].bytes
            topicsByName[topics[topic].name] = nil
            topics.remove(topic)
        }
        for place in record.connections.sorted() {
            connections[place].owner = .nobody
            actions.append(.close(ConnectionID(place: place), code: 1001, reason: message))
        }
        for place in record.visitors { connections[place].visitedRuns.remove(run) }
        runsByID[id] = nil
        runs.remove(run)
    }

    /// Ends what a connection has open on names of the run, all of which are freed next.
    private mutating func endWaits(
        of place: Int, in run: Int, _ message: String, _ actions: inout [SyncAction]
    ) {
        for (id, wait) in connections[place].waits {
            switch wait {
            case .subscription(let subscription):
                guard topics[subscriptions[subscription].topic].run == run else { continue }
                if subscriptions[subscription].rank == nil {
                    connections[place].ready.removeAll { $0 == subscription }
                }
                subscriptions.remove(subscription)
            case .barrier(let barrier):
                guard states[barriers[barrier].state].run == run else { continue }
                barriers.remove(barrier)
            }
            connections[place].waits[id] = nil
            actions.append(
                .respond(
                    ConnectionID(place: place), SyncResponse(id: id.text, content: .failed(message))))
        }
    }

    // MARK: Loss

    /// A connection of a member has ended.
    mutating func connectionEnded(of member: Int, run: Int, _ actions: inout [SyncAction]) {
        let open = (runs[run].openConnections[member] ?? 1) - 1
        runs[run].openConnections[member] = open > 0 ? open : nil
        if open == 0, runs[run].ends[member] != nil { lose(member, run: run, &actions) }
    }

    private mutating func lose(_ member: Int, run: Int, _ actions: inout [SyncAction]) {
        runs[run].alive.remove(member)
        judge(run: run, &actions)
    }

    /// Gives up the waits of a run that can no longer end well.
    mutating func judge(run: Int, _ actions: inout [SyncAction]) {
        guard !runs[run].members.isEmpty, runs[run].visitors.isEmpty else { return }
        for state in runs[run].states {
            for target in states[state].waiting.keys.sorted() {
                guard let message = despair(of: target, state: state),
                    let lost = states[state].waiting.removeValue(forKey: target)
                else { continue }
                counters.barriersFailed += UInt64(lost.count)
                for barrier in lost { answer(barrier, .failed(message), &actions) }
            }
        }
        // Several left means that each has another who may publish: the usual case, and nothing to look for.
        guard runs[run].alive.count <= 1 else { return }
        for place in runs[run].connections.sorted() {
            for case .subscription(let subscription) in connections[place].waits.values {
                guard let message = despair(of: subscription, in: run) else { continue }
                fail(subscription: subscription, message, &actions)
            }
        }
    }

    /// Why a barrier with this target can no longer be met; nil while it might.
    func despair(of target: Int64, state: Int) -> String? {
        guard !states[state].isIrregular, let run = states[state].run, runs[run].visitors.isEmpty,
            target <= runs[run].members.count
        else { return nil }
        let able = runs[run].alive.count(without: states[state].signalled)
        guard target > states[state].count + Int64(able) else { return nil }
        let missing = runs[run].members.indices.filter {
            !runs[run].alive.contains($0) && !states[state].signalled.contains($0)
        }
        let total = runs[run].members.count
        let wanted = target == total ? "" : " (target \(target), count \(states[state].count))"
        return "barrier \(Self.quoted(Self.lastPart(of: states[state].name.text)))\(wanted): "
            + "\(missing.count) of \(total) can no longer arrive: \(list(missing, run: run))"
    }

    /// Why nothing more can come to a subscription; nil while something might.
    func despair(of subscription: Int, in run: Int) -> String? {
        let place = subscriptions[subscription].connection
        guard !runs[run].ends.isEmpty, runs[run].visitors.isEmpty,
            case .instance(_, let member?) = connections[place].owner,
            runs[run].alive.count(without: MemberSet(only: member)) == 0
        else { return nil }
        let lost = runs[run].ends.keys.filter { $0 != member && runs[run].ends[$0]?.orderly == false }
            .sorted()
        guard !lost.isEmpty else { return nil }
        let topic = Self.lastPart(of: topics[subscriptions[subscription].topic].name.text)
        return "subscription \(Self.quoted(topic)): no other instance is left to publish: "
            + list(lost, run: run)
    }

    /// `miners[3] crashed, miners[7] exited 1`, shortened.
    private func list(_ members: [Int], run: Int) -> String {
        let ordered = members.sorted { runs[run].members[$0] < runs[run].members[$1] }
        var parts = ordered.prefix(SyncLimits.namedInstances).map {
            "\(runs[run].members[$0]) \(runs[run].ends[$0]?.how ?? "ended")"
        }.joined(separator: ", ")
        if ordered.count > SyncLimits.namedInstances {
            parts += " and \(ordered.count - SyncLimits.namedInstances) more"
        }
        return parts
    }
}
