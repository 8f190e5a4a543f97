// The service as a whole, over real sockets: what the frames of one connection cannot show.

import Glibc
import InstanceContract
import SyncCore
import SyncServer
import Testing

private let scope = RunScope(run: "r1", plan: "p", testCase: "c")

private func miner(_ index: Int) -> InstanceReference { InstanceReference(group: "miners", index: index) }

private func request(_ id: String, _ operation: SyncRequest.Operation) -> SyncRequest {
    SyncRequest(id: id, operation: operation)
}

/// Returns once the service's figures are as wanted; the test's time limit ends a wait that never does.
private func waitUntil(_ service: SyncService, _ condition: (SyncStatistics) -> Bool) async throws {
    while let statistics = await service.statistics(), !condition(statistics) { try Task.checkCancellation() }
}

@Suite("The service", .timeLimit(.minutes(1)))
struct ServiceTests {
    @Test(
        "pipelined requests of one connection take effect in the order sent, however they are cut into packets"
    )
    func pipelined() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            var bytes: [UInt8] = []
            for number in 1...2000 {
                let text = #"{"id":"\#(number)","signal_entry":{"state":"s"}}"#
                bytes += RawClient.frame(FirstByte.fin | FirstByte.text, text)
            }
            for start in stride(from: 0, to: bytes.count, by: 1013) {
                try await client.write(Array(bytes[start..<min(start + 1013, bytes.count)]))
            }
            for number in 1...2000 {
                let response = try await client.response()
                #expect(response == SyncResponse(id: "\(number)", content: .signalled(count: Int64(number))))
            }
        }
    }

    @Test("a waiting barrier is answered by another connection's signal, a cancelled one is not")
    func barrier() async throws {
        try await withService { service in
            let waiter = try await RawClient(port: service.port)
            let other = try await RawClient(port: service.port)
            try await waiter.send(request("gone", .barrier(state: "s", target: 1)))
            try await waiter.send(request("w", .barrier(state: "s", target: 1)))
            try await waiter.send(request("gone", .cancel))
            try await waiter.send(request("sync", .signalEntry(state: "other")))
            #expect(try await waiter.response().id == "sync")
            try await other.send(request("1", .signalEntry(state: "s")))
            #expect(try await waiter.response() == SyncResponse(id: "w", content: .done))
            try await waiter.send(request("sync", .signalEntry(state: "other")))
            #expect(try await waiter.response().id == "sync")
        }
    }

    @Test("a thousand clients that vanish in barriers leave nothing behind")
    func vanish() async throws {
        try await withService { service in
            do {
                var clients: [RawClient] = []
                for _ in 0..<1000 {
                    let client = try await RawClient(port: service.port)
                    try await client.send(request("w", .barrier(state: "s", target: 5000)))
                    clients.append(client)
                }
                try await waitUntil(service) { $0.barriers == 1000 }
                // In the middle of a frame, too.
                for client in clients { try await client.write([0x81, 0xFF]) }
            }
            try await waitUntil(service) { $0.connections == 0 }
            let statistics = try #require(await service.statistics())
            #expect(statistics.barriers == 0)
            #expect(statistics.states == 0)
            let client = try await RawClient(port: service.port)
            try await client.send(request("1", .signalEntry(state: "s")))
            #expect(try await client.response().content == .signalled(count: 1))
        }
    }

    @Test("a subscriber that stops reading holds nobody up, and gets everything when it reads again")
    func stoppedSubscriber() async throws {
        try await withService { service in
            // Its socket takes little, the service's at most 4 MiB (tcp(7), tcp_wmem): 7.5 MB fill both.
            let stuck = try await RawClient(port: service.port, receiveBuffer: 4096)
            let reader = try await RawClient(port: service.port)
            let writer = try await RawClient(port: service.port)
            for client in [stuck, reader] { try await client.send(request("s", .subscribe(topic: "t"))) }
            try await waitUntil(service) { $0.subscriptions == 2 }
            try await stuck.stopReading()
            let filler = String(repeating: "x", count: 30_000)
            let count = 250
            let publishing = RawClient.frame(
                FirstByte.fin | FirstByte.text, #"{"id":"p","publish":{"topic":"t","payload":"\#(filler)"}}"#)
            for number in 1...count {
                try await writer.write(publishing)
                #expect(try await writer.response().content == .published(sequence: Int64(number)))
                #expect(try await reader.next().data.count > 30_000)
            }
            #expect(await service.statistics()?.connections == 3)
            #expect(try #require(await service.statistics()).delivered < UInt64(2 * count))
            try await stuck.startReading()
            for _ in 1...count { #expect(try await stuck.next().data.count > 30_000) }
        }
    }

    @Test("a client that asks without reading the answers is closed beyond the limit; others go on")
    func slowReader() async throws {
        let limits = EdgeLimits(unreadBytes: 10_000, closeTimeout: .milliseconds(100))
        try await withService(SyncServiceConfiguration(edgeLimits: limits)) { service in
            let stuck = try await RawClient(port: service.port)
            let other = try await RawClient(port: service.port)
            try await stuck.stopReading()
            let ask = RawClient.frame(
                FirstByte.fin | FirstByte.text, #"{"id":"1","signal_entry":{"state":"s"}}"#)
            let block = Array(repeatElement(ask, count: 2000).joined())
            while await service.statistics()?.connections == 2 {
                // The service stops reading when it closes, so that the last write may fail.
                do { try await stuck.write(block) } catch { break }
            }
            try await waitUntil(service) { $0.connections == 1 }
            try await other.send(request("1", .signalEntry(state: "other")))
            #expect(try await other.response().content == .signalled(count: 1))
        }
    }

    @Test("garbage, plain HTTP and half handshakes are turned away, and the service goes on")
    func garbage() async throws {
        try await withService { service in
            let noise = try await RawClient(socketTo: service.port)
            try await noise.write((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) })
            try await noise.waitForEnd()
            for (path, status) in [("/healthz", "200"), ("/metrics", "200"), ("/", "426")] {
                let plain = try await RawClient(socketTo: service.port)
                try await plain.write(Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                let answer = try await plain.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(path)")
                #expect(path != "/metrics" || answer.contains("\ntestground_sync_connections 0\n"))
            }
            let old = try await RawClient(socketTo: service.port)
            try await old.write(
                Array(RawClient.upgrade.replacing("Version: 13", with: "Version: 8").utf8) + [13, 10])
            #expect(try await old.readAll().hasPrefix("HTTP/1.1 400 "))
            let client = try await RawClient(port: service.port)
            try await client.send(request("1", .signalEntry(state: "s")))
            #expect(try await client.response().content == .signalled(count: 1))
        }
    }

    @Test("a handshake that does not end in time is ended")
    func slowHandshake() async throws {
        let limits = EdgeLimits(handshakeTimeout: .milliseconds(50))
        try await withService(SyncServiceConfiguration(edgeLimits: limits)) { service in
            let silent = try await RawClient(socketTo: service.port)
            let slow = try await RawClient(socketTo: service.port)
            // On a busy machine it may have ended already.
            try? await slow.write(Array("GET / HTTP/1.1\r\nHost: ".utf8))
            try await silent.waitForEnd()
            try await slow.waitForEnd()
            // Who has shaken hands stays. On a busy machine that may take more than one attempt.
            var client: RawClient?
            while client == nil { client = try? await RawClient(port: service.port) }
            let another = try await RawClient(socketTo: service.port)
            try await another.waitForEnd()
            try await client?.send(request("1", .signalEntry(state: "s")))
            #expect(try await client?.response().content == .signalled(count: 1))
        }
    }

    @Test("a silent client is pinged and never closed for its silence")
    func pings() async throws {
        let limits = EdgeLimits(pingInterval: .milliseconds(64))
        try await withService(SyncServiceConfiguration(edgeLimits: limits)) { service in
            let client = try await RawClient(port: service.port)
            for _ in 0..<5 { #expect(try await client.next().opcode == 0x9) }
            try await client.send(request("1", .signalEntry(state: "s")))
            var frame = try await client.next()
            while frame.opcode == 0x9 { frame = try await client.next() }
            #expect(try SyncResponse(decoding: frame.data).content == .signalled(count: 1))
        }
    }

    @Test("connections beyond the limit are turned away, and their place is free again later")
    func connectionLimit() async throws {
        let configuration = SyncServiceConfiguration(limits: SyncLimits(connections: 2))
        try await withService(configuration) { service in
            let first = try await RawClient(port: service.port)
            let second = try await RawClient(port: service.port)
            let third = try await RawClient(socketTo: service.port)
            try await third.waitForEnd()
            try await first.close()
            try await waitUntil(service) { $0.connections == 1 }
            let fourth = try await RawClient(port: service.port)
            for client in [second, fourth] {
                try await client.send(request("1", .signalEntry(state: "s")))
                _ = try await client.response()
            }
        }
    }

    // MARK: Runs

    @Test(
        "an instance's own listener knows who calls: a lost member ends the barrier, another run's keys are refused"
    )
    func ownListeners() async throws {
        try await withService(SyncServiceConfiguration(host: nil)) { service in
            await service.register(scope, members: (0..<3).map(miner))
            var clients: [RawClient] = []
            for index in 0..<3 {
                clients.append(
                    try await RawClient(port: try await service.listen(for: miner(index), in: scope)))
            }
            try await clients[0].send(request("x", .signalEntry(state: "run:other:s")))
            guard case .failed = try await clients[0].response().content else {
                Issue.record("another run's state was signalled")
                return
            }
            try await clients[0].send(request("w", .barrier(state: scope.state("ready"), target: 3)))
            try await clients[1].send(request("1", .signalEntry(state: scope.state("ready"))))
            _ = try await clients[1].response()
            try await clients[2].close()
            await service.ended(miner(2), in: scope, how: "crashed", orderly: false)
            #expect(
                try await clients[0].response().content
                    == .failed(#"barrier "ready": 1 of 3 can no longer arrive: miners[2] crashed"#))
        }
    }

    @Test("a socket that was bound elsewhere serves one instance like a listener of its own")
    func adopted() async throws {
        try await withService(SyncServiceConfiguration(host: nil)) { service in
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    #expect(bind(descriptor, address, length) == 0)
                    #expect(getsockname(descriptor, address, &length) == 0)
                }
            }
            try await service.adopt(listeningSocket: descriptor, for: miner(0), in: scope)
            let client = try await RawClient(port: Int(UInt16(bigEndian: address.sin_port)))
            try await client.send(request("1", .signalEntry(state: scope.state("s"))))
            #expect(try await client.response().content == .signalled(count: 1))
            try await client.send(request("2", .signalEntry(state: "elsewhere")))
            guard case .failed = try await client.response().content else {
                Issue.record("a state of no run was signalled")
                return
            }
            await #expect(throws: SyncServiceError.self) {
                try await service.adopt(listeningSocket: -1, for: miner(0), in: scope)
            }
        }
    }

    @Test("an ended instance whose socket a child holds open is counted as lost after a while")
    func farewell() async throws {
        let limits = EdgeLimits(closeTimeout: .milliseconds(50), farewellTimeout: .milliseconds(50))
        try await withService(SyncServiceConfiguration(host: nil, edgeLimits: limits)) { service in
            await service.register(scope, members: [miner(0), miner(1)])
            let waiter = try await RawClient(port: try await service.listen(for: miner(0), in: scope))
            let leaver = try await RawClient(port: try await service.listen(for: miner(1), in: scope))
            try await waiter.send(request("w", .barrier(state: scope.state("ready"), target: 2)))
            await service.ended(miner(1), in: scope, how: "ended", orderly: true)
            guard case .failed = try await waiter.response().content else {
                Issue.record("the barrier was met")
                return
            }
            #expect(try await leaver.next().closeCode == 1001)
        }
    }

    @Test("closing a run closes its listeners and connections and frees its keys")
    func closeRun() async throws {
        try await withService { service in
            await service.register(scope, members: [miner(0)])
            let port = try await service.listen(for: miner(0), in: scope)
            let client = try await RawClient(port: port)
            try await client.send(request("1", .signalEntry(state: scope.state("s"))))
            _ = try await client.response()
            await service.close(scope)
            #expect(try await client.next().closeCode == 1001)
            await #expect(throws: (any Error).self) { try await RawClient(port: port) }
            #expect(await service.statistics()?.states == 0)
        }
    }

    @Test("the runner's own signals count")
    func runnerSignals() async throws {
        try await withService { service in
            let client = try await RawClient(port: service.port)
            let state = scope.state("network-initialized")
            try await client.send(request("w", .barrier(state: state, target: 3)))
            try await waitUntil(service) { $0.barriers == 1 }
            await service.signal(state, times: 3)
            #expect(try await client.response() == SyncResponse(id: "w", content: .done))
        }
    }

    @Test("a port in use is said in one sentence")
    func portInUse() async throws {
        try await withService { service in
            let error = await #expect(throws: SyncServiceError.self) {
                try await SyncService.start(SyncServiceConfiguration(port: service.port))
            }
            #expect(error?.code == .addressInUse)
            #expect(error?.message.contains("port \(service.port) ") == true)
        }
    }

    @Test("stopping says goodbye to every client, and what is asked later does nothing")
    func stop() async throws {
        let service = try await SyncService.start()
        let client = try await RawClient(port: service.port)
        await service.stop()
        #expect(try await client.next().closeCode == 1001)
        await service.register(scope, members: [miner(0)])
        #expect(await service.statistics() == nil)
    }
}
