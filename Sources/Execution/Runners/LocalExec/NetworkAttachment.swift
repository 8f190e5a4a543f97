// How an instance gets its network: the step between `created` and `attached` in its life.

import InstanceContract

/// The network that an instance was given, as its environment and its process need it.
struct AttachedNetwork: Sendable, Hashable {
    var syncService: ServiceAddress
    /// Whether the instance's network can be shaped.
    var sidecar: Bool
    /// CIDR of the data network.
    var subnet: String
}

/// Gives instances their networks. Attachments of several instances run at once.
protocol NetworkAttachment: Sendable {
    /// What whoever reads the verdict must know about this kind of network; nil for nothing.
    var warning: String? { get }

    /// - Throws: when the instance cannot have its network; it then counts as never started.
    func attach(_ instance: InstanceReference, in scope: RunScope) async throws -> AttachedNetwork
}

/// `isolation = "none"`: instances use the host's network as it is.
///
/// Names such as `testground-sync-service` cannot resolve here without changing the host's `/etc/hosts`; SDKs
/// that read `SYNC_SERVICE_HOST` do not need them.
struct HostNetwork: NetworkAttachment {
    let services: any InstanceServices

    var warning: String? {
        "instances shared the host's network (isolation = \"none\"): traffic was not shaped or isolated"
    }

    func attach(_ instance: InstanceReference, in scope: RunScope) async throws -> AttachedNetwork {
        AttachedNetwork(
            syncService: try await services.listen(for: instance, in: scope), sidecar: false,
            subnet: InstanceEnvironment.localSubnet)
    }
}
