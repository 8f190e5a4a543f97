// exec:swift: a plan that is a SwiftPM package.
//
// The package is built where it lies, so that dependencies by relative path (`../..`) keep working, with all
// that SwiftPM makes in a scratch space of the builder's. SwiftPM itself decides what is up to date, across
// local dependencies too; that takes it some 0.3 s. Beside its sources it writes Package.resolved, and only
// where a package has remote dependencies. A package whose dependencies are to be replaced is copied first.
//
// SwiftBuilder.swift      the builder
// SwiftPackage.swift      what SwiftPM tells of a package
// SwiftReplacement.swift  replacing its dependencies

package import Execution
import Foundation
import LinuxSystem
import TestgroundModel

package struct SwiftBuilder: Builder {
    package let id = "exec:swift"
    package let artifactKind = ArtifactKind.executable
    package let configurationKeys = ["product", "configuration", "static_stdlib", "flags"]

    package init() {}

    private enum Mode: String, CaseIterable { case debug, release }

    private struct Options {
        var product: String?
        var mode: Mode
        var isStdlibStatic: Bool
        var flags: [String]
    }

    package func build(_ request: BuildRequest, progress: any ProgressSink) async throws -> BuildResult {
        let options = try options(request)
        let conditions = try request.build.selectors.flatMap { ["-Xswiftc", "-D\(try condition($0))"] }
        let swift = tool(request.environment)
        return try await BuildSteps.perform(id, request, progress) { steps in
            let request = steps.request
            let directory = request.sources.directory
            guard Directories.exists("\(directory)/Package.swift") else {
                throw steps.failure("\(directory) has no Package.swift")
            }
            let package = try await package(steps, swift)
            let product =
                if let product = options.product { product } else { try await package.onlyExecutable() }
            var arguments = [
                // With its cached manifest SwiftPM overlooks new files of packages that the plan has by path.
                "build", "--disable-build-manifest-caching",
                "--configuration", options.mode.rawValue, "--product", product, "--scratch-path",
                package.scratch, "--disable-index-store",
            ]
            if options.isStdlibStatic { arguments.append("--static-swift-stdlib") }
            try await steps.call(
                swift, arguments + conditions + options.flags, in: package.directory, isError: Self.isError)
            let folder = try await package.productsFolder(options.mode.rawValue)
            let published = try await steps.publish(product: "\(folder)/\(product)", steps.place.record())
            return BuildResult(
                artifact: published.artifact, dependencies: package.dependencies(),
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
                name: "swift-toolchain", tool: tool(context.environment),
                workDirectory: context.workDirectory,
                source: (name: "Package.swift", text: ToolchainSamples.swiftPackage),
                more: [(name: "Sources/probe/main.swift", text: ToolchainSamples.swiftProgram)],
                arguments: ["build", "--configuration", "debug"]),
        ]
    }

    // MARK: Steps

    static func isError(_ line: String) -> Bool {
        line.contains(": error: ") || line.hasPrefix("error: ")
    }

    private func tool(_ environment: [String: String]) -> BuildTool {
        BuildTool(
            program: "swift", remedy: "install the Swift toolchain from swift.org and put it into PATH",
            environment: environment)
    }

    /// The package to build: where it lies, or a copy in which dependencies are replaced.
    private func package(_ steps: BuildSteps, _ swift: BuildTool) async throws -> SwiftPackage {
        let request = steps.request
        let replacements = try SwiftReplacement.all(of: request)
        let sdk = request.sources.sdk
        guard !replacements.isEmpty || sdk != nil else {
            return SwiftPackage(
                steps: steps, swift: swift, directory: request.sources.directory,
                scratch: "\(steps.place.directory)/scratch")
        }
        let staged = StagedSources(directory: "\(steps.place.directory)/stage")
        var plan = request
        // The SDK is built where it lies, like every other local dependency.
        plan.sources.sdk = nil
        try await onThread("stage") { [plan] in
            var record = steps.place.record()
            _ = try staged.synchronise(plan, &record, now: SystemClock.wall())
            try steps.place.save(record)
        }
        let package = SwiftPackage(
            steps: steps, swift: swift, directory: staged.plan,
            scratch: "\(steps.place.directory)/scratch-replaced")
        try await package.apply(replacements + package.replacement(ofSDK: sdk))
        return package
    }

    private func options(_ request: BuildRequest) throws -> Options {
        var configuration = BuildConfiguration(id, request.build.configuration)
        #if os(Linux)
        // Smaller and faster to start: an instance maps what it uses of the library, and shares it.
        let canBeStatic = true
        #else
        let canBeStatic = false
        #endif
        let options = Options(
            product: configuration.string("product"),
            mode: configuration.choice("configuration", default: .release),
            isStdlibStatic: configuration.boolean("static_stdlib") ?? canBeStatic,
            flags: configuration.words("flags"))
        try configuration.check()
        return options
    }

    /// A selector as a compilation condition, which must be an identifier.
    private func condition(_ selector: String) throws -> String {
        let isIdentifier = selector.unicodeScalars.enumerated().allSatisfy { index, scalar in
            scalar == "_" || (scalar.isASCII && scalar.properties.isAlphabetic)
                || (index > 0 && ("0"..."9").contains(scalar))
        }
        guard isIdentifier, !selector.isEmpty else {
            throw ExecutionError(
                .configuration,
                "the selector \"\(selector)\" cannot be a condition for `#if`: use letters, digits and _ only"
            )
        }
        return selector
    }
}
