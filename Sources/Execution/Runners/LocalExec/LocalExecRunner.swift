// The runner `local:exec`: instances are processes of this machine.
//
//     LocalExecRunner            prepares a run, attaches instances, hears the services' side
//       RunSupervisor, RunLoop   one thread a run: processes, deadlines, strays
//         InstanceLife, StopSchedule, InstanceVerdict    decide, purely
//         OutputPump             two threads a run: output to files, events to the testimony
//       RunLedger, Reaper        what a kill -9 left is found and ended
//
// Instances get their networks from a `NetworkAttachment`: HostNetwork, or NamespaceNetwork (Namespaces/).

package import Execution
import InstanceContract
import LinuxSystem
import Synchronization
import TestgroundModel

package final class LocalExecRunner: Runner {
    package let id = "local:exec"
    package let artifactKind = ArtifactKind.executable
    package var configurationKeys: [String] { LocalExecConfiguration.keys }

    private let makeServices: @Sendable () async throws -> any InstanceServices
    /// Runs that this program is carrying out.
    private let running = Mutex<[String: RunSupervisor]>([:])

    /// - Parameter makeServices: starts the services of one run; the runner stops them when the run is over.
    package init(
        makeServices: @escaping @Sendable () async throws -> any InstanceServices = {
            try await SyncServices.start()
        }
    ) {
        self.makeServices = makeServices
    }

    package func run(_ request: RunRequest, progress: any ProgressSink) async throws -> RunRecord {
        let preparation = try await RunPreparation.prepare(request, progress: progress)
        let scope = InstanceLaunch.scope(of: request)
        let services: any InstanceServices
        do {
            services = try await makeServices()
        } catch {
            await preparation.abandon()
            throw ExecutionError(.system, "the services of the run could not be started: \(error)")
        }
        do {
            try await services.register(preparation.order.launches.map(\.instance), in: scope)
            let result = try await supervise(preparation, services, scope, progress)
            await services.stop(scope)
            await preparation.finish(result)
            return preparation.record(result)
        } catch {
            await services.stop(scope)
            await preparation.abandon()
            if let error = error as? ExecutionError { throw error }
            throw ExecutionError(.system, "the run could not be carried out: \(error)")
        }
    }

    private func supervise(
        _ preparation: RunPreparation, _ services: any InstanceServices, _ scope: RunScope,
        _ progress: any ProgressSink
    ) async throws -> SupervisedRun {
        let network = try await makeNetwork(preparation, services)
        let supervisor = try RunSupervisor(
            preparation.order, ledger: preparation.ledger, progress: progress)
        let runID = preparation.order.runID
        running.withLock { $0[runID] = supervisor }
        defer { running.withLock { _ = $0.removeValue(forKey: runID) } }
        var result = try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Whatever is still under way when the last instance has ended serves nobody any more.
                defer { group.cancelAll() }
                group.addTask {
                    await Self.attach(
                        supervisor, network, scope, atOnce: preparation.configuration.startConcurrency)
                }
                group.addTask { await Self.tell(services, scope, supervisor.notices) }
                group.addTask { await Self.connect(supervisor, network, scope) }
                group.addTask {
                    await network.control(preparation.order.launches, in: scope) { index, reason in
                        supervisor.post(.requestFailed(index, reason: reason))
                    }
                }
                return try await NamedThread.run("run-supervisor") { try supervisor.run() }
            }
        } onCancel: {
            supervisor.post(.cancel)
        }
        let report = await network.close()
        result.fidelity = report.fidelity
        result.warnings += report.warnings
        if let warning = network.warning { result.warnings.insert(warning, at: 0) }
        return result
    }

    /// The network that the configuration asks for, or the best one there is.
    private func makeNetwork(
        _ preparation: RunPreparation, _ services: any InstanceServices
    ) async throws -> any NetworkAttachment {
        let configuration = preparation.configuration
        switch configuration.isolation {
        case .none:
            return HostNetwork(services: services, ignoresTopology: preparation.network.isShaped)
        case .auto:
            if !configuration.influxDBEndpoint.isEmpty {
                return HostNetwork(
                    services: services, reason: "influxdb_endpoint is only reached from the host's network",
                    ignoresTopology: preparation.network.isShaped,
                    ignoresCapture: configuration.capture != .none)
            }
            if let problem = await NamespaceProbe.problem() {
                return HostNetwork(
                    services: services, reason: "namespaces do not work here: \(problem)",
                    ignoresTopology: preparation.network.isShaped,
                    ignoresCapture: configuration.capture != .none)
            }
        case .namespaces:
            if let problem = await NamespaceProbe.problem() {
                throw ExecutionError(
                    .resources,
                    "isolation = \"namespaces\" does not work here: \(problem); or use isolation = \"none\"")
            }
        }
        return try await NamespaceNetwork.make(
            preparation.order.launches, preparation.network, directory: preparation.temporaryDirectory,
            seed: preparation.seed,
            capture: configuration.capture, services: services)
    }

    /// Instances whose networks are finished at the same time, a thread each.
    private static let connectedAtOnce = 16

    /// Finishes the networks of instances whose launchers are ready.
    private static func connect(
        _ supervisor: RunSupervisor, _ network: any NetworkAttachment, _ scope: RunScope
    ) async {
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await launched in supervisor.launched {
                if underWay >= connectedAtOnce {
                    await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask {
                    let index = launched.launch.index
                    do {
                        try await network.connect(launched.launch, launched.control, in: scope)
                        supervisor.post(.connected(index))
                    } catch {
                        supervisor.post(.connectionFailed(index, reason: "\(error)"))
                    }
                }
            }
        }
    }

    /// Instances that one task makes ready, one after the other: a thread for each would cost more than it
    /// gains.
    private static let attachedInARow = 8

    /// Makes the instances ready to start: directories and network, so many at once.
    private static func attach(
        _ supervisor: RunSupervisor, _ network: any NetworkAttachment, _ scope: RunScope, atOnce: Int
    ) async {
        let row = min(attachedInARow, atOnce)
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for start in stride(from: 0, to: supervisor.order.launches.count, by: row) {
                if underWay >= atOnce / row {
                    await group.next()
                    underWay -= 1
                }
                if Task.isCancelled { return }
                underWay += 1
                let launches = supervisor.order.launches[start...].prefix(row)
                group.addTask { await attach(launches, supervisor, network, scope) }
            }
        }
    }

    private static func attach(
        _ launches: ArraySlice<InstanceLaunch>, _ supervisor: RunSupervisor,
        _ network: any NetworkAttachment, _ scope: RunScope
    ) async {
        // Making a directory takes a journalling file system a millisecond, most of it waiting.
        let made = try? await NamedThread.run("directories") { launches.map { $0.makeDirectories() } }
        for (launch, failure) in zip(launches, made ?? launches.map { $0.makeDirectories() }) {
            do {
                if let failure { throw failure }
                let attached = try await network.attach(launch, in: scope)
                supervisor.post(.attached(launch.index, attached))
            } catch {
                supervisor.post(
                    .attachmentFailed(launch.index, reason: "it could not be made ready to start: \(error)"))
            }
        }
    }

    /// Keeps the services informed of who is up and who is gone.
    private static func tell(
        _ services: any InstanceServices, _ scope: RunScope, _ notices: AsyncStream<RunSupervisor.Notice>
    ) async {
        for await notice in notices {
            switch notice {
            case .networkInitialised: await services.signal(SharedState.networkInitialised, in: scope)
            case .ended(let instance, let notice): await services.ended(instance, in: scope, notice)
            }
        }
    }

    package func kill(run id: String) async {
        running.withLock { $0[id] }?.post(.kill)
    }

    package func terminateAll(workDirectory: String, progress: any ProgressSink) async throws -> Int {
        // This program's own runs are to end as canceled, not as crashed.
        for supervisor in running.withLock({ Array($0.values) }) { supervisor.post(.cancel) }
        let result = try await NamedThread.run("reaper") {
            Reaper.reap(workDirectory: workDirectory, .everything)
        }
        for run in result.runs { progress.report(.note("ended what was left of run \(run)")) }
        guard result.survivors.isEmpty else {
            let list = result.survivors.map(String.init).joined(separator: ", ")
            throw ExecutionError(
                .system, "processes \(list) did not end after SIGKILL; they hang in the kernel (see ps)")
        }
        return result.instances
    }

    package func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck] {
        LocalExecHealthchecks.all(context)
    }
}
