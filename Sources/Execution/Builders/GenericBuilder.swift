// exec:generic: a plan in any language, by a build command and the path of what it makes.
//
// The plan is staged, and the command runs in the copy with `sh -ec`. A plan whose sources, configuration and
// command are unchanged is not built again: what else a command reads (a compiler, the network) is not known
// here, and `testground build purge` makes it run anew. A compiled artifact is published alone; a script is
// published with the whole plan, since scripts read what lies beside them.

package import Execution
import Foundation
import LinuxSystem
import TestgroundModel

package struct GenericBuilder: Builder {
    package let id = "exec:generic"
    package let artifactKind = ArtifactKind.executable
    package let configurationKeys = ["build", "artifact"]

    package init() {}

    package func build(_ request: BuildRequest, progress: any ProgressSink) async throws -> BuildResult {
        var configuration = BuildConfiguration(id, request.build.configuration)
        let command = configuration.string("build")
        let artifact = configuration.string("artifact")
        try configuration.check()
        guard let artifact else {
            throw ExecutionError(
                .configuration,
                "exec:generic needs `artifact`, the path of the plan's executable within the plan: set it in "
                    + "[builders.\"exec:generic\"] of the manifest")
        }
        return try await BuildSteps.perform(id, request, progress) { steps in
            let request = steps.request
            let staged = StagedSources(directory: "\(steps.place.directory)/stage")
            let product = try Self.path(artifact, within: staged.plan)
            let (record, changed) = try await onThread("stage") {
                var record = steps.place.record()
                let changed = try staged.synchronise(request, &record, now: SystemClock.wall())
                let previous = record.artifact
                // Until the build has succeeded, the next one must not take its result for granted.
                record.artifact = nil
                try steps.place.save(record)
                record.artifact = previous
                return (record, changed)
            }
            if !changed, let path = record.artifact, Directories.exists(path) {
                try steps.place.save(record)
                return BuildResult(artifact: .executable(path: path), cached: true)
            }
            if let command {
                try await steps.call(
                    shell(environment(request, staged)), ["-ec", command], in: staged.plan)
            }
            let path = try await onThread("publish") {
                let file = try ExecutableFile(
                    at: product, named: artifact, environment: request.environment
                ) { steps.failure($0) }
                let path =
                    switch file.kind {
                    case .binary:
                        try steps.place.store.publish(
                            file: file.path, as: URL(filePath: product).lastPathComponent)
                    case .script:
                        try steps.place.store.publish(directory: staged.plan) + "/" + artifact
                    }
                var record = record
                record.artifact = path
                try steps.place.save(record)
                return path
            }
            return BuildResult(artifact: .executable(path: path), cached: false)
        }
    }

    package func purge(plan: String, workDirectory: String, progress: any ProgressSink) async throws {
        try await BuildPlace.purge(plan: plan, workDirectory: workDirectory, progress: progress)
    }

    package func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck] {
        [
            WorkDirectoryCheck(directory: context.workDirectory),
            ToolCheck(name: "shell", tool: shell(context.environment), arguments: ["-ec", "exit 0"]),
        ]
    }

    // MARK: The command

    private func shell(_ environment: [String: String]) -> BuildTool {
        BuildTool(program: "sh", remedy: "a POSIX shell must be in PATH", environment: environment)
    }

    /// What the command is told: where things lie, and what upstream's builders pass as build arguments.
    private func environment(_ request: BuildRequest, _ staged: StagedSources) throws -> [String: String] {
        struct Replacement: Encodable {
            var module: String
            var target: String
            var version: String
        }
        let replacements = request.build.dependencies.map {
            Replacement(module: $0.module, target: $0.target, version: $0.version)
        }
        let json = String(decoding: try JSONEncoder().encode(replacements), as: UTF8.self)
        var variables = request.environment
        variables["PLAN_PATH"] = staged.plan
        variables["BUILD_DIR"] = staged.directory
        variables["SDK_PATH"] = request.sources.sdk == nil ? "" : staged.sdk
        variables["EXTRA_PATH"] = request.sources.extra.isEmpty ? "" : staged.extra
        variables["TESTGROUND_PLAN"] = request.sources.plan
        variables["TESTGROUND_SELECTORS"] = request.build.selectors.joined(separator: ",")
        variables["TESTGROUND_DEPENDENCIES"] = json
        return variables
    }

    private static func path(_ artifact: String, within plan: String) throws -> String {
        let path = URL(filePath: "\(plan)/\(artifact)").standardizedFileURL.path(percentEncoded: false)
        guard !artifact.hasPrefix("/"), path.hasPrefix("\(plan)/") else {
            throw ExecutionError(
                .configuration,
                "`artifact` of exec:generic is \"\(artifact)\", expected a path within the plan")
        }
        return path
    }
}
