// States: signals and barriers.

import InstanceContract

extension SyncCore {
    /// Adds one to a state and lets go whoever waited for the new count. `place` is nil for the runner's
    /// own signals, `author` the member for which it signals.
    mutating func signal(
        _ name: String, by place: Int?, author: Int? = nil, _ actions: inout [SyncAction]
    ) throws(SyncRefusal) -> Int64 {
        let state = try state(name, for: place)
        recordAuthor(place, author, of: state)
        states[state].count += 1
        let count = states[state].count
        counters.signalled += 1
        guard !states[state].waiting.isEmpty,
            let released = states[state].waiting.removeValue(forKey: count)
        else { return count }
        counters.barriersMet += UInt64(released.count)
        for barrier in released { answer(barrier, .done, &actions) }
        return count
    }

    /// Notes who signalled, for the judgement of barriers.
    private mutating func recordAuthor(_ place: Int?, _ author: Int?, of state: Int) {
        guard !states[state].isIrregular, states[state].run != nil else { return }
        guard let member = author ?? place.flatMap(member(at:)) else {
            states[state].isIrregular = true
            return
        }
        if !states[state].signalled.insert(member) { states[state].isIrregular = true }
    }

    /// The member whose connection it is.
    private func member(at place: Int) -> Int? {
        guard case .instance(_, let member) = connections[place].owner else { return nil }
        return member
    }

    /// Waits for a state's count. Returns the answer if there is one at once.
    mutating func wait(_ id: String, for name: String, target: Int64, by place: Int) throws(SyncRefusal)
        -> SyncResponse.Content?
    {
        if target <= 0 { return .done }
        let state = try state(name, for: place)
        if states[state].count >= target { return .done }
        if let despair = despair(of: target, state: state) {
            freeIfUnused(state: state)
            counters.barriersFailed += 1
            return .failed(despair)
        }
        do {
            try checkRoom(for: id, of: place)
        } catch {
            freeIfUnused(state: state)
            throw error
        }
        let rank = states[state].waiting[target]?.count ?? 0
        let barrier = barriers.insert(
            Barrier(connection: place, id: id, state: state, target: target, rank: rank))
        states[state].waiting[target, default: []].append(barrier)
        connections[place].waits[OpaqueName(id)] = .barrier(barrier)
        return nil
    }

    /// Answers a barrier that no list of its state holds any more.
    mutating func answer(_ barrier: Int, _ content: SyncResponse.Content, _ actions: inout [SyncAction]) {
        let record = barriers[barrier]
        connections[record.connection].waits[OpaqueName(record.id)] = nil
        barriers.remove(barrier)
        actions.append(
            .respond(
                ConnectionID(place: record.connection), SyncResponse(id: record.id, content: content)))
    }

    /// Forgets a barrier that its connection does not list any more; the last of the state's list moves to
    /// its place.
    mutating func remove(barrier: Int) {
        let record = barriers[barrier]
        barriers.remove(barrier)
        let last = (states[record.state].waiting[record.target]?.count ?? 1) - 1
        if last == 0 {
            states[record.state].waiting[record.target] = nil
            freeIfUnused(state: record.state)
            return
        }
        states[record.state].waiting[record.target]?.swapAt(record.rank, last)
        states[record.state].waiting[record.target]?.removeLast()
        if record.rank < last, let moved = states[record.state].waiting[record.target]?[record.rank] {
            barriers[moved].rank = record.rank
        }
    }
}
