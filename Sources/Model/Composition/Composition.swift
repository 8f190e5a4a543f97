// What a composition says (contract §6), before defaults, percentages and precedence are applied.
//
// Composition+Parsing   template → TOML → composition; CompositionTemplate renders it
// Composition+Writing   composition → TOML
// Composition+Single    the composition that `run single` and `build single` describe

/// A composition as it was written. Empty texts, tables and lists stand for what was not.
package struct Composition: Sendable, Hashable {
    package struct Metadata: Sendable, Hashable {
        package var name = ""
        package var author = ""

        package init(name: String = "", author: String = "") {
            self.name = name
            self.author = author
        }
    }

    package var metadata = Metadata()
    package var global = Global()
    package var groups: [Group] = []
    /// Empty means one run of all groups.
    package var runs: [Run] = []
    /// `[network]` as it was written.
    package var network: ConfigurationTable?
    /// What `network` says.
    package var topology: Topology?

    package init(global: Global = Global(), groups: [Group] = [], runs: [Run] = []) {
        self.global = global
        self.groups = groups
        self.runs = runs
    }
}

extension Composition {
    /// What holds for all groups and runs.
    package struct Global: Sendable, Hashable {
        /// The plan's folder below the home's `plans/`; its name is the one in its manifest.
        package var plan = ""
        package var testCase = ""
        package var totalInstances: Int?
        package var concurrentBuilds: Int?
        package var builder = ""
        package var runner = ""
        package var disableMetrics = false
        package var buildConfiguration: ConfigurationTable = [:]
        package var build = Build()
        package var runConfiguration: ConfigurationTable = [:]
        package var run = RunSettings()

        package init() {}
    }

    /// What a build is made from, beside its configuration.
    package struct Build: Sendable, Hashable {
        package var selectors: [String]
        package var dependencies: [Dependency]

        package init(selectors: [String] = [], dependencies: [Dependency] = []) {
            self.selectors = selectors
            self.dependencies = dependencies
        }
    }

    /// What instances get.
    package struct RunSettings: Sendable, Hashable {
        /// A finished artifact to use in place of a build.
        package var artifact: String
        package var parameters: [String: String]
        package var profiles: [String: String]

        package init(
            artifact: String = "", parameters: [String: String] = [:], profiles: [String: String] = [:]
        ) {
            self.artifact = artifact
            self.parameters = parameters
            self.profiles = profiles
        }
    }

    /// A number of instances.
    package enum Instances: Sendable, Hashable {
        case count(Int)
        /// A share of the run's total: 0.5 for a half.
        case percentage(Double)
    }

    /// A group: instances that share an artifact.
    package struct Group: Sendable, Hashable {
        package var id: String
        package var builder = ""
        package var resources = Resources()
        package var instances: Instances?
        package var buildConfiguration: ConfigurationTable = [:]
        package var build = Build()
        package var run = RunSettings()

        package init(id: String, instances: Instances? = nil) {
            self.id = id
            self.instances = instances
        }
    }

    /// One of several runs of the same builds.
    package struct Run: Sendable, Hashable {
        package var id: String
        package var parameters: [String: String] = [:]
        package var totalInstances: Int?
        package var groups: [RunGroup] = []

        package init(id: String, groups: [RunGroup] = []) {
            self.id = id
            self.groups = groups
        }
    }

    /// A group's part in one run; what it does not say, the group does.
    package struct RunGroup: Sendable, Hashable {
        package var id: String
        /// The group whose artifact it runs; empty means the group of its own id.
        package var groupID = ""
        package var resources = Resources()
        package var instances: Instances?
        package var parameters: [String: String] = [:]
        package var profiles: [String: String] = [:]

        package init(id: String, groupID: String = "", instances: Instances? = nil) {
            self.id = id
            self.groupID = groupID
            self.instances = instances
        }

        /// The id of the group it is a part of.
        var effectiveGroupID: String { groupID.isEmpty ? id : groupID }
        /// The id it has in the run.
        var effectiveID: String { id.isEmpty ? groupID : id }
    }
}

/// Where the parts of a composition stand in its document.
enum CompositionPath {
    static let global = TOMLPath.root.key("global")
    static func group(_ index: Int) -> TOMLPath { .root.key("groups").index(index) }
    static func run(_ index: Int) -> TOMLPath { .root.key("runs").index(index) }
    static func runGroup(_ index: Int, ofRun run: Int) -> TOMLPath {
        self.run(run).key("groups").index(index)
    }
}
