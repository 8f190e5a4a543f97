// Healthchecks of builders: that a toolchain compiles, that the work directory can be written.

import Execution
import Foundation
import LinuxSystem

/// Small programs that a working toolchain compiles.
enum ToolchainSamples {
    static let swiftPackage = """
        // swift-tools-version: 5.9
        import PackageDescription
        let package = Package(name: "probe", targets: [.executableTarget(name: "probe")])

        """
    static let swiftProgram = "print(\"works\")\n"
    static let goModule = "module probe\n\ngo 1.16\n"
    static let goProgram = "package main\n\nfunc main() { println(\"works\") }\n"
}

/// Compiles a small program. A toolchain that only says its version may still lack a linker or its library.
struct CompilerCheck: Healthcheck {
    typealias File = (name: String, text: String)

    let name: String
    let tool: BuildTool
    let workDirectory: String
    let source: File
    let more: [File]
    let arguments: [String]

    func check() async throws -> String? {
        try await explainingFiles(workDirectory) { try await compile() }
    }

    private func compile() async throws -> String? {
        let directory = "\(workDirectory)/healthcheck-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for file in [source] + more {
            let url = URL(filePath: "\(directory)/\(file.name)")
            try Directories.make(url.deletingLastPathComponent().path(percentEncoded: false))
            try Data(file.text.utf8).write(to: url)
        }
        do {
            let outcome = try await tool.run(arguments, in: directory) { _ in }
            guard outcome.isSuccess else {
                return
                    ([
                        "`\(tool.program)` does not compile a small program (\(outcome.ending)): "
                            + tool.remedy
                    ]
                    + outcome.transcript.lines.suffix(5)).joined(separator: "\n")
            }
            return nil
        } catch let error as ExecutionError where error.code == .toolMissing {
            return error.message
        }
    }

    func fix() async throws -> String? { nil }
}

/// Writes a file into a builder's work directory.
struct WorkDirectoryCheck: Healthcheck {
    let name = "work-directory"
    let directory: String

    func check() async throws -> String? {
        guard Directories.exists(directory) else {
            return "\(directory) does not exist yet: it is made by `--fix` or by the first build"
        }
        let file = "\(directory)/.healthcheck-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        do {
            try Data("works".utf8).write(to: URL(filePath: file))
            return nil
        } catch {
            return "\(directory) cannot be written: \(error.fileReason)"
        }
    }

    func fix() async throws -> String? {
        try Directories.make(directory)
        return "made \(directory)"
    }
}

/// Runs a program that only has to end well.
struct ToolCheck: Healthcheck {
    let name: String
    let tool: BuildTool
    let arguments: [String]

    func check() async throws -> String? {
        do {
            let outcome = try await tool.run(arguments, in: "/") { _ in }
            return outcome.isSuccess
                ? nil : "`\(tool.program)` does not work (\(outcome.ending)): \(tool.remedy)"
        } catch let error as ExecutionError where error.code == .toolMissing {
            return error.message
        }
    }

    func fix() async throws -> String? { nil }
}
