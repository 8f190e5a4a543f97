// What every builder offers the engine.

package import TestgroundModel

/// Where a plan's sources lie on this machine.
package struct PlanSources: Sendable, Hashable {
    /// The manifest's name.
    package var plan: String
    /// Absolute path of the plan's directory.
    package var directory: String
    /// Absolute path of an SDK to link in place of the one the plan asks for (`--link-sdk`).
    package var sdk: String?
    /// Absolute paths of the manifest's `extra_sources` for the builder in question.
    package var extra: [String]

    package init(plan: String, directory: String, sdk: String? = nil, extra: [String] = []) {
        self.plan = plan
        self.directory = directory
        self.sdk = sdk
        self.extra = extra
    }
}

/// One build to do.
package struct BuildRequest: Sendable {
    package var build: BuildPlan
    package var sources: PlanSources
    /// Directory of the builder's own, kept between builds: `data/work/<builder with : as _>`. The builder
    /// makes it.
    package var workDirectory: String
    /// Environment for build tools.
    package var environment: [String: String]

    package init(
        build: BuildPlan, sources: PlanSources, workDirectory: String, environment: [String: String]
    ) {
        self.build = build
        self.sources = sources
        self.workDirectory = workDirectory
        self.environment = environment
    }
}

/// What a build made.
package struct BuildResult: Sendable, Hashable {
    package var artifact: Artifact
    /// Resolved dependencies, module to version, where the builder knows them.
    package var dependencies: [String: String]
    /// True when nothing had to be compiled.
    package var cached: Bool

    package init(artifact: Artifact, dependencies: [String: String] = [:], cached: Bool = false) {
        self.artifact = artifact
        self.dependencies = dependencies
        self.cached = cached
    }
}

/// Turns a plan's sources into an artifact.
///
/// A builder streams its tools' output to the sink as `buildOutput` events, stops its tools when the task is
/// cancelled, and throws `ExecutionError` with the code `buildFailed` when the plan does not build.
package protocol Builder: Sendable {
    /// E.g. `exec:swift`.
    var id: String { get }
    var artifactKind: ArtifactKind { get }
    /// Configuration keys the builder reads, for warnings about unknown ones.
    var configurationKeys: [String] { get }

    func build(_ request: BuildRequest, progress: any ProgressSink) async throws -> BuildResult

    /// Removes what earlier builds of the plan left in the work directory.
    func purge(plan: String, workDirectory: String, progress: any ProgressSink) async throws

    /// Checks that what the builder needs works.
    func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck]
}
