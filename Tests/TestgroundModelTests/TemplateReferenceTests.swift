// The conformance table through a real Go text/template: the expectations are Go's, not ours.

import Foundation
import Testing

@testable import TestgroundModel

@Suite("the conformance table says what Go does")
struct TemplateReferenceTests {
    struct Report: Decodable {
        struct Result: Decodable {
            var output: String
            var error: String?
        }
        /// Such as `go1.19.8`.
        var version: String
        var results: [Result]
    }

    /// Where `go` is, looked for in PATH.
    static let go = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(fileURLWithPath: "\($0)/go") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }

    @Test(
        "Go renders every row byte for byte as the table says, and refuses those that end in an error",
        .enabled(if: go != nil, "needs Go in PATH to compare with (Debian's golang-go)"))
    func tableAgainstGo() async throws {
        let table = try #require(TemplateTable.shared)
        let report = try await runGo()
        #expect(report.results.count == table.rows.count)
        let minor = Self.minorVersion(report.version)
        for (row, result) in zip(table.rows, report.results) {
            if let needed = row.go, minor < Self.minorVersion("go" + needed) { continue }
            #expect(
                (result.error == nil) == (row.error == nil),
                "template: \(row.template), Go's error: \(result.error ?? "none")")
            if result.error == nil { #expect(result.output == row.output, "template: \(row.template)") }
        }
    }

    /// 19 for `go1.19.8`.
    static func minorVersion(_ version: String) -> Int {
        let parts = version.split(separator: ".")
        return parts.count > 1 ? Int(parts[1].prefix { $0.isNumber }) ?? 0 : 0
    }

    private func runGo() async throws -> Report {
        let go = try #require(Self.go)
        let table = try #require(TemplateTable.file)
        let program = try #require(
            Bundle.module.url(forResource: "reference", withExtension: "go", subdirectory: "GoReference"))
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("template-reference-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let results = folder.appendingPathComponent("results.json")
        let complaints = folder.appendingPathComponent("stderr")
        #expect(FileManager.default.createFile(atPath: complaints.path, contents: nil))
        let process = Process()
        process.executableURL = go
        process.arguments = ["run", program.path, table.path, results.path]
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging([
            "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local",
            "GOCACHE": "\(folder.path)/cache",
        ]) { $1 }
        process.standardError = try FileHandle(forWritingTo: complaints)
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let complaint = try String(contentsOf: complaints, encoding: .utf8)
        try #require(status == 0, "go run: \(complaint)")
        return try JSONDecoder().decode(Report.self, from: Data(contentsOf: results))
    }
}
