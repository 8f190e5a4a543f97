// Random histories, compared with a model that is too simple to be wrong: counts, lists, and who waits for
// what.

import InstanceContract
import SyncCore
import Testing

/// SplitMix64, so that a failing seed fails again.
private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(sides))
    }
}

/// What the contract says, at any price.
private struct Model {
    struct Wait {
        var connection: ConnectionID
        var id: String
    }

    var counts: [String: Int64] = [:]
    var entries: [String: [String]] = [:]
    var barriers: [(wait: Wait, state: String, target: Int64)] = []
    var subscriptions: [(wait: Wait, topic: String, next: Int)] = []
    /// Everything that each connection must have been sent by each of its requests.
    var expected: [ConnectionID: [String: [SyncResponse.Content]]] = [:]

    mutating func answer(_ wait: Wait, _ content: SyncResponse.Content) {
        expected[wait.connection, default: [:]][wait.id, default: []].append(content)
    }

    mutating func settle() {
        for barrier in barriers where counts[barrier.state, default: 0] >= barrier.target {
            answer(barrier.wait, .done)
        }
        barriers.removeAll { counts[$0.state, default: 0] >= $0.target }
        for index in subscriptions.indices {
            let all = entries[subscriptions[index].topic] ?? []
            for entry in all[subscriptions[index].next...] {
                answer(subscriptions[index].wait, .entry(Array(entry.utf8)))
            }
            subscriptions[index].next = all.count
        }
    }

    mutating func cancel(_ connection: ConnectionID, _ id: String?) {
        barriers.removeAll { $0.wait.connection == connection && (id == nil || $0.wait.id == id) }
        subscriptions.removeAll { $0.wait.connection == connection && (id == nil || $0.wait.id == id) }
    }
}

@Suite("Random histories")
struct ModelTests {
    @Test(
        "any history of requests, cancels and lost connections gives what the simple model gives",
        arguments: 0..<40)
    func histories(seed: Int) throws {
        var dice = Dice(state: UInt64(seed))
        var scenario = Scenario()
        var model = Model()
        var connections: [ConnectionID] = []
        for step in 0..<400 {
            if connections.count < 2 || dice.roll(20) == 0 {
                connections.append(try scenario.connect())
                model.expected[connections[connections.count - 1]] = [:]
            }
            let index = dice.roll(connections.count)
            let connection = connections[index]
            let wait = Model.Wait(connection: connection, id: "\(step)")
            let name = "n\(dice.roll(3))"
            switch dice.roll(12) {
            case 0...2:
                model.counts[name, default: 0] += 1
                model.answer(wait, .signalled(count: model.counts[name, default: 0]))
                scenario.send(wait.id, .signalEntry(state: name), from: connection)
            case 3...5:
                model.entries[name, default: []].append("\(step)")
                model.answer(wait, .published(sequence: Int64(model.entries[name, default: []].count)))
                scenario.send(wait.id, publish(name, "\(step)"), from: connection)
            case 6...7:
                let target = model.counts[name, default: 0] + Int64(dice.roll(6)) - 1
                model.barriers.append((wait, name, target))
                scenario.send(wait.id, .barrier(state: name, target: target), from: connection)
            case 8:
                model.subscriptions.append((wait, name, 0))
                scenario.send(wait.id, .subscribe(topic: name), from: connection)
            case 9...10:
                let id = "\(dice.roll(step + 1))"
                model.cancel(connection, id)
                scenario.send(id, .cancel, from: connection)
            default:
                model.cancel(connection, nil)
                scenario.disconnect(connection)
                connections.remove(at: index)
            }
            model.settle()
        }
        for connection in connections {
            for (id, contents) in model.expected[connection] ?? [:] {
                #expect(scenario.contents(connection, id) == contents, "seed \(seed), request \(id)")
            }
            let answered = Set((scenario.received[connection] ?? []).map(\.id))
            #expect(answered == Set((model.expected[connection] ?? [:]).keys), "seed \(seed)")
        }
        #expect(scenario.core.statistics.barriers == model.barriers.count)
        #expect(scenario.core.statistics.subscriptions == model.subscriptions.count)
        for connection in connections { scenario.disconnect(connection) }
        #expect(scenario.core.statistics.barriers + scenario.core.statistics.subscriptions == 0)
    }
}
