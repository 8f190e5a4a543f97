// A plan's directory and a builder's work directory on disk, gone when the test ends, and what builders say.

import Execution
import Foundation
import Synchronization
import TestgroundModel
import Testing

final class Workshop: Sendable {
    let root: String
    /// The plan's directory.
    var plan: String { "\(root)/plan" }
    var work: String { "\(root)/work" }

    init() throws {
        // Resolved, since tools report paths without symbolic links.
        let base = URL(filePath: NSTemporaryDirectory()).resolvingSymlinksInPath().path(percentEncoded: false)
        root = "\(base.hasSuffix("/") ? base : base + "/")testground-builders-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: plan, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// Writes a file of the plan.
    func write(_ text: String, to path: String, mode: Int = 0o644) throws {
        let url = URL(filePath: "\(plan)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(plan)/\(path)")
    }

    /// Every file of the plan's directory.
    var planFiles: [String] {
        (FileManager.default.enumerator(atPath: plan)?.compactMap { $0 as? String } ?? []).sorted()
    }

    func request(
        _ builder: String, key: String = "key", _ configuration: ConfigurationTable = [:],
        selectors: [String] = [], dependencies: [Dependency] = [], sdk: String? = nil, extra: [String] = [],
        path: String? = nil
    ) -> BuildRequest {
        var environment = ProcessInfo.processInfo.environment
        if let path { environment["PATH"] = path }
        environment["TESTGROUND_WORKSHOP"] = root
        return BuildRequest(
            build: BuildPlan(
                key: key, builder: builder, configuration: configuration, selectors: selectors,
                dependencies: dependencies, groups: ["g"]),
            sources: PlanSources(plan: "team/plan", directory: plan, sdk: sdk, extra: extra),
            workDirectory: work, environment: environment)
    }

    /// Ids of live processes that a tool of this workshop started.
    var processes: [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap(Int32.init).filter { pid in
            FileManager.default.contents(atPath: "/proc/\(pid)/environ")?
                .range(of: Data("TESTGROUND_WORKSHOP=\(root)".utf8)) != nil
        }
    }
}

/// Keeps what a builder says, and lets a test wait for it.
final class Listener: ProgressSink {
    private let heard = Mutex<(lines: [String], notes: [String])>(([], []))
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var lines: [String] { heard.withLock { $0.lines } }
    var notes: [String] { heard.withLock { $0.notes } }

    func report(_ event: ProgressEvent) {
        switch event {
        case .buildOutput(_, let line):
            heard.withLock { $0.lines.append(line) }
            continuation.yield(line)
        case .note(let note):
            heard.withLock { $0.notes.append(note) }
            continuation.yield(note)
        default: break
        }
    }

    /// Returns once something said contains the text. One caller at a time.
    func hear(_ text: String) async {
        for await said in stream where said.contains(text) { return }
    }
}

extension Builder {
    func build(_ request: BuildRequest) async throws -> BuildResult {
        try await build(request, progress: Listener())
    }

    /// The error with which a build ends.
    func failure(_ request: BuildRequest) async throws -> ExecutionError {
        do {
            let result = try await build(request)
            Issue.record("built \(result)")
        } catch let error as ExecutionError {
            return error
        }
        throw ExecutionError(.system, "no error")
    }
}

/// What a finished artifact prints.
func output(of artifact: Artifact) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: artifact.reference)
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

/// Waits until the condition holds; fails the test after ten seconds.
func eventually(_ what: Comment, _ condition: () -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(10)
    while !condition() {
        guard clock.now < deadline else {
            Issue.record(what)
            return
        }
        try await clock.sleep(for: .milliseconds(10))
    }
}
