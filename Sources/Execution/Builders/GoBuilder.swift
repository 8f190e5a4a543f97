// exec:go: a plan that is a Go module.
//
// The plan is staged, because replacements change go.mod and `go mod tidy` writes it and go.sum. Relative
// replacements that lead out of the plan are made absolute in the copy, so that they keep working. Go itself
// decides what is up to date, by contents.

package import Execution
import Foundation
import LinuxSystem
import TestgroundModel

package struct GoBuilder: Builder {
    package let id = "exec:go"
    package let artifactKind = ArtifactKind.executable
    package let configurationKeys = ["module_path", "exec_pkg", "fresh_gomod"]

    /// The module that `--link-sdk` replaces.
    private static let sdkModule = "github.com/testground/sdk-go"

    package init() {}

    private struct Options {
        /// Path of the module that `fresh_gomod` makes.
        var modulePath: String?
        /// The main package within the module.
        var package: String
        var isModuleFresh: Bool
    }

    package func build(_ request: BuildRequest, progress: any ProgressSink) async throws -> BuildResult {
        var configuration = BuildConfiguration(id, request.build.configuration)
        let options = Options(
            modulePath: configuration.string("module_path"),
            package: configuration.string("exec_pkg") ?? ".",
            isModuleFresh: configuration.boolean("fresh_gomod") ?? false)
        try configuration.check()
        let go = tool(request.environment)
        return try await BuildSteps.perform(id, request, progress) { steps in
            let request = steps.request
            let staged = StagedSources(directory: "\(steps.place.directory)/stage")
            let record = try await onThread("stage") {
                var record = steps.place.record()
                _ = try staged.synchronise(request, &record, now: SystemClock.wall())
                try steps.place.save(record)
                return record
            }
            try await prepareModule(steps, go, staged, options)
            let product = "\(steps.place.directory)/product"
            var arguments = ["build", "-o", product]
            if !request.build.selectors.isEmpty {
                arguments += ["-tags", request.build.selectors.joined(separator: ",")]
            }
            try await steps.call(go, arguments + [options.package], in: staged.plan, isError: Self.isError)
            let published = try await steps.publish(product: product, record)
            return BuildResult(
                artifact: published.artifact, dependencies: try await dependencies(go, staged.plan),
                cached: published.cached)
        }
    }

    package func purge(plan: String, workDirectory: String, progress: any ProgressSink) async throws {
        try await BuildPlace.purge(plan: plan, workDirectory: workDirectory, progress: progress)
    }

    package func healthcheck(_ context: HealthcheckContext) -> [any Healthcheck] {
        [
            WorkDirectoryCheck(directory: context.workDirectory),
            CompilerCheck(
                name: "go-toolchain", tool: tool(context.environment), workDirectory: context.workDirectory,
                source: (name: "go.mod", text: ToolchainSamples.goModule),
                more: [(name: "main.go", text: ToolchainSamples.goProgram)],
                arguments: ["build", "-o", "probe", "."]),
        ]
    }

    private func tool(_ environment: [String: String]) -> BuildTool {
        BuildTool(
            program: "go", remedy: "install Go, e.g. with `apt-get install golang-go`",
            environment: environment)
    }

    /// `./main.go:5:2: undefined: x`
    private static func isError(_ line: String) -> Bool {
        let parts = line.split(separator: ":", maxSplits: 3)
        return parts.count == 4 && parts[0].hasSuffix(".go") && Int(parts[1]) != nil
    }

    // MARK: The module

    private func prepareModule(
        _ steps: BuildSteps, _ go: BuildTool, _ staged: StagedSources, _ options: Options
    ) async throws {
        if options.isModuleFresh {
            for name in ["go.mod", "go.sum"] {
                try? FileManager.default.removeItem(atPath: "\(staged.plan)/\(name)")
            }
            let path = options.modulePath ?? "testground.invalid/\(BuildPlace.name(steps.place.plan))"
            try await steps.call(go, ["mod", "init", path], in: staged.plan)
        }
        guard Directories.exists("\(staged.plan)/go.mod") else {
            throw steps.failure(
                "\(steps.request.sources.directory) has no go.mod: run `go mod init`, or set "
                    + "`fresh_gomod = true`"
            )
        }
        let edits = try await replacements(steps, go, staged)
        if !edits.isEmpty {
            try await steps.call(go, ["mod", "edit"] + edits.map { "-replace=\($0)" }, in: staged.plan)
        }
        // A build that would have to change go.mod or go.sum fails; only such a module is tidied, because
        // that needs the network.
        let tags = steps.request.build.selectors.joined(separator: ",")
        let (_, probe) = try await go.ask(
            ["list", "-deps", "-tags", tags, "-f", "{{.ImportPath}}", options.package], in: staged.plan)
        if !probe.isSuccess { try await tidy(steps, go, staged, becauseOf: probe) }
    }

    private func tidy(
        _ steps: BuildSteps, _ go: BuildTool, _ staged: StagedSources, becauseOf probe: ToolOutcome
    ) async throws {
        do {
            try await steps.call(go, ["mod", "tidy"], in: staged.plan)
        } catch let error as ExecutionError where error.code == .buildFailed {
            throw steps.failure(
                "its modules are not complete and `go mod tidy` cannot complete them; where there is no "
                    + "network, keep them with the plan (`go mod vendor`) or in Go's cache "
                    + "(`go mod download`)",
                details: probe.transcript.lines + error.details)
        }
    }

    private struct Module: Decodable {
        struct Version: Decodable {
            // Go writes its field names in capitals.
            enum CodingKeys: String, CodingKey {
                case path = "Path"
                case version = "Version"
            }
            var path: String
            var version: String?
        }
        struct Replacement: Decodable {
            enum CodingKeys: String, CodingKey {
                case old = "Old"
                case new = "New"
            }
            var old: Version
            var new: Version
        }
        enum CodingKeys: String, CodingKey { case replacements = "Replace" }
        var replacements: [Replacement]?
    }

    /// Arguments of `go mod edit -replace`.
    private func replacements(
        _ steps: BuildSteps, _ go: BuildTool, _ staged: StagedSources
    ) async throws -> [String] {
        let answer = try await steps.answer(go, ["mod", "edit", "-json"], in: staged.plan)
        let module = try? JSONDecoder().decode(Module.self, from: Data(answer.utf8))
        let source = URL(filePath: steps.request.sources.directory, directoryHint: .isDirectory)
        var edits: [String] = []
        for replacement in module?.replacements ?? [] where replacement.new.path.hasPrefix(".") {
            let target = source.appending(path: replacement.new.path).standardizedFileURL
                .path(percentEncoded: false)
            guard !target.hasPrefix("\(steps.request.sources.directory)/") else { continue }
            // What stands beside the plan is staged beside it too: extra sources.
            if Directories.exists("\(staged.plan)/\(replacement.new.path)") { continue }
            let version = replacement.old.version.map { "@\($0)" } ?? ""
            edits.append("\(replacement.old.path)\(version)=\(target)")
        }
        for dependency in steps.request.build.dependencies {
            let target = dependency.target.isEmpty ? dependency.module : dependency.target
            let isPath = target.hasPrefix("/") || target.hasPrefix(".")
            let path =
                target.hasPrefix(".")
                ? source.appending(path: target).standardizedFileURL.path(percentEncoded: false) : target
            edits.append("\(dependency.module)=\(path)" + (isPath ? "" : "@\(dependency.version)"))
        }
        if steps.request.sources.sdk != nil { edits.append("\(Self.sdkModule)=\(staged.sdk)") }
        return edits
    }

    /// Modules and the versions that were built, replacements resolved; none for a vendored module.
    private func dependencies(_ go: BuildTool, _ directory: String) async throws -> [String: String] {
        let (answer, _) = try await go.ask(["list", "-m", "all"], in: directory)
        return Self.dependencies(listed: answer ?? "")
    }

    /// Reads `go list -m all`: `module`, `module version`, `module version => target [version]`.
    static func dependencies(listed text: String) -> [String: String] {
        var dependencies: [String: String] = [:]
        // The first line is the plan's own module.
        for line in text.split(separator: "\n").dropFirst() {
            let sides = line.components(separatedBy: " => ")
            let words = sides[0].split(separator: " ")
            guard let module = words.first else { continue }
            dependencies[String(module)] =
                sides.count > 1
                ? sides[1].replacing(" ", with: "@") : words.dropFirst().joined(separator: " ")
        }
        return dependencies
    }
}
