// The embedded sync service as the services of one run.

package import InstanceContract
package import LinuxSystem
import SyncServer

/// One sync service for each run, on loopback, with a listener for each instance: the socket says who calls.
package struct SyncServices: InstanceServices {
    private let service: SyncService
    private let host: String

    /// Starts the service; nothing is shared with other runs, so that none can use another's keys.
    package static func start(host: String = "127.0.0.1") async throws -> SyncServices {
        SyncServices(
            service: try await SyncService.start(SyncServiceConfiguration(host: nil)), host: host)
    }

    package func register(_ instances: [InstanceReference], in scope: RunScope) async throws {
        await service.register(scope, members: instances)
    }

    package func listen(
        for instance: InstanceReference, in scope: RunScope
    ) async throws -> ServiceAddress {
        let port = try await service.listen(for: instance, in: scope, host: host)
        return ServiceAddress(host: host, port: UInt16(truncatingIfNeeded: port))
    }

    package func serve(
        _ socket: OwnedDescriptor, for instance: InstanceReference, in scope: RunScope
    ) async throws {
        try await service.adopt(listeningSocket: socket.duplicate(), for: instance, in: scope)
    }

    package func observe(
        _ topics: [String], in scope: RunScope, _ take: @Sendable (InstanceRequest) async -> Void
    ) async {
        for await entry in await service.observe(topics, in: scope) {
            await take(InstanceRequest(topic: entry.topic, payload: entry.payload))
        }
    }

    package func signal(_ state: String, for instance: InstanceReference, in scope: RunScope) async {
        await service.signal(scope.state(state), for: instance, in: scope)
    }

    package func signal(_ state: String, in scope: RunScope) async {
        await service.signal(scope.state(state), times: 1)
    }

    package func ended(_ instance: InstanceReference, in scope: RunScope, _ notice: EndNotice) async {
        await service.ended(instance, in: scope, how: notice.how, orderly: notice.orderly)
    }

    package func stop(_ scope: RunScope) async {
        await service.close(scope)
        await service.stop()
    }
}
