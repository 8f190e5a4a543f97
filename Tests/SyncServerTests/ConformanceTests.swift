// One conformance suite, three clients: Go on the WebSocket library of the Go SDK, Python on `websockets`,
// and our own. The scenarios are a table (Conformance/scenarios.json) that each client interprets, so that
// all see the same service.
//
// The first two need tools that `Scripts/install-test-tools.sh` installs; without them their test says that
// it skips.

import Foundation
import InstanceContract
import SyncServer
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
private let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Conformance")
private let scenarios = folder.appending(path: "scenarios.json")

/// What the test tools are installed as.
private enum Tools {
    static let python = root.appending(path: ".build-tools/venv/bin/python")
    static let go = URL(filePath: "/usr/bin/go")
    static let goPath = "/usr/share/gocode"

    static var havePython: Bool { FileManager.default.isExecutableFile(atPath: python.path) }
    static var haveGo: Bool {
        FileManager.default.isExecutableFile(atPath: go.path)
            && FileManager.default.fileExists(atPath: goPath + "/src/nhooyr.io/websocket")
    }
}

/// Runs a program to its end.
private func run(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) async throws
    -> (status: Int32, output: String)
{
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // A file and no pipe: a full pipe would stop the program, and reading one would block a thread of the test's pool.
    let log = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: log) }
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8))
}

private func expectAllScenariosPass(_ result: (status: Int32, output: String)) throws {
    let names = try JSONDecoder().decode([Scenario].self, from: Data(contentsOf: scenarios)).map(\.name)
    #expect(!names.isEmpty)
    for name in names { #expect(result.output.contains("ok \(name)\n"), "\(result.output)") }
    #expect(!result.output.contains("not ok"), "\(result.output)")
    #expect(result.status == 0)
}

@Suite("Conformance", .timeLimit(.minutes(2)))
struct ConformanceTests {
    @Test(
        "a Go program on nhooyr.io/websocket passes",
        .enabled(if: Tools.haveGo, "needs golang-nhooyr-websocket-dev: Scripts/install-test-tools.sh"))
    func go() async throws {
        let program = FileManager.default.temporaryDirectory.appending(
            path: "conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: program) }
        let build = try await run(
            Tools.go,
            ["build", "-o", program.path, folder.appending(path: "go/conformance.go").path],
            environment: ["GO111MODULE": "off", "GOPATH": Tools.goPath])
        try #require(build.status == 0, "\(build.output)")
        try await withService { service in
            let result = try await run(program, ["ws://127.0.0.1:\(service.port)", scenarios.path])
            try expectAllScenariosPass(result)
        }
    }

    @Test(
        "a Python program on websockets passes",
        .enabled(if: Tools.havePython, "needs .build-tools/venv: Scripts/install-test-tools.sh"))
    func python() async throws {
        try await withService { service in
            let result = try await run(
                Tools.python,
                [
                    folder.appending(path: "conformance.py").path, "ws://127.0.0.1:\(service.port)",
                    scenarios.path,
                ])
            try expectAllScenariosPass(result)
        }
    }

    @Test("our own client passes")
    func swift() async throws {
        let table = try JSONDecoder().decode([Scenario].self, from: Data(contentsOf: scenarios))
        try #require(!table.isEmpty)
        try await withService { service in
            for (number, scenario) in table.enumerated() {
                let players = [
                    ScenarioPlayer(port: service.port, prefix: "\(number):"),
                    ScenarioPlayer(port: service.port, prefix: "\(number):"),
                ]
                for step in scenario.steps {
                    try await players[step.client].play(step, of: scenario.name)
                }
                for player in players { await player.close() }
            }
        }
    }
}
