// States and barriers (contract §4).

import InstanceContract
import SyncCore
import Testing

@Suite("States and barriers")
struct StateTests {
    @Test("a signal answers the state's new count, from 1")
    func counts() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        for number in 1...3 { scenario.send("\(number)", .signalEntry(state: "s"), from: client) }
        scenario.send("4", .signalEntry(state: ""), from: client)
        #expect(
            scenario.received[client]?.map(\.content) == [
                .signalled(count: 1), .signalled(count: 2), .signalled(count: 3), .signalled(count: 1),
            ])
    }

    @Test("states and topics are separate namespaces")
    func namespaces() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("1", .signalEntry(state: "x"), from: client)
        scenario.send("2", publish("x", "1"), from: client)
        #expect(scenario.contents(client, "1") == [.signalled(count: 1)])
        #expect(scenario.contents(client, "2") == [.published(sequence: 1)])
    }

    @Test("names that only look alike are different states")
    func opaqueNames() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("1", .signalEntry(state: "\u{E9}"), from: client)
        scenario.send("2", .signalEntry(state: "e\u{301}"), from: client)
        #expect(scenario.contents(client, "2") == [.signalled(count: 1)])
    }

    @Test("a barrier answers with everything empty once the count reaches its target, and only then")
    func barrier() throws {
        var scenario = Scenario()
        let waiter = try scenario.connect()
        let other = try scenario.connect()
        scenario.send("w2", .barrier(state: "s", target: 2), from: waiter)
        scenario.send("w3", .barrier(state: "s", target: 3), from: waiter)
        scenario.send("1", .signalEntry(state: "s"), from: other)
        #expect(scenario.received[waiter] == [])
        scenario.send("2", .signalEntry(state: "s"), from: other)
        #expect(scenario.received[waiter] == [SyncResponse(id: "w2", content: .done)])
        scenario.send("3", .signalEntry(state: "s"), from: other)
        #expect(scenario.contents(waiter, "w3") == [.done])
        #expect(scenario.core.statistics.barriers == 0)
    }

    @Test(
        "a barrier that is met already, or whose target is not above 0, answers at once",
        arguments: [Int64.min, -1, 0, 1, 2])
    func metBarrier(target: Int64) throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("1", .signalEntry(state: "s"), from: client)
        scenario.send("2", .signalEntry(state: "s"), from: client)
        scenario.send("w", .barrier(state: "s", target: target), from: client)
        #expect(scenario.contents(client, "w") == [.done])
    }

    @Test("a cancelled barrier is never answered, and its id is free again")
    func cancel() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("w", .barrier(state: "s", target: 1), from: client)
        scenario.send("w", .cancel, from: client)
        scenario.send("1", .signalEntry(state: "s"), from: client)
        #expect(scenario.contents(client, "w") == [])
        scenario.send("w", .barrier(state: "s", target: 1), from: client)
        #expect(scenario.contents(client, "w") == [.done])
    }

    @Test("cancelling any of many barriers leaves exactly the others, whatever the order")
    func cancelAmongMany() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        let all = (0..<20).map { "w\($0)" }
        for id in all { scenario.send(id, .barrier(state: "s", target: 1), from: client) }
        let cancelled = ["w19", "w0", "w7", "w8", "w18", "w1"]
        for id in cancelled { scenario.send(id, .cancel, from: client) }
        scenario.send("signal", .signalEntry(state: "s"), from: client)
        let answered = Set(scenario.received[client]?.map(\.id) ?? [])
        #expect(answered == Set(all).subtracting(cancelled).union(["signal"]))
    }

    @Test("cancelling what does not exist does nothing")
    func cancelNothing() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("x", .cancel, from: client)
        scenario.send("y", nil, from: client)
        #expect(scenario.received[client] == [])
    }

    @Test("clients that vanish in barriers leave nothing behind, and the state's count stays")
    func vanish() throws {
        var scenario = Scenario()
        let stays = try scenario.connect()
        scenario.send("1", .signalEntry(state: "kept"), from: stays)
        for _ in 0..<100 {
            let client = try scenario.connect()
            scenario.send("a", .barrier(state: "kept", target: 9), from: client)
            scenario.send("b", .barrier(state: "empty", target: 9), from: client)
            scenario.disconnect(client)
        }
        #expect(scenario.core.statistics.barriers == 0)
        #expect(scenario.core.statistics.connections == 1)
        #expect(scenario.core.statistics.states == 1)
        scenario.send("2", .signalEntry(state: "kept"), from: stays)
        #expect(scenario.contents(stays, "2") == [.signalled(count: 2)])
    }

    @Test(
        "an id in use by a wait of the connection is refused for another wait; of another connection it is free"
    )
    func duplicateID() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        let other = try scenario.connect()
        scenario.send("w", .barrier(state: "s", target: 1), from: client)
        scenario.send("w", .barrier(state: "t", target: 1), from: client)
        scenario.send("w", .barrier(state: "s", target: 1), from: other)
        #expect(scenario.errors(client, "w").count == 1)
        #expect(scenario.received[other] == [])
        scenario.send("1", .signalEntry(state: "s"), from: other)
        #expect(scenario.contents(client, "w").last == .done)
        #expect(scenario.contents(other, "w") == [.done])
    }
}
