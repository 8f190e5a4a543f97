// A plan, the builders and runners of a version, and short ways through parse and prepare.

import Testing

@testable import TestgroundModel

enum Fixture {
    static let manifestText = """
        name = "demo/plan"

        [defaults]
        builder = "exec:swift"
        runner = "local:exec"

        [builders."exec:swift"]
        enabled = true
        product = "demo"
        color = "manifest"

        [builders."exec:generic"]
        build = "make"

        [builders."exec:go"]
        enabled = false

        [runners."local:exec"]
        enabled = true
        pace = "manifest"

        [[testcases]]
        name = "sync"
        instances = { min = 2, max = 100, default = 5 }

          [testcases.params]
          rounds = { type = "int", desc = "how often", unit = "count", default = 3 }
          mode   = { type = "enum", values = ["tcp", "quic"], default = "tcp" }
          pause  = { type = "duration", default = "1s" }
          flags  = { type = "json", default = { deep = true } }
          note   = { type = "string" }

        [[testcases]]
        name = "alone"
        instances = { min = 1, max = 1, default = 1 }
        """

    static let components = KnownComponents(
        builders: [
            "exec:swift": ["product", "color", "layer"], "exec:go": ["module_path"],
            "exec:generic": ["build", "artifact"],
        ],
        runners: ["local:exec": ["isolation", "pace", "log_level", "layer"], "local:docker": []])

    static func manifest(_ text: String = manifestText) throws -> Parsed<TestPlanManifest> {
        try TestPlanManifest.parse(text, file: "manifest.toml")
    }

    static func composition(
        _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> Parsed<Composition> {
        try Composition.parse(text, file: "composition.toml", environment: environment) { path in
            guard let text = files[path] else { throw Missing() }
            return text
        }
    }

    static func prepare(
        _ text: String, for purpose: PreparationPurpose = .run(), configuration: String = "",
        manifest: String = manifestText, files: [String: String] = [:], ignoringArtifacts: Bool = false
    ) throws -> PreparedComposition {
        let preparer = CompositionPreparer(
            manifest: try self.manifest(manifest),
            configuration: try EnvironmentConfiguration.parse(configuration, file: ".env.toml"),
            components: components)
        return try preparer.prepare(
            composition(text, files: files), for: purpose, ignoringArtifacts: ignoringArtifacts)
    }

    /// What preparing prints, one diagnostic a line: of the error, or the warnings of a success.
    static func diagnostics(
        _ text: String, for purpose: PreparationPurpose = .run(), configuration: String = "",
        manifest: String = manifestText, files: [String: String] = [:]
    ) throws -> [String] {
        do {
            return try prepare(
                text, for: purpose, configuration: configuration, manifest: manifest, files: files
            ).warnings.map(\.description)
        } catch let error as ModelError {
            return error.diagnostics.map(\.description)
        }
    }

    /// What parsing prints.
    static func parseDiagnostics(
        _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> [String] {
        do {
            return try composition(text, environment: environment, files: files).warnings.map(\.description)
        } catch let error as ModelError {
            return error.diagnostics.map(\.description)
        }
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "no such file or directory" }
    }
}

/// SplitMix64, so that a failing case can be had again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
