// Plans to begin with: each builds and passes as it is.
//
// PlanTemplate+Generic.swift  shell, the contract by hand
// PlanTemplate+Go.swift       Go, standard library alone
// PlanTemplate+Swift.swift    a Swift package on the SDK

import ArgumentParser
import Execution
import Foundation

enum PlanTemplate: String, Sendable, CaseIterable, ExpressibleByArgument {
    case generic, swift, go

    struct Values: Sendable {
        var plan: String
        /// Go: the module's path.
        var module: String?
        /// Swift: absolute path of a checkout of the SDK's package.
        var sdkPath: String?

        /// The last part of the plan's name.
        var shortName: String { String(plan.split(separator: "/").last ?? "plan") }
    }

    /// One file of a template.
    struct File: Sendable {
        var path: String
        var text: String
        var isExecutable = false
    }

    /// `shell` and `python` are generic plans, too.
    init?(argument: String) {
        switch argument {
        case "shell", "sh": self = .generic
        default: self.init(rawValue: argument)
        }
    }

    func files(_ values: Values) -> [File] {
        switch self {
        case .generic: Self.generic(values)
        case .swift: Self.swift(values)
        case .go: Self.go(values)
        }
    }

    /// Writes the plan's files.
    func write(to directory: String, values: Values) throws {
        let files = FileManager.default
        do {
            for file in self.files(values) {
                let url = URL(filePath: directory).appending(path: file.path)
                try files.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: url, options: .withoutOverwriting)
                if file.isExecutable {
                    try files.setAttributes(
                        [.posixPermissions: 0o755], ofItemAtPath: url.path(percentEncoded: false))
                }
            }
        } catch {
            throw CommandError(
                .failed, "the plan cannot be written to \(directory): \(error.fileReason)",
                remedy: "check the directory's owner and the free space, or set TESTGROUND_HOME")
        }
    }

    /// A basic string of TOML, which JSON's escapes are a part of.
    static func quoted(_ text: String) -> String {
        JSONText.line(text).trimmingCharacters(in: .newlines)
    }

    /// The part of the manifest that all templates share.
    static func manifest(_ values: Values, builder: String, builderTable: String) -> File {
        File(
            path: PlanDirectory.manifestName,
            text: """
                # What the plan is called, how it is built and run, and which test cases it has.
                name = \(quoted(values.plan))

                [defaults]
                builder = "\(builder)"
                runner = "local:exec"

                [builders."\(builder)"]
                enabled = true
                \(builderTable)
                [runners."local:exec"]
                enabled = true

                [[testcases]]
                name = "quickstart"
                instances = { min = 1, max = 1000, default = 2 }

                  [testcases.params]
                  greeting = { type = "string", desc = "what every instance says", default = "hello" }

                """)
    }
}
