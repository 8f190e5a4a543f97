// Every limit holds, says so, and leaves the rest working.

import InstanceContract
import SyncCore
import Testing

@Suite("Limits")
struct LimitTests {
    @Test("an entry at the limit is delivered in a message that the Go SDK can read, to the longest id")
    func longestEntry() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        let longestID = String(repeating: "i", count: SyncLimits.identifierBytes - 2)
        // The quotes of the payload take two bytes each in the delivery.
        let fits = "\"" + String(repeating: "x", count: SyncLimits.entryBytes - 4) + "\""
        scenario.send(longestID, .subscribe(topic: "t"), from: client)
        scenario.send("p", publish("t", fits), from: client)
        #expect(scenario.entries(client, longestID) == [fits])
        var encoded: [UInt8] = []
        SyncResponse(id: longestID, content: .entry(Array(fits.utf8))).encode(into: &encoded)
        #expect(encoded.count == SyncLimits.messageBytes)
    }

    @Test("an entry beyond it is refused with the limit, and takes no sequence number")
    func tooLongEntry() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        let tooLong = "\"" + String(repeating: "x", count: SyncLimits.entryBytes - 3) + "\""
        // Every quote is escaped on delivery: half the bytes are too many already.
        let escapes = "\"" + String(repeating: "\\\"", count: SyncLimits.entryBytes / 4) + "\""
        scenario.send("p", publish("t", tooLong), from: client)
        scenario.send("q", publish("t", escapes), from: client)
        scenario.send("r", publish("t", "1"), from: client)
        #expect(scenario.errors(client, "p").first?.contains("\(SyncLimits.entryBytes)") == true)
        // Only the runner reads requests for networks.
        let request = "\"" + String(repeating: "x", count: SyncLimits.networkRequestBytes - 4) + "\""
        scenario.send("n", publish("run:r:plan:p:case:c:topics:network:a-0", request), from: client)
        #expect(scenario.errors(client, "n").isEmpty)
        #expect(scenario.errors(client, "q").count == 1)
        #expect(scenario.contents(client, "r") == [.published(sequence: 1)])
    }

    @Test("a request id longer than the limit closes the connection, since no answer could bear it")
    func longID() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send(String(repeating: "i", count: 126), .signalEntry(state: "s"), from: client)
        #expect(scenario.closed[client] == nil)
        // Fewer characters, but six bytes each as JSON.
        scenario.send(String(repeating: "\u{1}", count: 22), .signalEntry(state: "s"), from: client)
        #expect(scenario.closed[client] == 1008)
    }

    @Test("names, topics, bytes, waits and connections have limits that refuse with an error")
    func numbers() throws {
        let limits = SyncLimits(
            nameBytes: 10, names: 3, topicBytes: 300, totalBytes: 500, waitsPerConnection: 2, waits: 3,
            connections: 2)
        var scenario = Scenario(limits: limits)
        let client = try scenario.connect()
        let other = try scenario.connect()
        #expect(throws: Refused.self) { try scenario.connect() }

        scenario.send("long", .signalEntry(state: "12345678901"), from: client)
        #expect(scenario.errors(client, "long").count == 1)

        let payload = "\"" + String(repeating: "x", count: 100) + "\""
        scenario.send("p1", publish("t", payload), from: client)
        scenario.send("p2", publish("t", payload), from: client)
        scenario.send("p3", publish("t", payload), from: client)
        #expect(scenario.contents(client, "p2") == [.published(sequence: 2)])
        #expect(scenario.errors(client, "p3").count == 1)
        scenario.send("p4", publish("u", payload), from: client)
        scenario.send("p5", publish("u", payload), from: client)
        #expect(scenario.errors(client, "p5").first?.contains("500") == true)

        scenario.send("s1", .signalEntry(state: "s"), from: client)
        scenario.send("s2", .signalEntry(state: "s2"), from: client)
        #expect(scenario.contents(client, "s1") == [.signalled(count: 1)])
        #expect(scenario.errors(client, "s2").count == 1)

        scenario.send("w1", .barrier(state: "s", target: 5), from: client)
        scenario.send("w2", .subscribe(topic: "t"), from: client)
        scenario.send("w3", .barrier(state: "s", target: 5), from: client)
        #expect(scenario.errors(client, "w3").count == 1)
        scenario.send("w1", .barrier(state: "s", target: 5), from: other)
        scenario.send("w2", .barrier(state: "s", target: 5), from: other)
        #expect(scenario.errors(other, "w2").count == 1)
        // What ends makes room.
        scenario.send("w1", .cancel, from: client)
        scenario.send("w2", .barrier(state: "s", target: 1), from: other)
        #expect(scenario.contents(other, "w2").last == .done)
    }

    @Test("a client that makes names and lets go of them holds no memory")
    func namesComeAndGo() throws {
        var scenario = Scenario(limits: SyncLimits(names: 5))
        let client = try scenario.connect()
        for number in 0..<1000 {
            scenario.send("a", .barrier(state: "run:x\(number):s", target: 1), from: client)
            scenario.send("b", .subscribe(topic: "run:y\(number):t"), from: client)
            scenario.send("a", .cancel, from: client)
            scenario.send("b", .cancel, from: client)
        }
        #expect(scenario.received[client] == [])
        #expect(scenario.core.statistics.states == 0)
        #expect(scenario.core.statistics.topics == 0)
        #expect(scenario.core.statistics.runs == 0)
    }
}
