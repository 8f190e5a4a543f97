// Before the first instance and after the last: checks, leftovers, directories, the ledger; and the record.

import Execution
import LinuxSystem
import TestgroundModel

struct RunPreparation: Sendable {
    let configuration: LocalExecConfiguration
    let order: RunOrder
    let ledger: RunLedger
    let temporaryDirectory: String
    let seed: UInt64
    /// What the composition wants of the network.
    let network: NetworkPlan
    /// Unix time in nanoseconds.
    let startedAt: Int64
    let warnings: [String]

    /// Descriptors an instance takes here: process, two pipes, up to three files, its listening socket, its
    /// connections; device, netlink socket and gate of a network of its own; a capture.
    static let descriptorsPerInstance: UInt64 = 15
    /// Beyond a few, removals wait for the same lock.
    private static let removalsAtOnce = 4
    /// Descriptors of the program itself: database, journals, HTTP, libraries.
    static let ownDescriptors: UInt64 = 256

    /// - Throws: `ExecutionError` when the run cannot be carried out; nothing of it is left then.
    static func prepare(
        _ request: RunRequest, progress: any ProgressSink
    ) async throws -> RunPreparation {
        let configuration = try LocalExecConfiguration(request.plan.runnerConfiguration)
        for group in request.plan.groups where group.instances > 0 {
            try ExecutableCheck.check(request.artifacts[group.id], group: group.id)
        }
        guard request.plan.groups.contains(where: { $0.instances > 0 }) else {
            throw ExecutionError(.configuration, "the run \"\(request.plan.id)\" has no instances to start")
        }
        let preparation = try await NamedThread.run("prepare-run") {
            try prepare(request, configuration, progress)
        }
        for warning in preparation.warnings { progress.report(.warning(Diagnostic(.warning, warning))) }
        return preparation
    }

    private static func prepare(
        _ request: RunRequest, _ configuration: LocalExecConfiguration, _ progress: any ProgressSink
    ) throws -> RunPreparation {
        let reaped = Reaper.reap(workDirectory: request.workDirectory, .abandoned)
        if reaped.processes > 0 {
            progress.report(
                .note("ended \(reaped.processes) processes that \(reaped.runs.joined(separator: ", ")) left"))
        }
        try makeRoom(for: request.plan.groups.reduce(0) { $0 + $1.instances })
        let temporaryDirectory = temporaryDirectory(of: request)
        for directory in [request.workDirectory, request.outputsDirectory] { try makeUsable(directory) }
        let startedAt = SystemClock.wall()
        let ledger: RunLedger
        do {
            try ChildProcess.adoptOrphans()
            // Before the temporary directory, so that whatever is made is known to the next start.
            ledger = try RunLedger.begin(
                RunLedger.Header(
                    runID: request.runID, owner: ownIdentity(), outputsDirectory: request.outputsDirectory,
                    temporaryDirectory: temporaryDirectory), workDirectory: request.workDirectory)
        } catch {
            throw ExecutionError(.system, "the run could not be recorded before its start: \(error)")
        }
        do {
            try makeUsable(temporaryDirectory)
        } catch {
            ledger.end()
            throw error
        }
        let limit = configuration.runTimeout.map { min($0, request.timeLimit) } ?? request.timeLimit
        let order = RunOrder(
            runID: request.runID,
            launches: InstanceLaunch.all(
                of: request, configuration, temporaryDirectory: temporaryDirectory,
                startUnixNanoseconds: startedAt),
            outputsDirectory: request.outputsDirectory, timeLimit: limit, grace: request.grace,
            start: SystemClock.monotonic())
        return RunPreparation(
            configuration: configuration, order: order, ledger: ledger,
            temporaryDirectory: temporaryDirectory, seed: request.seed, network: request.plan.network,
            startedAt: startedAt,
            warnings: warnings(request.plan))
    }

    /// Short, since plans make Unix sockets there and a socket's path has 108 bytes.
    private static func temporaryDirectory(of request: RunRequest) -> String {
        let base = request.environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        return "\(base)/testground-\(request.runID)"
    }

    private static func makeUsable(_ directory: String) throws {
        do {
            try Directories.makeUsable(directory)
        } catch {
            throw ExecutionError(
                .resources, "\(directory) cannot be written to: \(error); make space, or change its owner")
        }
    }

    /// Raises the limit of open files as far as the run needs it.
    private static func makeRoom(for instances: Int) throws {
        let wanted = UInt64(instances) * descriptorsPerInstance + ownDescriptors
        let limit = try ResourceLimit.raise(.descriptors, to: wanted)
        guard limit.soft >= wanted else {
            throw ExecutionError(
                .resources,
                "\(instances) instances need \(wanted) open files, but the hard limit is \(limit.hard); "
                    + "raise it (ulimit -Hn \(wanted), LimitNOFILE= of the service) or run fewer instances")
        }
    }

    private static func ownIdentity() -> TaskOwner {
        let own = ProcessTable.ownID
        return TaskOwner(
            processID: own, startTime: ProcessTable.entry(own)?.startTime ?? 0, bootID: ProcessTable.bootID())
    }

    private static func warnings(_ plan: RunPlan) -> [String] {
        plan.groups.filter { !$0.resources.memory.isEmpty || !$0.resources.cpu.isEmpty }.map {
            "resources of group \"\($0.id)\" are not enforced: local:exec runs plain processes"
        }
    }

    // MARK: After the run

    /// Removes what only the run itself needed.
    func finish(_ result: SupervisedRun) async {
        await removeTraces(keepLedger: result.leftBehind)
    }

    /// The run was not carried out.
    func abandon() async { await removeTraces(keepLedger: false) }

    private func removeTraces(keepLedger: Bool) async {
        let (directory, ledger) = (temporaryDirectory, ledger)
        let parts = order.launches.map(\.temporaryPath)
        // Removing a directory makes a journalling file system wait; several at once wait together.
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<min(Self.removalsAtOnce, parts.count) {
                group.addTask {
                    // Without a thread the last step, or the next start's reaper, does it.
                    _ = try? await NamedThread.run("clean-up") {
                        for index in stride(from: lane, to: parts.count, by: Self.removalsAtOnce) {
                            Directories.removeTree(parts[index])
                        }
                    }
                }
            }
        }
        _ = try? await NamedThread.run("clean-up") {
            Directories.removeTree(directory)
            if !keepLedger { ledger.end() }
        }
    }

    func record(_ result: SupervisedRun) -> RunRecord {
        RunRecord(
            runID: order.runID, startedAtUnixNanoseconds: startedAt,
            duration: Double(SystemClock.monotonic() - order.start) / 1e9, phases: result.phases,
            instances: result.instances, warnings: result.warnings + warnings, fidelity: result.fidelity,
            canceled: result.canceled)
    }
}
