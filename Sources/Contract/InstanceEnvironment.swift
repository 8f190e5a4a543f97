// What an instance is told about itself: the environment variables of contract §1 as one value.
//
// The runner writes it (`variables`), the SDK reads it back (`init(variables:)`,
// InstanceEnvironment+Variables.swift); `runenv` is the form that the start event carries.

/// The environment of one instance.
package struct InstanceEnvironment: Sendable, Hashable {
    /// The plan's name, `/` replaced by `-`.
    package var plan: String
    package var testCase: String
    package var run: String
    package var repo: String
    package var commit: String
    package var branch: String
    package var tag: String
    /// Instances in the whole run.
    package var instanceCount: Int
    package var instanceRole: String
    package var parameters: [String: String]
    package var groupID: String
    /// Instances in this instance's group.
    package var groupInstanceCount: Int
    /// Writable directories, as the instance sees them.
    package var outputsPath: String
    package var tempPath: String
    /// Whether network control works.
    package var sidecar: Bool
    /// The data network in CIDR notation; `127.1.0.0/16` when the instance has no network of its own.
    package var subnet: String
    /// When the run began, in whole seconds of Unix time.
    package var startTimeUnixSeconds: Int64
    /// The same in nanoseconds, where the runner says it: for plans that measure their own start.
    package var startTimeUnixNanoseconds: Int64?
    /// Profile kinds and their values, e.g. `cpu: true`, `heap: 5s`.
    package var captureProfiles: [String: String]
    package var disableMetrics: Bool
    package var syncServiceHost: String
    package var syncServicePort: UInt16
    /// Where metrics go, e.g. `http://testground-influxdb:8086`; empty for nowhere.
    package var influxDBURL: String
    /// For SDKs of before mid-2021, which look for Redis; empty when not set.
    package var redisHost: String
    package var logLevel: String
    /// Ports the instance should listen on, by label: `<LABEL>_PORT`.
    package var exposedPorts: [String: UInt16]

    /// What SDKs assume when the variables are missing.
    package static let defaultSyncServiceHost = "testground-sync-service"
    package static let defaultSyncServicePort: UInt16 = 5050
    /// The subnet of an instance that has no network of its own.
    package static let localSubnet = "127.1.0.0/16"

    package init(
        plan: String, testCase: String, run: String, repo: String = "", commit: String = "",
        branch: String = "", tag: String = "", instanceCount: Int, instanceRole: String = "",
        parameters: [String: String] = [:], groupID: String, groupInstanceCount: Int,
        outputsPath: String, tempPath: String, sidecar: Bool = false, subnet: String = Self.localSubnet,
        startTimeUnixSeconds: Int64, captureProfiles: [String: String] = [:], disableMetrics: Bool = false,
        syncServiceHost: String = Self.defaultSyncServiceHost,
        syncServicePort: UInt16 = Self.defaultSyncServicePort, influxDBURL: String = "",
        redisHost: String = "", logLevel: String = "", exposedPorts: [String: UInt16] = [:],
        startTimeUnixNanoseconds: Int64? = nil
    ) {
        self.plan = plan
        self.testCase = testCase
        self.run = run
        self.repo = repo
        self.commit = commit
        self.branch = branch
        self.tag = tag
        self.instanceCount = instanceCount
        self.instanceRole = instanceRole
        self.parameters = parameters
        self.groupID = groupID
        self.groupInstanceCount = groupInstanceCount
        self.outputsPath = outputsPath
        self.tempPath = tempPath
        self.sidecar = sidecar
        self.subnet = subnet
        self.startTimeUnixSeconds = startTimeUnixSeconds
        self.startTimeUnixNanoseconds = startTimeUnixNanoseconds
        self.captureProfiles = captureProfiles
        self.disableMetrics = disableMetrics
        self.syncServiceHost = syncServiceHost
        self.syncServicePort = syncServicePort
        self.influxDBURL = influxDBURL
        self.redisHost = redisHost
        self.logLevel = logLevel
        self.exposedPorts = exposedPorts
    }

    /// The scope that qualifies this instance's states and topics.
    package var scope: RunScope { RunScope(run: run, plan: plan, testCase: testCase) }

    /// The `runenv` object of the start event, as JSON text (contract §2): these keys in this order, the
    /// source's revision only where it is known, parameters sorted by name.
    package var runenv: String {
        var members: [JSONValue.Member] = [
            .init("plan", .string(plan)), .init("case", .string(testCase)), .init("run", .string(run)),
            .init("params", .strings(parameters)), .init("instances", .integer(instanceCount)),
            .init("outputs_path", .string(outputsPath)), .init("temp_path", .string(tempPath)),
            .init("network", .string(subnet)), .init("group", .string(groupID)),
            .init("group_instances", .integer(groupInstanceCount)),
        ]
        for (name, value) in [("repo", repo), ("commit", commit), ("branch", branch), ("tag", tag)]
        where !value.isEmpty {
            members.append(.init(name, .string(value)))
        }
        return JSONValue.object(members).text
    }
}

extension JSONValue {
    /// An object of strings, sorted by name.
    static func strings(_ values: [String: String]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }
}
