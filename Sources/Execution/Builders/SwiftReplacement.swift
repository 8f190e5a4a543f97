// Replacing dependencies of a SwiftPM package: by a directory (`swift package edit`), as `--link-sdk` does,
// or by another version (`swift package resolve`). Both change the package's folder, hence work in a copy.

import Execution
import Foundation
import TestgroundModel

/// One dependency and what to build against in its place.
struct SwiftReplacement: Sendable, Hashable, Codable {
    enum Substitute: Sendable, Hashable, Codable {
        /// Absolute path of a package.
        case path(String)
        case version(String)
        case branch(String)
        /// A commit, in full.
        case revision(String)
    }

    /// Identity of the package: the last part of its URL, in lower case.
    var package: String
    var by: Substitute

    /// Identities of the package that `--link-sdk` replaces: by the repository it is published in, and by its
    /// name.
    static let sdkPackages = ["testground-swift", "testground"]

    /// What the request asks to replace.
    ///
    /// - Throws: `ExecutionError` for a target that is another remote package.
    static func all(of request: BuildRequest) throws -> [SwiftReplacement] {
        var replacements: [SwiftReplacement] = []
        for dependency in request.build.dependencies {
            let (target, version) = (dependency.target, dependency.version)
            let substitute: Substitute
            if target.hasPrefix("/") {
                substitute = .path(target)
            } else if target.hasPrefix(".") {
                let base = URL(filePath: request.sources.directory, directoryHint: .isDirectory)
                let path = base.appending(path: target).standardizedFileURL.path(percentEncoded: false)
                substitute = .path(path)
            } else if target.isEmpty || target == dependency.module {
                substitute = meaning(of: version)
            } else {
                throw ExecutionError(
                    .incompatible,
                    "exec:swift cannot replace \(dependency.module) by the package \(target): give a local "
                        + "copy of it as the target, or write its URL into Package.swift")
            }
            replacements.append(SwiftReplacement(package: identity(of: dependency.module), by: substitute))
        }
        return replacements
    }

    /// The replacement that `--link-sdk` asks for; of the identities the one the package depends on.
    static func ofSDK(by path: String, among identities: Set<String>) -> SwiftReplacement? {
        sdkPackages.first(where: identities.contains).map { SwiftReplacement(package: $0, by: .path(path)) }
    }

    /// SwiftPM's identity of a package: of `https://github.com/apple/swift-log.git`, `swift-log`.
    static func identity(of module: String) -> String {
        let name = module.split(separator: "/").last.map(String.init) ?? module
        return (name.hasSuffix(".git") ? String(name.dropLast(4)) : name).lowercased()
    }

    /// `1.2.3` (or Go's `v1.2.3`) is a version, 40 hexadecimal digits a commit, all else a branch.
    static func meaning(of version: String) -> Substitute {
        let number = version.hasPrefix("v") ? String(version.dropFirst()) : version
        let parts = number.prefix { $0 != "-" && $0 != "+" }.split(
            separator: ".", omittingEmptySubsequences: false)
        if parts.count == 3, parts.allSatisfy({ UInt32($0) != nil }) { return .version(number) }
        if version.utf8.count == 40, version.allSatisfy(\.isHexDigit) { return .revision(version) }
        return .branch(version)
    }
}

extension SwiftPackage {
    /// Replaces dependencies in the package's folder, which must be a copy.
    func apply(_ replacements: [SwiftReplacement]) async throws {
        var record = steps.place.record()
        // Edits last in the scratch space. A pin does not where the plan has a Package.resolved of its own,
        // which staging has just restored.
        let isPinning = replacements.contains { if case .path = $0.by { false } else { true } }
        if record.replacements == replacements, !isPinning { return }
        try await check(replacements)
        for old in record.replacements {
            // It may have gone already: only what the next call finds counts.
            if case .path = old.by {
                _ = try await swift.ask(
                    ["package", "--scratch-path", scratch, "unedit", "--force", old.package], in: directory)
            }
        }
        record.replacements = replacements
        try steps.place.save(record)
        do {
            for replacement in replacements {
                let arguments: [String] =
                    switch replacement.by {
                    case .path(let path): ["edit", replacement.package, "--path", path]
                    case .version(let text): ["resolve", replacement.package, "--version", text]
                    case .branch(let text): ["resolve", replacement.package, "--branch", text]
                    case .revision(let text): ["resolve", replacement.package, "--revision", text]
                    }
                try await steps.call(
                    swift, ["package", "--scratch-path", scratch] + arguments, in: directory,
                    isError: SwiftBuilder.isError)
                if case .path = replacement.by, !isEdited(replacement.package) {
                    throw notADependency(replacement.package)
                }
            }
        } catch {
            // Half of them is none: the next build begins anew.
            try FileManager.default.removeItem(atPath: scratch)
            record.replacements = []
            try steps.place.save(record)
            throw error
        }
    }

    /// What `--link-sdk` asks to replace, if it was given.
    ///
    /// - Throws: `ExecutionError` when the package does not depend on the SDK.
    func replacement(ofSDK path: String?) async throws -> [SwiftReplacement] {
        guard let path else { return [] }
        let declared = try await declaredDependencies()
        let identities = declared.remote.union(declared.local.keys)
        if let replacement = SwiftReplacement.ofSDK(by: path, among: identities) { return [replacement] }
        try await check([])
        throw notADependency(SwiftReplacement.sdkPackages[0])
    }

    /// SwiftPM only warns when it is to replace what it does not know.
    private func notADependency(_ package: String) -> ExecutionError {
        ExecutionError(
            .incompatible,
            "plan \"\(steps.place.plan)\" does not depend on \(package), so that it cannot be replaced: "
                + "add it to \(steps.request.sources.directory)/Package.swift")
    }

    private struct Workspace: Decodable {
        struct Object: Decodable {
            var dependencies: [Dependency]
        }
        struct Dependency: Decodable {
            struct Reference: Decodable {
                var identity: String
            }
            struct State: Decodable {
                var name: String
            }
            var packageRef: Reference
            var state: State
        }
        var object: Object
    }

    /// Whether SwiftPM has put a directory in the dependency's place. True also where its notes cannot be
    /// read.
    private func isEdited(_ package: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: "\(scratch)/workspace-state.json"),
            let workspace = try? JSONDecoder().decode(Workspace.self, from: data)
        else { return true }
        return workspace.object.dependencies.contains {
            $0.packageRef.identity == package && $0.state.name == "edited"
        }
    }

    /// Tells what SwiftPM would tell in riddles: a dependency that is not there, or lies beside the plan.
    private func check(_ replacements: [SwiftReplacement]) async throws {
        let declared = try await declaredDependencies()
        let original = steps.request.sources.directory
        for replacement in replacements where declared.local[replacement.package] != nil {
            throw ExecutionError(
                .incompatible,
                "plan \"\(steps.place.plan)\" takes \(replacement.package) from a directory already: change "
                    + "its `.package(path:)` in \(original)/Package.swift")
        }
        if let outside = declared.local.first(where: { !$0.value.hasPrefix("\(directory)/") }) {
            throw ExecutionError(
                .incompatible,
                "dependencies of plan \"\(steps.place.plan)\" cannot be replaced, because it takes "
                    + "\(outside.key) from a directory beside it: write what you want to build against into "
                    + "\(original)/Package.swift")
        }
    }
}
