// The sync client against a scripted server.

import InstanceContract
import LinuxSystem
import Testing

@testable import SyncClient

@Suite("The sync client against a server that does as told", .timeLimit(.minutes(1)))
struct SyncClientTests {
    static func client(_ server: ScriptedServer, _ change: (inout SyncClient.Limits) -> Void = { _ in })
        -> SyncClient
    {
        var limits = SyncClient.Limits()
        change(&limits)
        return SyncClient(host: "127.0.0.1", port: server.port, limits: limits)
    }

    @Test("requests go out as the contract writes them, in the order they are made")
    func wire() async throws {
        let server = try ScriptedServer { peer in
            let publish = #"{"topic":"t","payload":{"n":9007199254740993}}"#
            #expect(try peer.message().text == #"{"id":"1","publish":\#(publish)}"#)
            try peer.answer("1", publish: 4)
            #expect(try peer.message().text == #"{"id":"2","signal_entry":{"state":"s"}}"#)
            try peer.send(#"{"id":"2","error":"","publish":null,"subscribe":"","signal_entry":{"seq":5}}"#)
            #expect(
                try peer.message().text == #"{"id":"3","barrier":{"state":"s","target":2}}"#
            )
            try peer.answer("3")
            #expect(try peer.message().text == #"{"id":"4","subscribe":{"topic":""}}"#)
            try peer.answer("4", subscribe: #""x""#)
        }
        let client = Self.client(server)
        #expect(try await client.publish(topic: "t", payload: #"{"n":9007199254740993}"#) == 4)
        #expect(try await client.signal(state: "s") == 5)
        try await client.barrier(state: "s", target: 2)
        let entries = client.subscribe(topic: "").makeAsyncIterator()
        #expect(try await entries.next() == #""x""#)
        try await server.finished()
    }

    @Test("answers in another order than the requests find their own")
    func multiplexed() async throws {
        let server = try ScriptedServer { peer in
            let requests = try (0..<20).map { _ in try peer.message() }
            for request in requests.reversed() {
                let payload = request["publish"]?["payload"]?.integerValue ?? -1
                try peer.answer(request["id"]?.stringValue ?? "", publish: Int(payload))
            }
        }
        let client = Self.client(server)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let answer = try await client.publish(topic: "t", payload: "\(number)")
                    #expect(answer == number)
                }
            }
            try await group.waitForAll()
        }
        try await server.finished()
    }

    @Test("a barrier that can no longer be met fails with the service's words")
    func refused() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            try peer.answer("1", error: "2 of 10 can no longer arrive")
        }
        let error = await #expect(throws: SyncClientError.self) {
            try await Self.client(server).barrier(state: "ready", target: 10)
        }
        #expect(error?.code == .refused)
        #expect(error?.description == #"barrier "ready" for 10: 2 of 10 can no longer arrive"#)
    }

    @Test("cancelling a barrier ends the wait and tells the service")
    func cancellation() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            arrival.yield()
            #expect(try peer.message().text == #"{"id":"1","is_cancel":true}"#)
        }
        let client = Self.client(server)
        let wait = Task { try await client.barrier(state: "s", target: 2) }
        for await _ in arrived { break }
        wait.cancel()
        await #expect(throws: CancellationError.self) { try await wait.value }
        try await server.finished()
    }

    @Test("a request of a task that is cancelled already does not wait")
    func cancelledBefore() async throws {
        let server = try ScriptedServer { peer in
            #expect(throws: Peer.Unexpected.self) { while true { _ = try peer.message() } }
        }
        let client = Self.client(server)
        let wait = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await client.barrier(state: "s", target: 2)
        }
        await #expect(throws: CancellationError.self) { try await wait.value }
    }

    @Test("a subscription that nobody reads any more is ended at the service")
    func abandonedSubscription() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            try peer.answer("1", subscribe: "1")
            #expect(try peer.message().text == #"{"id":"1","is_cancel":true}"#)
        }
        let client = Self.client(server)
        for try await entry in client.subscribe(topic: "t") {
            #expect(entry == "1")
            break
        }
        try await server.finished()
    }

    @Test("a cancelled read loses no entry: the next read gets it")
    func cancelledRead() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            // Held back until the test has given its first read up.
            _ = try peer.message()
            try peer.answer("1", subscribe: "7")
        }
        let client = Self.client(server)
        let subscription = client.subscribe(topic: "t")
        try await client.connect()
        let read = Task { try await subscription.makeAsyncIterator().next() }
        read.cancel()
        await #expect(throws: CancellationError.self) { try await read.value }
        client.post(topic: "go", payload: "1")
        #expect(try await subscription.makeAsyncIterator().next() == "7")
    }

    @Test("fragments are put together, pings between them answered with the same payload")
    func fragmentsAndPings() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            let answer = Array(
                #"{"id":"1","error":"","publish":{"seq":3},"subscribe":"","signal_entry":null}"#.utf8)
            try peer.send(.text, answer[..<10], isFinal: false)
            try peer.send(.ping, Array("are you there".utf8))
            #expect(try peer.frame() == WebSocketFrame(.pong, "are you there".utf8))
            try peer.send(.continuation, answer[10..<20], isFinal: false)
            try peer.send(.continuation, answer[20...])
        }
        #expect(try await Self.client(server).publish(topic: "t", payload: "1") == 3)
        try await server.finished()
    }

    @Test("a reader that falls behind gets what was kept, then an error that says so; others go on")
    func overflow() async throws {
        let server = try ScriptedServer { peer in
            for _ in ["subscribe", "publish"] { _ = try peer.message() }
            for entry in 1...4 { try peer.answer("1", subscribe: "\(entry)") }
            #expect(try peer.message().text == #"{"id":"1","is_cancel":true}"#)
            try peer.answer("3", publish: 1)
        }
        let client = Self.client(server) { $0.subscriptionEntries = 3 }
        let entries = client.subscribe(topic: "t").makeAsyncIterator()
        try await client.connect()
        // Answered after the fourth entry, so that all have arrived. (Connecting took id 2.)
        _ = try await client.publish(topic: "t", payload: "1")
        for expected in ["1", "2", "3"] { #expect(try await entries.next() == expected) }
        let error = await #expect(throws: SyncClientError.self) { try await entries.next() }
        #expect(error?.code == .overflow)
    }

    @Test("when the service goes away, everyone who waits hears of it, and so does whoever asks later")
    func serverGone() async throws {
        let server = try ScriptedServer { peer in for _ in 0..<3 { _ = try peer.message() } }
        let client = Self.client(server)
        let entries = client.subscribe(topic: "t").makeAsyncIterator()
        let barrier = Task { try await client.barrier(state: "s", target: 2) }
        let publish = Task { try await client.publish(topic: "t", payload: "1") }
        let first = await #expect(throws: SyncClientError.self) { try await barrier.value }
        await #expect(throws: SyncClientError.self) { try await publish.value }
        await #expect(throws: SyncClientError.self) { try await entries.next() }
        let later = await #expect(throws: SyncClientError.self) { try await client.signal(state: "late") }
        #expect(first?.code == .connectionLost)
        #expect(
            later?.description
                == #"signal of state "late": lost the sync service at 127.0.0.1:\#(server.port): "#
                + "it closed the connection without a word")
    }

    @Test("a close frame of the service ends the waits with its code and reason, and is answered")
    func serverCloses() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            try peer.send(.close, [0x03, 0xF1] + Array("too long".utf8))
            #expect(try peer.frame() == WebSocketFrame(.close, [0x03, 0xF1]))
        }
        let error = await #expect(throws: SyncClientError.self) {
            try await Self.client(server).barrier(state: "s", target: 2)
        }
        #expect(error?.description.hasSuffix("it closed the connection (code 1009: too long)") == true)
        try await server.finished()
    }

    @Test("an answer that is no JSON ends the connection with code 1007")
    func badAnswer() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            try peer.send("{")
            #expect(try peer.frame() == WebSocketFrame(.close, [0x03, 0xEF]))
        }
        await #expect(throws: SyncClientError.self) { try await Self.client(server).signal(state: "s") }
        try await server.finished()
    }

    @Test("where nobody listens, the error names the address and the remedy")
    func unreachable() async throws {
        let port = try SocketListener().port
        let client = SyncClient(host: "127.0.0.1", port: port)
        let error = await #expect(throws: SyncClientError.self) { try await client.connect() }
        #expect(error?.code == .unreachable)
        #expect(error?.description.contains("no sync service at 127.0.0.1:\(port)") == true)
        #expect(error?.description.contains("testground run") == true)
    }

    @Test("a server of another kind is told from a sync service")
    func otherServer() async throws {
        let server = try ScriptedServer(shakesHands: false) { peer in
            try peer.receive()
            try peer.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        }
        let error = await #expect(throws: SyncClientError.self) { try await Self.client(server).connect() }
        #expect(error?.code == .notASyncService)
    }

    @Test("a server that accepts and says nothing is given up")
    func silentServer() async throws {
        let server = try ScriptedServer(shakesHands: false) { peer in
            #expect(throws: Peer.Unexpected.self) { while true { try peer.receive() } }
        }
        let client = Self.client(server) { $0.connectTimeout = .milliseconds(30) }
        let error = await #expect(throws: SyncClientError.self) { try await client.signal(state: "s") }
        #expect(error?.code == .unreachable)
        try await server.finished()
    }

    @Test("a service that falls silent is pinged, then counts as gone")
    func silence() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            #expect(try peer.frame() == WebSocketFrame(.ping, []))
            #expect(throws: Peer.Unexpected.self) { _ = try peer.frame() }
        }
        let client = Self.client(server) {
            $0.pingAfter = .milliseconds(20)
            $0.goneAfter = .milliseconds(60)
        }
        let error = await #expect(throws: SyncClientError.self) {
            try await client.barrier(state: "s", target: 2)
        }
        #expect(error?.code == .connectionLost)
        try await server.finished()
    }

    @Test("closing sends what was posted before it says goodbye, and ends what still waits")
    func closing() async throws {
        let server = try ScriptedServer { peer in
            _ = try peer.message()
            #expect(try peer.message()["publish"]?["payload"]?.text == "1")
            #expect(try peer.message()["publish"]?["payload"]?.text == "2")
            #expect(try peer.frame() == WebSocketFrame(.close, [0x03, 0xE8]))
            try peer.send(.close, [0x03, 0xE8])
        }
        let client = Self.client(server)
        try await client.connect()
        let entries = client.subscribe(topic: "t").makeAsyncIterator()
        client.post(topic: "t", payload: "1")
        client.post(topic: "t", payload: "2")
        await client.close()
        try await server.finished()
        let error = await #expect(throws: SyncClientError.self) { try await entries.next() }
        #expect(error?.code == .closed)
        await #expect(throws: SyncClientError.self) { try await client.signal(state: "s") }
        await client.close()
    }

    @Test("closing a client that was never connected is nothing")
    func closingIdle() async {
        let client = SyncClient(host: "127.0.0.1", port: 1)
        await client.close()
        await #expect(throws: SyncClientError.self) { try await client.connect() }
    }
}
