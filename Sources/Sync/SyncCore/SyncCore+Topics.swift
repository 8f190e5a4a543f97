// Topics: publish, subscribe, and the deliveries that the edge takes.

package import InstanceContract

extension SyncCore {
    /// Appends an entry, and tells everyone who had all entries so far.
    mutating func publish(_ body: [UInt8], to name: String, by place: Int, _ actions: inout [SyncAction])
        throws(SyncRefusal) -> Int64
    {
        let part = Self.lastPart(of: name)
        let isRequest = part.hasPrefix("network:")
        let limit = isRequest ? SyncLimits.networkRequestBytes : SyncLimits.entryBytes
        guard body.count <= limit else {
            throw SyncRefusal(
                "the payload for \(Self.quoted(part)) takes \(body.count) bytes as a JSON string, and "
                    + "\(limit) are the limit"
                    + (isRequest ? "" : ": clients read messages of at most 32768"))
        }
        let topic = try topic(name, for: place)
        let cost = body.count + SyncLimits.entryOverheadBytes
        if topics[topic].bytes + cost > limits.topicBytes {
            freeIfUnused(topic: topic)
            throw SyncRefusal(
                "the topic \(Self.quoted(name)) is full: \(limits.topicBytes) bytes are the limit")
        }
        if counters.entryBytes + cost > limits.totalBytes {
            freeIfUnused(topic: topic)
            throw SyncRefusal("the sync service is full: \(limits.totalBytes) bytes of entries are the limit")
        }
        topics[topic].entries.append(body)
        topics[topic].bytes += cost
        counters.entryBytes += cost
        counters.entries += 1
        counters.published += 1

        let caughtUp = topics[topic].caughtUp
        topics[topic].caughtUp.removeAll()
        for subscription in caughtUp { makeReady(subscription, &actions) }
        return Int64(topics[topic].entries.count)
    }

    mutating func subscribe(_ id: String, to name: String, by place: Int, _ actions: inout [SyncAction])
        throws(SyncRefusal)
    {
        try checkRoom(for: id, of: place)
        let topic = try topic(name, for: place)
        let subscription = subscriptions.insert(
            Subscription(connection: place, id: id, topic: topic, head: SyncDelivery.head(id: id)))
        topics[topic].subscribers += 1
        connections[place].waits[OpaqueName(id)] = .subscription(subscription)

        subscriptions[subscription].failure = topics[topic].run.flatMap {
            despair(of: subscription, in: $0)
        }
        if topics[topic].entries.isEmpty && subscriptions[subscription].failure == nil {
            restInTopic(subscription)
        } else {
            makeReady(subscription, &actions)
        }
    }

    /// Forgets a subscription that its connection does not list any more.
    mutating func remove(subscription: Int) {
        let record = subscriptions[subscription]
        if let rank = record.rank {
            takeFromTopic(rank, topic: record.topic)
        } else {
            connections[record.connection].ready.removeAll { $0 == subscription }
        }
        subscriptions.remove(subscription)
        topics[record.topic].subscribers -= 1
        freeIfUnused(topic: record.topic)
    }

    // MARK: Ready and caught up

    /// The subscription, in no list now, gets a turn.
    private mutating func makeReady(_ subscription: Int, _ actions: inout [SyncAction]) {
        let place = subscriptions[subscription].connection
        subscriptions[subscription].rank = nil
        if connections[place].ready.isEmpty { actions.append(.deliver(ConnectionID(place: place))) }
        connections[place].ready.append(subscription)
    }

    /// The subscription, in no list now, has everything.
    private mutating func restInTopic(_ subscription: Int) {
        let topic = subscriptions[subscription].topic
        subscriptions[subscription].rank = topics[topic].caughtUp.count
        topics[topic].caughtUp.append(subscription)
    }

    /// Takes a subscription out of its topic's list; the last of the list moves to its place.
    private mutating func takeFromTopic(_ rank: Int, topic: Int) {
        topics[topic].caughtUp.swapAt(rank, topics[topic].caughtUp.count - 1)
        topics[topic].caughtUp.removeLast()
        if rank < topics[topic].caughtUp.count {
            subscriptions[topics[topic].caughtUp[rank]].rank = rank
        }
    }

    /// The subscription ends with this message once everything is delivered.
    mutating func fail(subscription: Int, _ message: String, _ actions: inout [SyncAction]) {
        guard subscriptions[subscription].failure == nil else { return }
        subscriptions[subscription].failure = message
        if let rank = subscriptions[subscription].rank {
            takeFromTopic(rank, topic: subscriptions[subscription].topic)
            makeReady(subscription, &actions)
        }
    }

    // MARK: Deliveries

    /// One thing to send for a subscription.
    package enum Delivery {
        /// The parts of a `SyncDelivery`; its tail follows.
        case entry(head: [UInt8], body: [UInt8])
        /// The end of a subscription that has failed.
        case end(SyncResponse)
    }

    /// Takes what a connection has to be sent, up to about so many bytes. Subscriptions take turns, so that
    /// one with a long backlog holds no other up.
    ///
    /// - Returns: false when everything was taken; a new `deliver` action will tell when there is more.
    package mutating func deliver(to id: ConnectionID, bytes: Int, _ send: (Delivery) -> Void) -> Bool {
        let place = id.place
        let turns = connections[place].ready
        connections[place].ready = []
        // Each gets a fair share, but enough that a turn is worth it.
        let share = max(bytes / max(turns.count, 1), SyncLimits.messageBytes)
        var left = bytes
        var unfinished: [Int] = []
        var index = 0
        while index < turns.count, left > 0 {
            let subscription = turns[index]
            index += 1
            if !deliver(subscription, share: min(share, left), left: &left, send) {
                unfinished.append(subscription)
            }
        }
        guard index < turns.count || !unfinished.isEmpty else { return false }
        connections[place].ready = turns[index...] + unfinished
        return true
    }

    /// Delivers a share of one subscription's backlog. Returns false when more is left.
    private mutating func deliver(
        _ subscription: Int, share: Int, left: inout Int, _ send: (Delivery) -> Void
    ) -> Bool {
        let topic = subscriptions[subscription].topic
        let head = subscriptions[subscription].head
        let end = topics[topic].entries.count
        var next = subscriptions[subscription].next
        var used = 0
        while next < end, used < share {
            let body = topics[topic].entries[next]
            send(.entry(head: head, body: body))
            used += head.count + body.count + SyncDelivery.tail.count
            next += 1
            counters.delivered += 1
        }
        left -= used
        subscriptions[subscription].next = next
        if next < end { return false }
        guard let failure = subscriptions[subscription].failure else {
            restInTopic(subscription)
            return true
        }
        let record = subscriptions[subscription]
        send(.end(SyncResponse(id: record.id, content: .failed(failure))))
        connections[record.connection].waits[OpaqueName(record.id)] = nil
        remove(subscription: subscription)
        return true
    }
}
