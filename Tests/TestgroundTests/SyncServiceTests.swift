// Signals, barriers and topics as a plan uses them.

import InstanceContract
import Testing

@testable import SyncClient
@testable import Testground

@Suite("Coordination through the sync service", .timeLimit(.minutes(1)))
struct SyncServiceTests {
    static let states = "run:r:plan:p:case:c:states:"
    static let topics = "run:r:plan:p:case:c:topics:"

    @Test("names are qualified with the run's scope, and waiting is for every instance by default")
    func signalAndWait() async throws {
        let server = try ScriptedServer { peer in
            #expect(try peer.message()["signal_entry"]?["state"] == .string(Self.states + "ready"))
            try peer.send(#"{"id":"1","error":"","publish":null,"subscribe":"","signal_entry":{"seq":2}}"#)
            let barrier = try peer.message()["barrier"]
            #expect(barrier?["state"] == .string(Self.states + "ready"))
            #expect(barrier?["target"]?.integerValue == 3)
            try peer.answer("2")
        }
        let fixture = try RunFixture(syncPort: server.port)
        #expect(try await fixture.run.sync.signalAndWait("ready") == 2)
        try await server.finished()
    }

    struct Address: Codable, Sendable, Equatable {
        var host: String
        var port: Int
    }

    @Test("values go through a topic as JSON and come back typed")
    func topic() async throws {
        let json = #"{"host":"a\/b","port":1}"#
        let server = try ScriptedServer { peer in
            let publish = try peer.message()["publish"]
            #expect(publish?["topic"] == .string(Self.topics + "addresses"))
            #expect(publish?["payload"]?["port"]?.integerValue == 4001)
            try peer.answer("1", publish: 2)
            #expect(try peer.message()["subscribe"]?["topic"] == .string(Self.topics + "addresses"))
            try peer.answer("2", subscribe: json)
            try peer.answer("2", subscribe: "17")
            _ = try peer.message()
        }
        let fixture = try RunFixture(syncPort: server.port)
        let topic = Topic<Address>("addresses")
        let mine = Address(host: "127.0.0.1", port: 4001)
        let (number, values) = try await fixture.run.sync.publishSubscribe(mine, to: topic)
        #expect(number == 2)
        #expect(try await values.first(1) == [Address(host: "a/b", port: 1)])
        let error = await #expect(throws: TestgroundError.self) { try await values.first(1) }
        #expect(error?.code == .payload)
        #expect(error?.description == "an entry of topic \"addresses\" is no Address: 17")
    }

    @Test("initialising waits for the network, takes both numbers once, and says so as the Go SDK does")
    func initialise() async throws {
        let server = try ScriptedServer { peer in
            let barrier = try peer.message()["barrier"]
            #expect(barrier?["state"] == .string(Self.states + "network-initialized"))
            #expect(barrier?["target"]?.integerValue == 3)
            try peer.answer("1")
            for (state, count) in [("initialized_global", 3), ("initialized_group_g", 1)] {
                var request = try peer.message()
                // Events are published in between.
                while request["publish"] != nil { request = try peer.message() }
                #expect(request["signal_entry"]?["state"] == .string(Self.states + state))
                let id = request["id"]?.stringValue ?? ""
                let signal = #""signal_entry":{"seq":\#(count)}"#
                try peer.send(#"{"id":"\#(id)","error":"","publish":null,"subscribe":"",\#(signal)}"#)
            }
        }
        let fixture = try RunFixture(syncPort: server.port, sidecar: true)
        #expect(try await fixture.run.initialise() == SequenceNumbers(global: 3, group: 1))
        #expect(try await fixture.run.initialise() == SequenceNumbers(global: 3, group: 1))
        #expect(
            fixture.events == [
                .message("waiting for network to initialize"), .message("network initialisation successful"),
                .message("network initialization complete"),
                .message("claimed sequence numbers; global=3, group(g)=1"),
            ])
        try await server.finished()
    }

    @Test("events are published once there is a connection, and never wait for one")
    func events() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            try peer.send(#"{"id":"1","error":"","publish":null,"subscribe":"","signal_entry":{"seq":1}}"#)
            let publish = try peer.message()["publish"]
            #expect(publish?["topic"] == "run:r:plan:p:case:c:run_events")
            #expect(publish?["payload"]?.text == #"{"success_event":{"group":"g"}}"#)
            #expect(try peer.frame().opcode == .close)
            try peer.send(.close, [0x03, 0xE8])
        }
        let fixture = try RunFixture(syncPort: server.port)
        fixture.run.recordMessage("before the connection")
        try await fixture.run.sync.signal("s")
        fixture.run.recordSuccess()
        await fixture.run.close()
        try await server.finished()
    }

    @Test("without a service the error names the address and the remedy")
    func noService() async throws {
        let fixture = try RunFixture()
        let error = await #expect(throws: TestgroundError.self) {
            try await fixture.run.sync.barrier("s", target: 1)
        }
        #expect(error?.code == .sync)
        // The state as the plan wrote it, without the run's scope.
        #expect(error?.description.hasPrefix("barrier \"s\" for 1: no sync service at 127.0.0.1:1 (") == true)
    }

    @Test("a limit ends a wait with what was waited for")
    func timeout() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            #expect(try peer.message()["is_cancel"] == true)
        }
        let fixture = try RunFixture(syncPort: server.port)
        let error = await #expect(throws: TestgroundError.self) {
            try await withTimeout(.milliseconds(30), "waiting for the miners") {
                try await fixture.run.sync.barrier("mined", target: 3)
            }
        }
        #expect(error?.code == .timeout)
        #expect(error?.description == "waiting for the miners took longer than 0.03 seconds")
        try await server.finished()
    }

    @Test("a limit that is not reached does not disturb")
    func noTimeout() async throws {
        #expect(try await withTimeout(.seconds(60), "nothing") { 7 } == 7)
    }
}
