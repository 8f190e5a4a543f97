// Manifests, compositions and `.env.toml`, read from disk.

import Execution
import Foundation
import TestgroundModel

enum ModelFile {
    /// Bytes of a file that a person wrote; a composition of 10,000 groups has some megabytes, and what is
    /// much larger was named by mistake.
    private static let limitBytes = 16 * 1024 * 1024

    static func manifest(of plan: FoundPlan) throws -> Parsed<TestPlanManifest> {
        let text = try text(plan.manifestPath, named: plan.manifestPath, what: "manifest")
        return try explaining { try TestPlanManifest.parse(text, file: plan.manifestPath) }
    }

    static func composition(
        _ text: String, file: String, _ platform: Platform
    ) throws -> Parsed<Composition> {
        let directory = URL(filePath: platform.absolute(file)).deletingLastPathComponent()
            .path(percentEncoded: false)
        let environment = platform.environment
        return try explaining {
            try Composition.parse(text, file: file, environment: environment) { path in
                let place = AbsolutePath.make(path, in: directory, environment)
                return try self.text(place, named: path, what: "resource")
            }
        }
    }

    /// `.env.toml`, or none.
    static func configuration(_ home: TestgroundHome) throws -> Parsed<EnvironmentConfiguration> {
        let path = home.configurationFile
        guard FileManager.default.fileExists(atPath: path) else { return Parsed(EnvironmentConfiguration()) }
        let text = try text(path, named: path, what: "configuration")
        return try explaining { try EnvironmentConfiguration.parse(text, file: path) }
    }

    /// A file's text.
    ///
    /// - Parameter name: the file as the person named it.
    static func text(_ path: String, named name: String, what: String) throws -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw CommandError.usage(
                "the \(what) \(name) cannot be read: "
                    + (isThere ? error.fileReason.lowercased() : "there is no such file"))
        }
        guard data.count <= limitBytes else {
            throw CommandError.usage(
                "the \(what) \(name) has \(Wording.number(data.count)) bytes, "
                    + "more than \(Wording.number(limitBytes))")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandError.usage("the \(what) \(name) is no UTF-8 text")
        }
        return text
    }

    /// The model's errors as one message: the first error, and the others below it.
    static func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ModelError {
            let errors = error.diagnostics.filter { $0.severity == .error }
            let others = error.diagnostics.filter { $0.severity == .warning }.map(\.description)
            guard let first = errors.first else { throw CommandError.usage(error.description) }
            throw CommandError(
                .usage, LineFormat.sentence(Diagnostic(.error, at: first.location, first.message)),
                remedy: errors.count == 1 ? first.remedy : nil,
                details: (errors.count == 1 ? [] : first.remedy.map { ["(\($0))"] } ?? [])
                    + errors.dropFirst().map(LineFormat.sentence) + others)
        }
    }
}
