// What SwiftPM tells of a package.

import Execution
import Foundation
import LinuxSystem
import TestgroundModel

/// A package under build.
struct SwiftPackage: Sendable {
    let steps: BuildSteps
    let swift: BuildTool
    let directory: String
    /// Where SwiftPM keeps all it makes.
    let scratch: String

    /// Calls `swift package` for what it answers.
    func ask(_ arguments: [String]) async throws -> String {
        try await steps.answer(swift, ["package", "--scratch-path", scratch] + arguments, in: directory)
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

    /// Name of the package's executable product.
    ///
    /// - Throws: `ExecutionError` when there is none, or several and hence a choice to make.
    func onlyExecutable() async throws -> String {
        let answer = try await ask(["describe", "--type", "json"])
        guard let description = try? JSONDecoder().decode(Description.self, from: Data(answer.utf8)) else {
            throw steps.failure(
                "`swift package describe` gave no description that can be read: set `product`")
        }
        let names = description.products.filter { $0.type.keys.contains("executable") }.map(\.name).sorted()
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

    /// Where products of a configuration lie.
    func productsFolder(_ configuration: String) async throws -> String {
        // A link that SwiftPM's usual build system makes; asking instead costs 0.2 s.
        let usual = "\(scratch)/\(configuration)"
        if Directories.exists(usual) { return usual }
        let answer = try await steps.answer(
            swift,
            ["build", "--scratch-path", scratch, "--configuration", configuration, "--show-bin-path"],
            in: directory)
        return answer.trimmingCharacters(in: .whitespacesAndNewlines)
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

    /// Versions that SwiftPM wrote down of remote dependencies, and the paths of those replaced.
    func dependencies() -> [String: String] {
        var dependencies: [String: String] = [:]
        if let data = FileManager.default.contents(atPath: "\(directory)/Package.resolved"),
            let resolution = try? JSONDecoder().decode(Resolution.self, from: data)
        {
            for pin in resolution.pins {
                dependencies[pin.identity] =
                    pin.state.version ?? pin.state.branch ?? pin.state.revision ?? ""
            }
        }
        for replacement in steps.place.record().replacements {
            if case .path(let path) = replacement.by { dependencies[replacement.package] = path }
        }
        return dependencies
    }

    private struct Manifest: Decodable {
        struct Dependency: Decodable {
            struct Local: Decodable {
                var identity: String
                var path: String
            }
            struct Remote: Decodable {
                var identity: String
            }
            var fileSystem: [Local]?
            var sourceControl: [Remote]?
            var registry: [Remote]?
        }
        var dependencies: [Dependency]
    }

    /// The package's own dependencies: identities of remote ones, paths of local ones by identity.
    func declaredDependencies() async throws -> (remote: Set<String>, local: [String: String]) {
        let answer = try await ask(["dump-package"])
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(answer.utf8)) else {
            throw steps.failure("`swift package dump-package` gave no manifest that can be read")
        }
        var remote: Set<String> = []
        var local: [String: String] = [:]
        for dependency in manifest.dependencies {
            for package in (dependency.sourceControl ?? []) + (dependency.registry ?? []) {
                remote.insert(package.identity)
            }
            for package in dependency.fileSystem ?? [] { local[package.identity] = package.path }
        }
        return (remote, local)
    }
}
