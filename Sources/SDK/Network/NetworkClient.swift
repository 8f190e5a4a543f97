// The instance's network: wait for it, shape it, find one's address in it.

import InstanceContract
import LinuxSystem

/// The network of this instance.
///
/// Where the runner gives instances no network of their own (``isShapeable`` is false), waiting and
/// configuring return at once after a message, so that a plan runs there too, unshaped.
public struct NetworkClient: Sendable {
    private let environment: InstanceEnvironment
    private let sync: SyncService
    private let events: EventRecorder

    init(_ environment: InstanceEnvironment, sync: SyncService, events: EventRecorder) {
        self.environment = environment
        self.sync = sync
        self.events = events
    }

    /// Whether the instance has a network of its own that can be configured.
    public var isShapeable: Bool { environment.sidecar }

    /// The data network in CIDR notation, e.g. `16.3.0.0/16`; `127.1.0.0/16` without a network of one's own.
    public var subnet: String { environment.subnet }

    /// Waits until the network of every instance of the run is there.
    public func waitUntilInitialised() async throws {
        // Runners look for these very messages.
        if isShapeable {
            do {
                try await sync.barrier("network-initialized", target: environment.instanceCount)
            } catch {
                events.record(.message("network initialisation failed"))
                throw error
            }
        }
        events.record(.message("network initialisation successful"))
    }

    /// Asks for a configuration and waits until as many instances have theirs as `callbackTarget` says.
    ///
    /// - Throws: ``TestgroundError``: `network` when the configuration makes no sense, `sync` when the
    ///   service is gone.
    public func configure(_ configuration: NetworkConfiguration) async throws {
        let request = try configuration.wire()
        guard isShapeable else {
            events.record(
                .message(
                    "ignoring network change request; this runner gives instances no network of their own"))
            return
        }
        try await sync.publish(json: request.json, to: "network:\(ThisProcess.hostName)")
        try await sync.barrier(
            configuration.callbackState, target: configuration.callbackTarget ?? environment.instanceCount)
    }

    /// This instance's IPv4 address in the data network, for others to dial; `127.0.0.1` without a network of
    /// one's own.
    ///
    /// - Throws: ``TestgroundError`` when no interface has an address of the data network.
    public func dataAddress() throws -> String {
        guard isShapeable else { return "127.0.0.1" }
        let addresses = try InterfaceAddress.all()
        guard let subnet = IPv4Subnet(subnet),
            let found = addresses.first(where: { $0.isUp && subnet.contains($0.address) })
        else {
            let all = addresses.map { "\($0.interface) \($0.address)" }.joined(separator: ", ")
            throw TestgroundError(
                .network, "no interface has an address of the data network \(self.subnet); there are: \(all)")
        }
        return found.address
    }
}
