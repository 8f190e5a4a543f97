// Topics and subscriptions (contract §4).

import InstanceContract
import SyncCore
import Testing

@Suite("Topics and subscriptions")
struct TopicTests {
    @Test("publishing answers sequence numbers from 1, for each topic its own")
    func sequences() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("1", publish("t", "1"), from: client)
        scenario.send("2", publish("t", "2"), from: client)
        scenario.send("3", publish("u", "3"), from: client)
        #expect(
            scenario.received[client]?.map(\.content) == [
                .published(sequence: 1), .published(sequence: 2), .published(sequence: 1),
            ])
    }

    @Test("every subscriber gets every entry from the first, in the same order, whenever it comes")
    func order() throws {
        var scenario = Scenario()
        let early = try scenario.connect()
        let late = try scenario.connect()
        scenario.send("s", .subscribe(topic: "t"), from: early)
        for number in 0..<10 { scenario.send("p\(number)", publish("t", "\(number)"), from: early) }
        scenario.send("s", .subscribe(topic: "t"), from: late)
        for number in 10..<20 { scenario.send("p\(number)", publish("t", "\(number)"), from: late) }
        let expected = (0..<20).map(String.init)
        #expect(scenario.entries(early, "s") == expected)
        #expect(scenario.entries(late, "s") == expected)
    }

    @Test("two subscriptions of one connection each get everything")
    func twice() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        scenario.send("a", .subscribe(topic: "t"), from: client)
        scenario.send("p", publish("t", "1"), from: client)
        scenario.send("b", .subscribe(topic: "t"), from: client)
        scenario.send("q", publish("t", "2"), from: client)
        #expect(scenario.entries(client, "a") == ["1", "2"])
        #expect(scenario.entries(client, "b") == ["1", "2"])
    }

    @Test("payloads pass through as the JSON text they came in")
    func verbatim() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        let payload = #"{"big": 12345678901234567890, "f":1.10, "u":"\u00e9\n\"é"}"#
        scenario.send("s", .subscribe(topic: "t"), from: client)
        scenario.send("p", publish("t", payload), from: client)
        #expect(scenario.entries(client, "s") == [payload])
    }

    @Test("a cancelled subscription gets no more; the others get all")
    func cancel() throws {
        var scenario = Scenario()
        let client = try scenario.connect()
        for id in ["a", "b", "c"] { scenario.send(id, .subscribe(topic: "t"), from: client) }
        scenario.send("p", publish("t", "1"), from: client)
        scenario.send("a", .cancel, from: client)
        scenario.send("q", publish("t", "2"), from: client)
        #expect(scenario.entries(client, "a") == ["1"])
        #expect(scenario.entries(client, "b") == ["1", "2"])
        #expect(scenario.entries(client, "c") == ["1", "2"])
    }

    @Test("a subscription cancelled with deliveries pending gets none of them")
    func cancelPending() throws {
        var scenario = Scenario()
        scenario.holdsDeliveries = true
        let client = try scenario.connect()
        scenario.send("a", .subscribe(topic: "t"), from: client)
        scenario.send("p", publish("t", "1"), from: client)
        scenario.send("a", .cancel, from: client)
        let more = scenario.take(client, bytes: .max)
        #expect(!more)
        #expect(scenario.entries(client, "a") == [])
        #expect(scenario.core.statistics.subscriptions == 0)
    }

    @Test("who takes little at a time gets everything in order, and subscriptions take turns")
    func backpressure() throws {
        var scenario = Scenario()
        scenario.holdsDeliveries = true
        let publisher = try scenario.connect()
        let slow = try scenario.connect()
        let filler = String(repeating: "x", count: 10_000)
        let payloads = (0..<20).map { "\"\($0)\(filler)\"" }
        scenario.send("a", .subscribe(topic: "t"), from: slow)
        scenario.send("b", .subscribe(topic: "t"), from: slow)
        for payload in payloads { scenario.send("p", publish("t", payload), from: publisher) }
        scenario.take(slow, bytes: 70_000)
        // The first room went to both.
        #expect(!scenario.entries(slow, "a").isEmpty)
        #expect(!scenario.entries(slow, "b").isEmpty)
        #expect(scenario.entries(slow, "a").count < payloads.count)
        var rounds = 0
        while scenario.take(slow, bytes: 70_000), rounds < 100 { rounds += 1 }
        #expect(scenario.entries(slow, "a") == payloads)
        #expect(scenario.entries(slow, "b") == payloads)
        // Caught up: the next entry is announced anew.
        scenario.holdsDeliveries = false
        scenario.send("p", publish("t", "1"), from: publisher)
        #expect(scenario.entries(slow, "a").last == "1")
    }

    @Test("a connection that is lost with deliveries pending leaves nothing behind but the topic")
    func lostReader() throws {
        var scenario = Scenario()
        scenario.holdsDeliveries = true
        let publisher = try scenario.connect()
        for _ in 0..<50 {
            let reader = try scenario.connect()
            scenario.send("a", .subscribe(topic: "t"), from: reader)
            scenario.send("b", .subscribe(topic: "none"), from: reader)
            scenario.send("p", publish("t", "1"), from: publisher)
            scenario.disconnect(reader)
        }
        #expect(scenario.core.statistics.subscriptions == 0)
        #expect(scenario.core.statistics.topics == 1)
        #expect(scenario.core.statistics.entries == 50)
    }
}
