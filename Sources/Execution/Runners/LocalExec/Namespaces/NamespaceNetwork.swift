// `isolation = "namespaces"`: every instance has a network namespace with a TUN device on the run's switch.
//
//     NamespaceNetwork   gives instances their networks, applies their requests, judges the switch
//       HostNames        unique names and the hosts files that make them resolve
//       NetworkChange    a plan's request as what has to be done, purely
//       NetworkTopology  what the composition wants, in the emulator's terms
//       Capture          whose packets are written to files
//       Fidelity         whether the switch has kept its promises
//       NamespaceProbe   whether this machine lets us

import Execution
import InstanceContract
import InstanceLauncher
import LinkModel
import LinuxSystem
import NetworkEmulator
import Synchronization
import TestgroundModel

final class NamespaceNetwork: NetworkAttachment {
    /// Port of the sync service on every instance's loopback; the Rust SDK dials no other.
    private static let syncPort = InstanceEnvironment.defaultSyncServicePort

    private let services: any InstanceServices
    private let network: DataNetwork
    /// What the composition wants of it.
    private let plan: NetworkPlan
    private let emulator: EmulatedNetwork
    private let capture: Capture?
    private let launcher: ExecutableMemory
    private let names: HostNames
    private let isRoot: Bool
    private let members = Mutex<[Int: Member]>([:])
    private let fidelity = Mutex(Fidelity())

    /// An instance on the switch.
    private struct Member: Sendable {
        var id: MemberID
        var settings: NetworkSettings
        /// A socket of its namespace.
        var netlink: OwnedDescriptor
        var deviceIndex: UInt32
    }

    /// - Parameter directory: where hosts files are made.
    /// - Throws: `ExecutionError` when the run has too many instances, or the switch cannot start.
    static func make(
        _ launches: [InstanceLaunch], _ plan: NetworkPlan, directory: String, seed: UInt64,
        capture: LocalExecConfiguration.Capture, services: any InstanceServices
    ) async throws -> NamespaceNetwork {
        let network = DataNetwork(
            bits: plan.subnetBits, hasIPv6: plan.hasIPv6 && Directories.exists("/proc/sys/net/ipv6"),
            mtu: plan.mtu)
        guard launches.count <= network.mostInstances else {
            throw ExecutionError(
                .configuration,
                "\(launches.count) instances do not fit the data network \(network.subnet), which has room "
                    + "for \(network.mostInstances); use isolation = \"none\" or fewer instances")
        }
        let names = HostNames(launches.map(\.instance), directory: "\(directory)/hosts")
        do {
            try await NamedThread.run("hosts-files") { try names.writeAll(network) }
            return try NamespaceNetwork(
                network, plan, names, seed: seed, capture: try Capture.make(launches, capture),
                services: services)
        } catch let error as ExecutionError {
            throw error
        } catch {
            throw ExecutionError(.system, "the run's network could not be made: \(error)")
        }
    }

    private init(
        _ network: DataNetwork, _ plan: NetworkPlan, _ names: HostNames, seed: UInt64, capture: Capture?,
        services: any InstanceServices
    ) throws {
        self.capture = capture
        self.services = services
        self.network = network
        self.plan = plan
        self.names = names
        launcher = try LauncherImage.load()
        emulator = try EmulatedNetwork(
            SwitchConfiguration(
                seed: seed, subnets: network.subnets, gateways: network.gateways,
                uplinks: plan.uplinks.map(Uplink.init)), capture: capture?.packets)
        isRoot = ThisProcess.isRoot
    }

    var warning: String? { nil }

    func attach(_ launch: InstanceLaunch, in scope: RunScope) async throws -> AttachedNetwork {
        AttachedNetwork(
            // The name is in the instance's hosts file.
            syncService: ServiceAddress(
                host: InstanceEnvironment.defaultSyncServiceHost, port: Self.syncPort),
            sidecar: true, subnet: network.subnet,
            launch: NamespaceLaunch(
                launcher: launcher,
                options: LauncherOptions(
                    hostName: names[launch.index], hostsFile: names.file(launch.index),
                    inUserNamespace: !isRoot, settings: DataDevice.settings(isRoot: isRoot),
                    ports: [Self.syncPort])))
    }

    /// The launcher has something to say: sets up what it has made, and lets the plan begin.
    func connect(_ launch: InstanceLaunch, _ control: MessageSocket, in scope: RunScope) async throws {
        let settings = NetworkSettings(launch.instance, network.addresses(ofInstance: launch.index), plan)
        let mtu = network.mtu
        let launched = try await NamedThread.run("attach-network") {
            let launched = try control.receiveNetwork()
            var device = DataDevice(NetlinkSocket(adopting: launched.netlink), index: launched.deviceIndex)
            try device.bringUp(settings.addresses, mtu: mtu)
            return launched
        }
        guard let listener = launched.listeners.first else { throw LauncherError.incomplete }
        fidelity.withLock { $0.expect(settings) }
        let id = try await emulator.attach(
            launched.device, identity: UInt64(launch.index), captureFile: capture?.files[launch.index],
            settings.member)
        members.withLock {
            $0[launch.index] = Member(
                id: id, settings: settings, netlink: launched.netlink, deviceIndex: launched.deviceIndex)
        }
        try await services.serve(listener, for: launch.instance, in: scope)
        try control.openGate()
    }

    // MARK: Requests

    /// Applies what instances ask for, in the order of their requests, until the run is over.
    ///
    /// - Parameter fail: is told of an instance whose request cannot be applied.
    func control(
        _ launches: [InstanceLaunch], in scope: RunScope,
        fail: @escaping @Sendable (Int, String) -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchProcessors(expected: launches.count) }
            group.addTask { await self.apply(launches, in: scope, fail: fail) }
            await group.waitForAll()
        }
    }

    /// Looks at the processors' time as long as all instances have their networks, until it is cancelled.
    /// Before that, the machine is busy starting them.
    private func watchProcessors(expected: Int) async {
        while (try? await Task.sleep(for: ProcessorWatch.interval)) != nil {
            guard members.withLock({ $0.count == expected }), let time = ProcessorTime.current() else {
                continue
            }
            fidelity.withLock { $0.look(time) }
        }
    }

    private func apply(
        _ launches: [InstanceLaunch], in scope: RunScope,
        fail: @escaping @Sendable (Int, String) -> Void
    ) async {
        let numbers = Dictionary(
            uniqueKeysWithValues: launches.map { ("network:\(names[$0.index])", $0.index) })
        await services.observe(launches.map { "network:\(names[$0.index])" }, in: scope) { request in
            guard let number = numbers[request.topic] else { return }
            do {
                let callback = try await apply(request.payload, to: number)
                await services.signal(callback, for: launches[number].instance, in: scope)
            } catch {
                fail(number, "\(error)")
            }
        }
    }

    /// - Returns: the state that the instance waits for.
    private func apply(_ request: String, to number: Int) async throws -> String {
        guard var member = members.withLock({ $0[number] }) else {
            throw NetworkChangeError("the instance has no network")
        }
        let configuration = try NetworkConfiguration(json: request)
        let change = try NetworkChange(configuration, from: member.settings, in: network)
        if !change.replacements.isEmpty {
            let (netlink, index) = (member.netlink, member.deviceIndex)
            let (names, address) = (names, change.settings.addresses)
            try await NamedThread.run("change-address") {
                var device = DataDevice(NetlinkSocket(adopting: netlink), index: index)
                for (old, new) in change.replacements { try device.replace(old, with: new) }
                try names.write(number, address)
            }
        }
        try await emulator.configure(member.id, change.settings.member)
        fidelity.withLock { $0.expect(change.settings) }
        member.settings = change.settings
        members.withLock { [member] in $0[number] = member }
        return configuration.callbackState
    }

    // MARK: The end

    /// Ends the switch and judges it.
    func close() async -> NetworkReport {
        let statistics = await emulator.stop()
        var report = NetworkReport()
        if let capture { report.warnings = capture.warnings(await capture.packets.finish()) }
        report.fidelity = statistics.map { statistics in fidelity.withLock { $0.judge(statistics) } }
        return report
    }
}
