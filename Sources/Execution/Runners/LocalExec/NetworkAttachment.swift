// How an instance gets its network: the step between `created` and `attached` in its life.

import Execution
import InstanceContract
import InstanceLauncher
import LinuxSystem

/// The network that an instance was given, as its environment and its process need it.
struct AttachedNetwork: Sendable {
    var syncService: ServiceAddress
    /// Whether the instance's network can be shaped.
    var sidecar: Bool
    /// CIDR of the data network.
    var subnet: String
    /// How the process gets into it; nil where it need not.
    var launch: NamespaceLaunch?
}

/// A launcher that makes the process's namespaces and then becomes the plan.
struct NamespaceLaunch: Sendable {
    var launcher: ExecutableMemory
    var options: LauncherOptions
}

/// How a run's network has done.
struct NetworkReport: Sendable, Hashable {
    /// How true it was; nil when nothing shaped it.
    var fidelity: NetworkFidelity?
    /// What the reader of the verdict must know besides.
    var warnings: [String] = []
}

/// Gives instances their networks. Calls for several instances run at once.
protocol NetworkAttachment: Sendable {
    /// What whoever reads the verdict must know about this kind of network; nil for nothing.
    var warning: String? { get }

    /// - Throws: when the instance cannot have its network; it then counts as never started.
    func attach(_ launch: InstanceLaunch, in scope: RunScope) async throws -> AttachedNetwork

    /// The launcher of an instance has something to say: finishes its network and lets the plan begin.
    ///
    /// - Throws: when the instance cannot have its network; it then counts as never started.
    func connect(_ launch: InstanceLaunch, _ control: MessageSocket, in scope: RunScope) async throws

    /// Applies what instances ask for while they run, until the run is over.
    ///
    /// - Parameter fail: is told of an instance whose request cannot be applied.
    func control(
        _ launches: [InstanceLaunch], in scope: RunScope,
        fail: @escaping @Sendable (Int, String) -> Void
    ) async

    /// The run is over; answers what there is to tell about its network.
    func close() async -> NetworkReport
}

/// `isolation = "none"`: instances use the host's network as it is.
///
/// Names such as `testground-sync-service` cannot resolve here without changing the host's `/etc/hosts`; SDKs
/// that read `SYNC_SERVICE_HOST` do not need them.
struct HostNetwork: NetworkAttachment {
    let services: any InstanceServices
    /// Why it had to be the host's network; nil when that was asked for.
    var reason: String?
    /// Whether the composition asks for links that nobody shapes here.
    var ignoresTopology = false
    /// Whether captures are asked for that nobody makes here.
    var ignoresCapture = false

    var warning: String? {
        let cause = reason.map { "; \($0)" } ?? ""
        return
            "instances shared the host's network (isolation = \"none\"): traffic was not shaped or isolated"
            + (ignoresTopology ? ", and [network] of the composition had no effect" : "")
            + (ignoresCapture ? ", and pcap had none" : "") + cause
    }

    func attach(_ launch: InstanceLaunch, in scope: RunScope) async throws -> AttachedNetwork {
        AttachedNetwork(
            syncService: try await services.listen(for: launch.instance, in: scope), sidecar: false,
            subnet: InstanceEnvironment.localSubnet)
    }

    func connect(_ launch: InstanceLaunch, _ control: MessageSocket, in scope: RunScope) async throws {}

    func control(
        _ launches: [InstanceLaunch], in scope: RunScope,
        fail: @escaping @Sendable (Int, String) -> Void
    ) async {}

    func close() async -> NetworkReport { NetworkReport() }
}
