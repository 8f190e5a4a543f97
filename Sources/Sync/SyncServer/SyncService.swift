// The sync service as runners and the command line use it. All state is in SyncLoop, on the event loop;
// this is the door.

package import InstanceContract
import Logging
import NIOCore
import NIOPosix
package import SyncCore
import Synchronization

/// A running sync service.
package final class SyncService: Sendable {
    /// Port of the shared listener; 0 when there is none.
    package let port: Int

    let group: MultiThreadedEventLoopGroup
    let eventLoop: any EventLoop
    let loop: NIOLoopBound<SyncLoop>
    let listeners: NIOLoopBoundBox<[String: [any Channel]]>
    private let pings: RepeatedTask
    private let isStopped = Atomic(false)

    /// Starts a service.
    ///
    /// - Throws: `SyncServiceError` when the address cannot be listened on.
    package static func start(_ configuration: SyncServiceConfiguration = SyncServiceConfiguration())
        async throws -> SyncService
    {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            return try await SyncService(configuration, group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(_ configuration: SyncServiceConfiguration, group: MultiThreadedEventLoopGroup) async throws {
        let eventLoop = group.next()
        (loop, listeners) = try await eventLoop.submit {
            (
                NIOLoopBound(
                    SyncLoop(eventLoop: eventLoop, configuration: configuration), eventLoop: eventLoop),
                NIOLoopBoundBox([:], eventLoop: eventLoop)
            )
        }.get()
        self.group = group
        self.eventLoop = eventLoop
        pings = Self.schedulePings(of: loop, every: configuration.edgeLimits.pingInterval, on: eventLoop)
        if let host = configuration.host {
            let channel = try await Self.listen(
                host: host, port: configuration.port, caller: .anonymous, loop: loop, group: group)
            port = channel.localAddress?.port ?? configuration.port
        } else {
            port = 0
        }
    }

    private static func schedulePings(
        of loop: NIOLoopBound<SyncLoop>, every interval: Duration, on eventLoop: any EventLoop
    ) -> RepeatedTask {
        let period = TimeAmount(interval / SyncLoop.pingPhases)
        let last = NIOLoopBoundBox<NIODeadline?>.makeEmptyBox(
            valueType: NIODeadline.self, eventLoop: eventLoop)
        return eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            let now = NIODeadline.now()
            let lateness = last.value.map { now - $0 - period } ?? .zero
            last.value = now
            loop.value.ping(lateness: lateness)
        }
    }

    // MARK: Runs

    /// Tells who belongs to a run. Do so before the instances start.
    package func register(_ scope: RunScope, members: [InstanceReference]) async {
        await change { core, _ in core.register(scope, members: members) }
    }

    /// Tells that an instance has ended. What it sent before still counts; its connections are closed a
    /// little later if they do not end by themselves.
    ///
    /// - Parameters:
    ///   - how: completes "miners[3] …": `crashed`, `exited 1`, `ended`.
    ///   - orderly: it ended as a plan's instance should.
    package func ended(
        _ instance: InstanceReference, in scope: RunScope, how: String, orderly: Bool
    ) async {
        await change { core, actions in
            core.ended(instance, in: scope, how: how, orderly: orderly, &actions)
        }
        await onLoop { loop in
            guard !loop.core.connections(of: instance, in: scope).isEmpty else { return }
            loop.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(loop.edgeLimits.farewellTimeout)) {
                loop.close(
                    loop.core.connections(of: instance, in: scope),
                    CloseReason(code: 1001, text: "the instance \(instance) has ended"))
            }
        }
    }

    /// Signals a state on the runner's behalf. With `times` 0 it only declares that the runner will, so
    /// that barriers on the state are not judged by which instances are alive. `network-initialized` is
    /// declared by its name.
    ///
    /// - Parameter state: the qualified name, `RunScope.state(_:)`.
    package func signal(_ state: String, times: Int) async {
        await change { core, actions in core.signal(state, times: times, &actions) }
    }

    /// A run is over: frees its keys, closes its instances' connections and listeners.
    package func close(_ scope: RunScope) async {
        await change { core, actions in core.close(scope, &actions) }
        let channels = await onLoop { [listeners] _ in listeners.value.removeValue(forKey: scope.run) ?? [] }
        for channel in channels ?? [] { try? await channel.close() }
    }

    /// Figures of the moment; nil once stopped.
    package func statistics() async -> SyncStatistics? {
        await onLoop { $0.core.statistics }
    }

    /// Says goodbye to every client, closes everything and ends the service's thread. Bounded: nobody is
    /// waited for.
    package func stop() async {
        pings.cancel()
        await onLoop { $0.closeAll(CloseReason(code: 1001, text: "the sync service stops")) }
        guard !isStopped.exchange(true, ordering: .sequentiallyConsistent) else { return }
        try? await group.shutdownGracefully()
    }

    // MARK: The loop

    private func change(_ body: @escaping @Sendable (inout SyncCore, inout [SyncAction]) -> Void) async {
        await onLoop { $0.change(body) }
    }

    /// Runs on the event loop; nil when that has ended.
    @discardableResult
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (SyncLoop) -> Result) async -> Result? {
        guard !isStopped.load(ordering: .sequentiallyConsistent) else { return nil }
        return try? await eventLoop.submit { [loop] in body(loop.value) }.get()
    }
}
