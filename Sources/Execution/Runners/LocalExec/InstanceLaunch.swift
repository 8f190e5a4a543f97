// One instance as it is to be started: program, directories, environment.

import Execution
import InstanceContract
import InstanceLauncher
import LinuxSystem
import TestgroundModel

/// Everything about an instance that is known before it has its network.
struct InstanceLaunch: Sendable {
    /// Its number in the run, counted from 0 over all groups.
    var index: Int
    var instance: InstanceReference
    var program: String
    var outputsPath: String
    var temporaryPath: String
    /// Without the network's part.
    var environment: InstanceEnvironment
    /// Variables that it inherits.
    var inherited: [String: String]

    /// Variables of the contract never come from the runner's own environment, where they would be another
    /// run's.
    private static let foreignPrefixes = ["TEST_", "SYNC_SERVICE_"]
    private static let foreign: Set<String> = ["INFLUXDB_URL", "REDIS_HOST", "LOG_LEVEL"]

    func variables(_ network: AttachedNetwork) -> [String: String] {
        var environment = environment
        environment.sidecar = network.sidecar
        environment.subnet = network.subnet
        environment.syncServiceHost = network.syncService.host
        environment.syncServicePort = network.syncService.port
        // `INFLUXDB_URL` and `REDIS_HOST` are there also when they are empty: the Rust SDK does not start
        // without them, and to the others empty is the same as none. It needs HOSTNAME, too, as the Nim SDK
        // does, which shells keep to themselves.
        let hostName = network.launch?.options.hostName ?? ThisProcess.hostName
        let own = environment.variables.merging(["HOSTNAME": hostName]) { $1 }
        return inherited.filter { name, _ in
            !Self.foreign.contains(name) && !Self.foreignPrefixes.contains(where: name.hasPrefix)
        }
        .merging(own) { $1 }
    }

    /// Makes the directories that the instance is promised; answers what kept it from that.
    func makeDirectories() -> SystemError? {
        do throws(SystemError) {
            try Directories.make(outputsPath)
            try Directories.make(temporaryPath)
            return nil
        } catch {
            return error
        }
    }

    func process(_ network: AttachedNetwork) -> ProcessLaunch {
        // The working directory is the outputs directory: what a plan writes beside itself, or its core dump,
        // is kept.
        ProcessLaunch(path: program, environment: variables(network), directory: outputsPath)
    }

    /// All instances of a run, in order of group and index.
    static func all(
        of request: RunRequest, _ configuration: LocalExecConfiguration, temporaryDirectory: String,
        startUnixNanoseconds: Int64
    ) -> [InstanceLaunch] {
        let plan = request.plan
        var launches: [InstanceLaunch] = []
        for group in plan.groups.sorted(by: { $0.id < $1.id }) {
            guard case .executable(let program)? = request.artifacts[group.id] else { continue }
            for index in 0..<group.instances {
                let folder = "\(group.id)/\(index)"
                launches.append(
                    InstanceLaunch(
                        index: launches.count, instance: InstanceReference(group: group.id, index: index),
                        program: program, outputsPath: "\(request.outputsDirectory)/\(folder)",
                        temporaryPath: "\(temporaryDirectory)/\(folder)",
                        environment: environment(
                            request, group, configuration,
                            outputsPath: "\(request.outputsDirectory)/\(folder)",
                            temporaryPath: "\(temporaryDirectory)/\(folder)",
                            startUnixNanoseconds: startUnixNanoseconds), inherited: request.environment))
            }
        }
        return launches
    }

    /// How keys of the run are qualified.
    static func scope(of request: RunRequest) -> RunScope {
        RunScope(
            run: request.runID, plan: planName(request.plan.plan), testCase: request.plan.testCase)
    }

    private static func planName(_ name: String) -> String {
        String(name.map { $0 == "/" ? "-" : $0 })
    }

    private static func environment(
        _ request: RunRequest, _ group: RunGroupPlan, _ configuration: LocalExecConfiguration,
        outputsPath: String, temporaryPath: String, startUnixNanoseconds: Int64
    ) -> InstanceEnvironment {
        InstanceEnvironment(
            plan: planName(request.plan.plan), testCase: request.plan.testCase, run: request.runID,
            repo: request.revision.repo, commit: request.revision.commit, branch: request.revision.branch,
            tag: request.revision.tag, instanceCount: request.plan.totalInstances,
            parameters: group.parameters, groupID: group.id, groupInstanceCount: group.instances,
            outputsPath: outputsPath, tempPath: temporaryPath,
            startTimeUnixSeconds: startUnixNanoseconds / 1_000_000_000,
            captureProfiles: group.profiles, disableMetrics: request.plan.disableMetrics,
            influxDBURL: configuration.influxDBEndpoint, logLevel: configuration.logLevel,
            startTimeUnixNanoseconds: startUnixNanoseconds)
    }
}
