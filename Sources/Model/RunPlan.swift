// The last stage of the model, and the only one the engine sees: what to build and what to run, every value
// decided.
//
// parse (Composition, Manifest: what was written) → prepare (PreparedComposition: defaults, percentages,
// precedence applied and checked) → run plan (this file).

/// Everything one invocation asks for: the builds that are needed, each once, and the runs made of them.
package struct PreparedComposition: Sendable, Hashable {
    package var plan: String
    package var testCase: String
    package var author: String
    /// Distinct builds; groups with equal builder, configuration, selectors and dependencies share one.
    package var builds: [BuildPlan]
    package var runs: [RunPlan]
    package var warnings: [Diagnostic]
    /// How many builds may run at once; nil where the composition does not say.
    package var concurrentBuilds: Int?

    package init(
        plan: String, testCase: String, author: String = "", builds: [BuildPlan], runs: [RunPlan],
        warnings: [Diagnostic] = []
    ) {
        self.plan = plan
        self.testCase = testCase
        self.author = author
        self.builds = builds
        self.runs = runs
        self.warnings = warnings
    }
}

/// One build, shared by all groups that need exactly this artifact.
package struct BuildPlan: Sendable, Hashable {
    /// Content key: equal for equal builder, configuration, selectors (order-free) and dependencies.
    package var key: String
    /// Builder id, e.g. `exec:swift`.
    package var builder: String
    /// Merged configuration: group → global → manifest → `.env.toml`.
    package var configuration: ConfigurationTable
    package var selectors: [String]
    package var dependencies: [Dependency]
    /// Ids of the groups that use it.
    package var groups: [String]

    package init(
        key: String, builder: String, configuration: ConfigurationTable = [:], selectors: [String] = [],
        dependencies: [Dependency] = [], groups: [String]
    ) {
        self.key = key
        self.builder = builder
        self.configuration = configuration
        self.selectors = selectors
        self.dependencies = dependencies
        self.groups = groups
    }
}

/// A dependency replacement: build against `target` at `version` in place of `module`.
package struct Dependency: Sendable, Hashable {
    package var module: String
    /// Replacement module; empty means the module itself.
    package var target: String
    package var version: String

    package init(module: String, target: String = "", version: String) {
        self.module = module
        self.target = target
        self.version = version
    }
}

/// One run: groups with their final instance counts, parameters and artifacts.
package struct RunPlan: Sendable, Hashable {
    /// Id within the composition, `default` where none was written.
    package var id: String
    package var plan: String
    package var testCase: String
    /// Runner id, e.g. `local:exec`.
    package var runner: String
    /// Merged configuration: composition → `.env.toml` → runner default.
    package var runnerConfiguration: ConfigurationTable
    package var totalInstances: Int
    package var disableMetrics: Bool
    package var groups: [RunGroupPlan]
    /// The network that instances start in.
    package var network = NetworkPlan()

    package init(
        id: String, plan: String, testCase: String, runner: String,
        runnerConfiguration: ConfigurationTable = [:], totalInstances: Int, disableMetrics: Bool = false,
        groups: [RunGroupPlan]
    ) {
        self.id = id
        self.plan = plan
        self.testCase = testCase
        self.runner = runner
        self.runnerConfiguration = runnerConfiguration
        self.totalInstances = totalInstances
        self.disableMetrics = disableMetrics
        self.groups = groups
    }
}

/// Where a group's artifact comes from.
package enum ArtifactSource: Sendable, Hashable {
    /// Made by the build with this key.
    case build(key: String)
    /// Named in the composition or with `--use-build`: an executable's path or an image's name.
    case existing(String)
}

/// A group of one run.
package struct RunGroupPlan: Sendable, Hashable {
    /// Id of the run's group; names the outputs' folder and `TEST_GROUP_ID`.
    package var id: String
    package var instances: Int
    /// Final test parameters: run group → run → group → global → manifest default.
    package var parameters: [String: String]
    /// Profile kinds and their values, e.g. `cpu: true`, `heap: 5s`.
    package var profiles: [String: String]
    package var resources: Resources
    package var artifact: ArtifactSource
    /// Builder of the group, empty when its artifact was given.
    package var builder: String

    package init(
        id: String, instances: Int, parameters: [String: String] = [:], profiles: [String: String] = [:],
        resources: Resources = Resources(), artifact: ArtifactSource, builder: String = ""
    ) {
        self.id = id
        self.instances = instances
        self.parameters = parameters
        self.profiles = profiles
        self.resources = resources
        self.artifact = artifact
        self.builder = builder
    }
}

/// Resource limits of an instance, in Kubernetes notation (`512Mi`, `100m`); empty means none.
package struct Resources: Sendable, Hashable {
    package var memory: String
    package var cpu: String

    package init(memory: String = "", cpu: String = "") {
        self.memory = memory
        self.cpu = cpu
    }
}
