// The builders and runners of this version, as far as preparing needs to know them.

/// Builders and runners by id, each with the configuration keys it reads.
package struct KnownComponents: Sendable, Hashable {
    package var builders: [String: [String]]
    package var runners: [String: [String]]

    package init(builders: [String: [String]], runners: [String: [String]]) {
        self.builders = builders
        self.runners = runners
    }
}

/// What upstream has and this version has not. Plans and compositions name them, so they are no slips of the
/// keyboard.
enum UpstreamComponents {
    static let builders: Set<String> = ["docker:go", "docker:generic", "docker:node"]
    static let runners: Set<String> = ["local:docker", "cluster:swarm", "cluster:k8s"]
}

/// Whether a composition is prepared for its runs or only for its builds.
package enum PreparationPurpose: Sendable, Hashable {
    /// Every group's build; runner, test case and instances may be left out.
    case build
    /// The runs of these ids with the builds they need; no ids means every run.
    case run(ids: [String] = [])
}

/// Keys of configuration tables that are for the preparer and not for the builder or runner.
enum ComponentSwitch {
    static let enabled = "enabled"
    static let disabled = "disabled"
    static let all: Set<String> = [enabled, disabled]
}

/// What one composition may ask for at most. Real ones stay far below; these stop a slip of the keyboard
/// before it costs memory.
package enum CompositionLimits {
    /// Addresses of a run's data network, a /16, without gateway, network and broadcast.
    package static let instancesPerRun = 65_533
    /// Matrices over versions reach some hundreds.
    package static let groups = 10_000
    package static let runs = 10_000
}
