// The embedded sync service behind the runner's eyes: who is gone is known at once to those who wait.

import Execution
import InstanceContract
import SyncClient
import Testing

@testable import Runners

@Suite("Services of a run", .timeLimit(.minutes(1)))
struct SyncServicesTests {
    private let scope = RunScope(run: "r", plan: "p", testCase: "c")
    private let instances = (0..<3).map { InstanceReference(group: "g", index: $0) }

    @Test("a barrier that can no longer be met fails with the words of the runner")
    func lostInstance() async throws {
        let services = try await SyncServices.start()
        try await services.register(instances, in: scope)
        let address = try await services.listen(for: instances[0], in: scope)
        let client = SyncClient(host: address.host, port: address.port)
        await services.ended(instances[2], in: scope, EndNotice(.status(7)))
        let error = await #expect(throws: SyncClientError.self) {
            try await client.barrier(state: scope.state("ready"), target: 3)
        }
        #expect("\(error.map(String.init(describing:)) ?? "")".contains("g[2] exited 7"))
        await client.close()
        await services.stop(scope)
    }

    @Test("the runner's signals count, and a run's end closes its listeners")
    func signals() async throws {
        let services = try await SyncServices.start()
        try await services.register(instances, in: scope)
        let address = try await services.listen(for: instances[0], in: scope)
        let client = SyncClient(host: address.host, port: address.port)
        for _ in instances { await services.signal("network-initialized", in: scope) }
        try await client.barrier(state: scope.state("network-initialized"), target: 3)
        await client.close()
        await services.stop(scope)
        let late = SyncClient(host: address.host, port: address.port)
        await #expect(throws: SyncClientError.self) { try await late.connect() }
    }
}
