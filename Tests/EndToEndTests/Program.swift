// The built program, used as a person uses it: in a home of its own, by its command line, judged by what it prints, its exit
// status and what it leaves on disk and among the processes.

import Foundation
import Testing

/// What one call of the program came to.
struct ProgramResult {
    /// The exit status, or minus the signal that ended it.
    var status: Int32
    var output: String
    var errors: String

    /// Everything a person saw.
    var text: String { output + errors }
}

/// A home directory with plans, gone when the test ends, and the program to use it with.
final class Workbench: @unchecked Sendable {
    let home: String
    private let isKept: Bool

    /// Where temporary files go, without the slash at its end that Foundation gives it.
    static let temporary = URL(filePath: NSTemporaryDirectory()).standardized.path(percentEncoded: false)
        .trimmingSuffix("/")

    /// Repository's root.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false)

    /// The program under test: built beside this test bundle.
    static let program: String = {
        if let path = ProcessInfo.processInfo.environment["TESTGROUND_PROGRAM"] { return path }
        let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
        let folder = bundle.map { URL(filePath: $0).deletingLastPathComponent().path(percentEncoded: false) }
        return (folder ?? "\(repository).build/debug/") + "testground"
    }()

    /// - Parameter isKept: whether the home stays when the test ends.
    init(home: String? = nil, isKept: Bool = false) throws {
        let path = home ?? "\(Self.temporary)/testground-e2e-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: "\(path)/plans", withIntermediateDirectories: true)
        self.home = path
        self.isKept = isKept
    }

    deinit {
        if !isKept { try? FileManager.default.removeItem(atPath: home) }
    }

    var outputs: String { "\(home)/data/outputs" }

    /// Writes a plan of one shell script, built by `exec:generic`.
    ///
    /// The script finds functions `event`, `success`, `failure` and `message` that speak the contract by hand.
    func plan(
        _ name: String, cases: [String] = ["main"],
        instances: String = "{ min = 1, max = 1000, default = 1 }",
        parameters: String = "", build: String? = nil, script: String
    ) throws {
        let directory = "\(home)/plans/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let testCases = cases.map {
            "[[testcases]]\nname = \"\($0)\"\ninstances = \(instances)\n\(parameters)\n"
        }
        let buildLine = build.map { "build = '\($0)'\n" } ?? ""
        try write(
            """
            name = "\(name)"
            [defaults]
            builder = "exec:generic"
            runner = "local:exec"
            [builders."exec:generic"]
            enabled = true
            \(buildLine)artifact = "plan.sh"
            [runners."local:exec"]
            enabled = true
            \(testCases.joined(separator: "\n"))
            """, to: "\(directory)/manifest.toml")
        try write(Self.prelude + script, to: "\(directory)/plan.sh")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(directory)/plan.sh")
    }

    private static let prelude = #"""
        #!/bin/sh
        event() {
            printf '{"ts":%s,"msg":"","group_id":"%s","run_id":"%s","event":{%s}}\n' \
                "$(date +%s%N)" "$TEST_GROUP_ID" "$TEST_RUN" "$1"
        }
        message() { event "\"message_event\":{\"message\":\"$1\"}"; }
        success() { event "\"success_event\":{\"group\":\"$TEST_GROUP_ID\"}"; }
        failure() { event "\"failure_event\":{\"group\":\"$TEST_GROUP_ID\",\"error\":\"$1\"}"; }

        """#

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    /// Starts the program; the caller waits for it with `finish`.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProgram {
        try RunningProgram(
            Self.program, arguments,
            environment: ProcessInfo.processInfo.environment.merging(["TESTGROUND_HOME": home]) { $1 }
                .merging(environment) { $1 }, directory: home)
    }

    /// Calls the program and waits for its end.
    @discardableResult
    func call(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramResult {
        try await start(arguments, environment: environment).finish()
    }

    /// Directories of all runs of a plan.
    func runs(of plan: String) -> [String] {
        let folder = "\(outputs)/local_exec/\(plan)"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            .map { "\(folder)/\($0)" }
    }

    /// `summary.json` of the plan's newest run.
    private func summary(of plan: String) throws -> [String: Any] {
        let run = try #require(runs(of: plan).last, "no outputs of \(plan)")
        let data = try Data(contentsOf: URL(filePath: "\(run)/summary.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// Outcomes of the plan's only run, by instance (`group/index`).
    func outcomes(of plan: String) throws -> [String: String] {
        #expect(runs(of: plan).count == 1)
        return try newestOutcomes(of: plan)
    }

    /// Outcomes of the plan's newest run, by instance (`group/index`). Run ids order by time.
    func newestOutcomes(of plan: String) throws -> [String: String] {
        let instances = try #require(try summary(of: plan)["instances"] as? [[String: Any]])
        return Dictionary(
            uniqueKeysWithValues: try instances.map { instance in
                let group = try #require(instance["group"] as? String)
                let index = try #require(instance["index"] as? Int)
                return ("\(group)/\(index)", try #require(instance["outcome"] as? String))
            })
    }
}

/// A program that has been started.
final class RunningProgram: @unchecked Sendable {
    let process = Process()
    private let folder: String
    private let ended: AsyncStream<Void>

    var pid: Int32 { process.processIdentifier }

    init(_ program: String, _ arguments: [String], environment: [String: String], directory: String) throws {
        // Files, not pipes: a full pipe nobody reads would block the program.
        folder = "\(Workbench.temporary)/testground-call-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["out", "err"] { try Data().write(to: URL(filePath: "\(folder)/\(name)")) }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: "\(folder)/out"))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: "\(folder)/err"))
        process.terminationHandler = { _ in end.finish() }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(pid, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What it has printed so far.
    var output: String { text("out") }

    private func text(_ name: String) -> String {
        (try? Data(contentsOf: URL(filePath: "\(folder)/\(name)"))).map {
            String(decoding: $0, as: UTF8.self)
        } ?? ""
    }

    /// Waits for its end.
    func finish() async -> ProgramResult {
        for await _ in ended {}
        process.waitUntilExit()
        let status = process.terminationStatus
        return ProgramResult(
            status: process.terminationReason == .uncaughtSignal ? -status : status, output: text("out"),
            errors: text("err"))
    }
}

/// Waits until the condition holds, looking every few milliseconds; fails the test after the limit.
func eventually(
    within limit: Duration = .seconds(30), _ what: Comment, _ condition: () throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(try condition()) {
        guard clock.now < deadline else {
            Issue.record(what)
            return
        }
        try await clock.sleep(for: .milliseconds(20))
    }
}

/// Ids of live processes whose command line or environment holds the text.
func processes(mentioning text: String) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap(Int32.init).filter { pid in
        guard pid != getpid() else { return false }
        return ["cmdline", "environ"].contains { file in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") else {
                return false
            }
            return data.range(of: Data(text.utf8)) != nil
        }
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
