// Runs: isolation, loss of members, and the end.

import InstanceContract
import SyncCore
import Testing

private let ready = scope.state("ready")
private let peers = scope.topic("peers")

@Suite("Runs")
struct RunTests {
    // MARK: Barriers

    @Test("a barrier fails at once, naming the lost, when too few members are left")
    func lostMembers() throws {
        var scenario = Scenario(members: 10)
        let waiter = try scenario.join(0)
        scenario.send("1", .signalEntry(state: ready), from: waiter)
        scenario.send("w", .barrier(state: ready, target: 10), from: waiter)
        scenario.send("enough", .barrier(state: ready, target: 8), from: waiter)
        scenario.end(3, how: "crashed", orderly: false)
        #expect(
            scenario.errors(waiter, "w")
                == [#"barrier "ready": 1 of 10 can no longer arrive: miners[3] crashed"#])
        #expect(scenario.contents(waiter, "enough") == [])
        scenario.end(7, how: "exited 1", orderly: false)
        scenario.send("again", .barrier(state: ready, target: 10), from: waiter)
        #expect(
            scenario.errors(waiter, "again")
                == [#"barrier "ready": 2 of 10 can no longer arrive: miners[3] crashed, miners[7] exited 1"#])
        #expect(scenario.contents(waiter, "enough") == [])
        scenario.end(5)
        #expect(
            scenario.errors(waiter, "enough") == [
                #"barrier "ready" (target 8, count 1): 3 of 10 can no longer arrive: "#
                    + "miners[3] crashed, miners[5] ended, miners[7] exited 1"
            ])
    }

    @Test("a member that signalled before it was lost has arrived")
    func signalledBefore() throws {
        var scenario = Scenario(members: 3)
        let waiter = try scenario.join(0)
        let leaver = try scenario.join(1)
        let last = try scenario.join(2)
        scenario.send("1", .signalEntry(state: ready), from: leaver)
        scenario.send("w", .barrier(state: ready, target: 3), from: waiter)
        scenario.disconnect(leaver)
        scenario.end(1, how: "crashed", orderly: false)
        #expect(scenario.contents(waiter, "w") == [])
        scenario.send("1", .signalEntry(state: ready), from: waiter)
        scenario.send("1", .signalEntry(state: ready), from: last)
        #expect(scenario.contents(waiter, "w") == [.done])
    }

    @Test("what an ended member sent is still read: it is lost only when its last connection is")
    func lastWords() throws {
        var scenario = Scenario(members: 2)
        let waiter = try scenario.join(0)
        let leaver = try scenario.join(1)
        let second = try scenario.join(1)
        scenario.send("w", .barrier(state: ready, target: 2), from: waiter)
        scenario.end(1)
        scenario.disconnect(second)
        #expect(scenario.contents(waiter, "w") == [])
        scenario.send("1", .signalEntry(state: ready), from: leaver)
        scenario.disconnect(leaver)
        #expect(scenario.contents(waiter, "w") == [])
        scenario.send("1", .signalEntry(state: ready), from: waiter)
        #expect(scenario.contents(waiter, "w") == [.done])
    }

    @Test("an ended member whose connection closes without a signal is lost then")
    func silentEnd() throws {
        var scenario = Scenario(members: 2)
        let waiter = try scenario.join(0)
        let leaver = try scenario.join(1)
        scenario.send("w", .barrier(state: ready, target: 2), from: waiter)
        scenario.end(1)
        #expect(scenario.errors(waiter, "w") == [])
        scenario.disconnect(leaver)
        #expect(scenario.errors(waiter, "w").count == 1)
    }

    @Test("a lost connection alone ends nothing: the instance may connect again")
    func reconnect() throws {
        var scenario = Scenario(members: 2)
        let waiter = try scenario.join(0)
        let other = try scenario.join(1)
        scenario.send("w", .barrier(state: ready, target: 2), from: waiter)
        scenario.disconnect(other)
        #expect(scenario.contents(waiter, "w") == [])
        let again = try scenario.join(1)
        scenario.send("1", .signalEntry(state: ready), from: again)
        scenario.send("1", .signalEntry(state: ready), from: waiter)
        #expect(scenario.contents(waiter, "w") == [.done])
    }

    @Test("a barrier that may still be met is not given up")
    func conservative() throws {
        // Beyond one signal each: someone signals more than once.
        var scenario = Scenario(members: 3)
        var waiter = try scenario.join(0)
        scenario.send("w", .barrier(state: ready, target: 4), from: waiter)
        scenario.end(1, how: "crashed", orderly: false)
        #expect(scenario.contents(waiter, "w") == [])

        // A member has signalled twice before.
        scenario = Scenario(members: 3)
        waiter = try scenario.join(0)
        scenario.send("1", .signalEntry(state: ready), from: waiter)
        scenario.send("2", .signalEntry(state: ready), from: waiter)
        scenario.send("w", .barrier(state: ready, target: 3), from: waiter)
        scenario.end(1, how: "crashed", orderly: false)
        scenario.end(2, how: "crashed", orderly: false)
        #expect(scenario.contents(waiter, "w") == [])
        scenario.send("3", .signalEntry(state: ready), from: waiter)
        #expect(scenario.contents(waiter, "w") == [.done])

        // The runner signals for everyone, now or as it has declared.
        scenario = Scenario(members: 2)
        waiter = try scenario.join(0)
        scenario.change { core, actions in core.signal(scope.state("configured"), times: 0, &actions) }
        for name in ["network-initialized", "configured"] {
            scenario.send(name, .barrier(state: scope.state(name), target: 2), from: waiter)
        }
        scenario.end(1, how: "crashed", orderly: false)
        #expect(scenario.received[waiter] == [])
        for name in ["network-initialized", "configured"] {
            scenario.change { core, actions in core.signal(scope.state(name), times: 2, &actions) }
            #expect(scenario.contents(waiter, name) == [.done])
        }
    }

    @Test("while someone unknown uses the run's keys nothing is given up; when the last leaves it is")
    func visitors() throws {
        var scenario = Scenario(members: 2)
        let waiter = try scenario.join(0)
        let visitor = try scenario.connect()
        scenario.send("w", .barrier(state: ready, target: 2), from: waiter)
        scenario.send("v", .barrier(state: scope.state("other"), target: 2), from: visitor)
        scenario.end(1, how: "crashed", orderly: false)
        #expect(scenario.contents(waiter, "w") == [])
        scenario.disconnect(visitor)
        #expect(scenario.errors(waiter, "w").count == 1)
    }

    @Test("a long list of the lost is shortened")
    func longList() throws {
        var scenario = Scenario(members: 50)
        let waiter = try scenario.join(49)
        for index in 0..<47 { scenario.end(index, how: "crashed", orderly: false) }
        scenario.send("w", .barrier(state: ready, target: 50), from: waiter)
        let message = try #require(scenario.errors(waiter, "w").first)
        #expect(message.hasPrefix(#"barrier "ready": 47 of 50 can no longer arrive: miners[0] crashed, "#))
        #expect(message.hasSuffix("miners[9] crashed and 37 more"))
    }

    @Test("the longest error still fits a message that the Go SDK can read")
    func longErrors() throws {
        var scenario = Scenario(members: 0)
        let group = String(repeating: "g", count: 200)
        let members = (0..<40).map { InstanceReference(group: group, index: $0) }
        scenario.core.register(scope, members: members)
        let waiter = try scenario.connect(.instance(members[0], scope))
        for member in members.dropFirst() {
            scenario.change { core, actions in
                core.ended(member, in: scope, how: "was killed by signal 11", orderly: false, &actions)
            }
        }
        let name = String(repeating: "\u{1}", count: 900)
        scenario.send("w", .barrier(state: scope.state(name), target: 40), from: waiter)
        var encoded: [UInt8] = []
        let response = try #require(scenario.received[waiter]?.first)
        response.encode(into: &encoded)
        #expect(encoded.count < SyncLimits.messageBytes)
    }

    // MARK: Subscriptions

    @Test(
        "a subscription fails after its last entry when no other member is left and one was lost out of order"
    )
    func subscription() throws {
        var scenario = Scenario(members: 3)
        let reader = try scenario.join(0)
        let writer = try scenario.join(1)
        scenario.holdsDeliveries = true
        scenario.send("s", .subscribe(topic: peers), from: reader)
        scenario.send("p", publish(peers, "1"), from: writer)
        scenario.end(2)
        scenario.end(1, how: "crashed", orderly: false)
        scenario.disconnect(writer)
        let more = scenario.take(reader, bytes: .max)
        #expect(!more)
        #expect(
            scenario.contents(reader, "s") == [
                .entry(Array("1".utf8)),
                .failed(#"subscription "peers": no other instance is left to publish: miners[1] crashed"#),
            ])
        #expect(scenario.core.statistics.subscriptions == 0)
        // Also one that comes later.
        scenario.holdsDeliveries = false
        scenario.send("later", .subscribe(topic: peers), from: reader)
        #expect(scenario.entries(reader, "later") == ["1"])
        #expect(scenario.errors(reader, "later").count == 1)
        scenario.send("empty", .subscribe(topic: scope.topic("none")), from: reader)
        #expect(scenario.errors(reader, "empty").count == 1)
    }

    @Test("a subscription stays open when the others ended in order, or one is left")
    func openSubscription() throws {
        var scenario = Scenario(members: 3)
        let reader = try scenario.join(0)
        scenario.send("s", .subscribe(topic: peers), from: reader)
        scenario.end(1, how: "crashed", orderly: false)
        #expect(scenario.contents(reader, "s") == [])

        scenario = Scenario(members: 2)
        let alone = try scenario.join(0)
        scenario.send("s", .subscribe(topic: peers), from: alone)
        scenario.end(1)
        scenario.send("p", publish(peers, "1"), from: alone)
        #expect(scenario.contents(alone, "s") == [.entry(Array("1".utf8))])
    }

    // MARK: Isolation

    @Test("an instance may use the keys of its run and no others")
    func isolation() throws {
        var scenario = Scenario(members: 1)
        let instance = try scenario.join(0)
        let anyone = try scenario.connect()
        let foreign = RunScope(run: "r2", plan: "p", testCase: "c")
        scenario.send("theirs", publish(foreign.topic("t"), "1"), from: anyone)
        let attempts: [(String, SyncRequest.Operation)] = [
            ("1", .subscribe(topic: foreign.topic("t"))), ("2", publish(foreign.topic("t"), "2")),
            ("3", .signalEntry(state: foreign.state("new"))), ("4", .barrier(state: "bare", target: 1)),
            ("5", publish("run:r1", "3")), ("6", publish("run:r11:x", "3")),
        ]
        for (id, operation) in attempts {
            scenario.send(id, operation, from: instance)
            #expect(scenario.errors(instance, id).count == 1, "\(operation)")
        }
        scenario.send("own", .signalEntry(state: ready), from: instance)
        #expect(scenario.contents(instance, "own") == [.signalled(count: 1)])
        scenario.send("s", .subscribe(topic: foreign.topic("t")), from: anyone)
        #expect(scenario.entries(anyone, "s") == ["1"])
        #expect(scenario.core.statistics.states == 1)
    }

    // MARK: The end

    @Test(
        "closing a run frees every key of it, ends its waits, closes its instances' connections, and nothing else"
    )
    func close() throws {
        var scenario = Scenario(members: 2)
        let instance = try scenario.join(0)
        let anyone = try scenario.connect()
        let other = RunScope(run: "r2", plan: "p", testCase: "c")
        scenario.send("1", .signalEntry(state: ready), from: instance)
        scenario.send("2", publish(peers, "1"), from: instance)
        scenario.send("w", .barrier(state: ready, target: 2), from: instance)
        scenario.send("s", .subscribe(topic: peers), from: anyone)
        scenario.send("kept", publish(other.topic("t"), "1"), from: anyone)
        scenario.send("wait", .barrier(state: other.state("x"), target: 1), from: anyone)
        scenario.change { core, actions in core.close(scope, &actions) }
        #expect(scenario.errors(instance, "w") == ["the run r1 is over"])
        #expect(scenario.errors(anyone, "s") == ["the run r1 is over"])
        #expect(scenario.contents(anyone, "wait") == [])
        #expect(scenario.closed == [instance: 1001])
        scenario.disconnect(instance)
        let statistics = scenario.core.statistics
        #expect(statistics.states == 1)
        #expect(statistics.topics == 1)
        #expect(statistics.entries == 1)
        #expect(statistics.runs == 1)
        #expect(statistics.barriers == 1)
        #expect(statistics.subscriptions == 0)
    }

    @Test("a straggler cannot bring a closed run's keys back, nor connect as one of its instances")
    func stragglers() throws {
        var scenario = Scenario(members: 1)
        let anyone = try scenario.connect()
        scenario.change { core, actions in core.close(scope, &actions) }
        scenario.send("1", .signalEntry(state: ready), from: anyone)
        #expect(scenario.errors(anyone, "1").count == 1)
        #expect(throws: Refused.self) { try scenario.join(0) }
        #expect(scenario.core.statistics.states == 0)
    }

    @Test("losing every connection and waiting for ever frees nothing of a run")
    func quiet() throws {
        var scenario = Scenario(members: 1)
        let first = try scenario.join(0)
        scenario.send("1", .signalEntry(state: ready), from: first)
        scenario.send("2", publish(peers, "1"), from: first)
        scenario.disconnect(first)
        scenario.end(0)
        let later = try scenario.join(0)
        scenario.send("3", .signalEntry(state: ready), from: later)
        scenario.send("s", .subscribe(topic: peers), from: later)
        #expect(scenario.contents(later, "3") == [.signalled(count: 2)])
        #expect(scenario.entries(later, "s") == ["1"])
    }
}
