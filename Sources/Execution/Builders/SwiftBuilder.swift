// exec:swift: a plan that is a SwiftPM package.
//
// The package is built where it lies, so that dependencies by relative path (`../..`) keep working, with all
// that SwiftPM makes in a scratch space of the builder's. SwiftPM itself decides what is up to date, across
// local dependencies too; that takes it some 0.3 s. Beside its sources it writes Package.resolved, and only
// where a package has remote dependencies.

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
        try refuseReplacements(request)
        let conditions = try request.build.selectors.flatMap { ["-Xswiftc", "-D\(try condition($0))"] }
        let swift = tool(request.environment)
        return try await BuildSteps.perform(id, request, progress) { steps in
            let request = steps.request
            let directory = request.sources.directory
            guard Directories.exists("\(directory)/Package.swift") else {
                throw steps.failure("\(directory) has no Package.swift")
            }
            let scratch = "\(steps.place.directory)/scratch"
            let product =
                if let product = options.product { product } else {
                    try await onlyExecutable(steps, swift, scratch)
                }
            var arguments = [
                "build", "--configuration", options.mode.rawValue, "--product", product, "--scratch-path",
                scratch, "--disable-index-store",
            ]
            if options.isStdlibStatic { arguments.append("--static-swift-stdlib") }
            try await steps.call(swift, arguments + conditions + options.flags, in: directory) {
                $0.contains(": error: ") || $0.hasPrefix("error: ")
            }
            let published = try await steps.publish(
                product: "\(scratch)/\(options.mode.rawValue)/\(product)", steps.place.record())
            return BuildResult(
                artifact: published.artifact, dependencies: resolvedDependencies(directory),
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

    private func tool(_ environment: [String: String]) -> BuildTool {
        BuildTool(
            program: "swift", remedy: "install the Swift toolchain from swift.org and put it into PATH",
            environment: environment)
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

    /// SwiftPM can only replace a dependency by editing the package, or by a mirror whose commits it takes,
    /// not its files: either would build something else than what was asked for, or write into the plan.
    private func refuseReplacements(_ request: BuildRequest) throws {
        if let sdk = request.sources.sdk {
            throw ExecutionError(
                .incompatible,
                "--link-sdk is not supported by exec:swift: write `.package(path: \"\(sdk)\")` into "
                    + "\(request.sources.directory)/Package.swift instead")
        }
        if let dependency = request.build.dependencies.first {
            throw ExecutionError(
                .incompatible,
                "replacing dependencies (\(dependency.module)) is not supported by exec:swift: write "
                    + "the wanted version, or `.package(path:)`, into "
                    + "\(request.sources.directory)/Package.swift instead"
            )
        }
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

    private struct Description: Decodable {
        struct Product: Decodable {
            var name: String
            /// An object with one key, e.g. `{"executable": null}`.
            var type: [String: Anything?]
        }
        struct Anything: Decodable {
            init(from decoder: any Decoder) {}
        }
        var products: [Product]
    }

    private func onlyExecutable(
        _ steps: BuildSteps, _ swift: BuildTool, _ scratch: String
    ) async throws -> String {
        let answer = try await steps.answer(
            swift, ["package", "--scratch-path", scratch, "describe", "--type", "json"],
            in: steps.request.sources.directory)
        guard let description = try? JSONDecoder().decode(Description.self, from: Data(answer.utf8)) else {
            throw steps.failure(
                "`swift package describe` gave no description that can be read: set `product`")
        }
        let names = description.products.filter { $0.type.keys.contains("executable") }.map(\.name)
            .sorted()
        guard let name = names.first else {
            throw steps.failure("the package has no executable product: add an `.executableTarget`")
        }
        guard names.count == 1 else {
            throw ExecutionError(
                .configuration,
                "plan \"\(steps.place.plan)\" has \(names.count) executables ("
                    + names.joined(separator: ", ")
                    + "): say which one with `product` in [builders.\"exec:swift\"]")
        }
        return name
    }

    private struct Resolution: Decodable {
        struct Pin: Decodable {
            struct State: Decodable {
                var version: String?
                var branch: String?
                var revision: String?
            }
            var identity: String
            var state: State
        }
        var pins: [Pin]
    }

    /// What SwiftPM wrote down of remote dependencies; none where there are none.
    private func resolvedDependencies(_ directory: String) -> [String: String] {
        guard let data = FileManager.default.contents(atPath: "\(directory)/Package.resolved"),
            let resolution = try? JSONDecoder().decode(Resolution.self, from: data)
        else { return [:] }
        let versions = resolution.pins.map { pin in
            (pin.identity, pin.state.version ?? pin.state.revision ?? pin.state.branch ?? "")
        }
        return Dictionary(versions, uniquingKeysWith: { first, _ in first })
    }
}
