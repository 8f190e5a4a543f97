// Topics that the runner watches from within, and what it signals for instances.

import InstanceContract
import SyncClient
import Testing

@testable import SyncServer

@Suite("The runner's eyes on topics", .timeLimit(.minutes(1)))
struct ObserverTests {
    private let scope = RunScope(run: "r", plan: "p", testCase: "c")
    private let instances = (0..<2).map { InstanceReference(group: "g", index: $0) }

    private func with(_ body: (SyncService, [SyncClient]) async throws -> Void) async throws {
        let service = try await SyncService.start(SyncServiceConfiguration(host: nil))
        await service.register(scope, members: instances)
        var clients: [SyncClient] = []
        for instance in instances {
            let port = try await service.listen(for: instance, in: scope)
            clients.append(SyncClient(host: "127.0.0.1", port: UInt16(port)))
        }
        do { try await body(service, clients) } catch {
            await service.stop()
            throw error
        }
        for client in clients { await client.close() }
        await service.stop()
    }

    @Test("entries of watched topics come in order, with their payloads as they were published")
    func entries() async throws {
        try await with { service, clients in
            _ = try await clients[0].publish(topic: scope.topic("a"), payload: #"{"early": 1.50}"#)
            let stream = await service.observe(["a", "b"], in: scope)
            _ = try await clients[1].publish(topic: scope.topic("b"), payload: #""\u00e4 \"x\"""#)
            _ = try await clients[1].publish(topic: scope.topic("c"), payload: "1")
            _ = try await clients[1].publish(topic: scope.topic("a"), payload: "[2]")
            var seen: [ObservedEntry] = []
            for await entry in stream {
                seen.append(entry)
                if seen.count == 3 { break }
            }
            #expect(
                seen == [
                    ObservedEntry(topic: "a", payload: #"{"early": 1.50}"#),
                    ObservedEntry(topic: "b", payload: #""\u00e4 \"x\"""#),
                    ObservedEntry(topic: "a", payload: "[2]"),
                ])
        }
    }

    @Test("watching ends with the run, and does not begin when that is over")
    func end() async throws {
        try await with { service, _ in
            let stream = await service.observe(["a"], in: scope)
            await service.close(scope)
            for await _ in stream { Issue.record("nothing was published") }
            for await _ in await service.observe(["a"], in: scope) { Issue.record("the run is over") }
        }
    }

    @Test("a signal for an instance counts as its own: a barrier fails when another can no longer come")
    func signalFor() async throws {
        try await with { service, clients in
            let state = scope.state("configured")
            await service.signal(state, for: instances[0], in: scope)
            await service.ended(instances[1], in: scope, how: "crashed", orderly: false)
            let error = await #expect(throws: SyncClientError.self) {
                try await clients[0].barrier(state: state, target: 2)
            }
            #expect("\(error.map(String.init(describing:)) ?? "")".contains("g[1] crashed"))
        }
    }
}
