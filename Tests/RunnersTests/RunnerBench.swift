// What the tests of local:exec share: a folder, plans made of shell scripts, services that record, a sink
// that collects.

import Execution
import Foundation
import InstanceContract
import LinuxSystem
import Runners
import Synchronization
import TestgroundModel
import Testing

/// Services that do nothing but remember what they were told.
final class RecordingServices: InstanceServices {
    struct Log: Sendable {
        var registered: [InstanceReference] = []
        var listening: [InstanceReference] = []
        var signals: [String] = []
        var ended: [InstanceReference: String] = [:]
        var stopped = 0
    }

    private let told = Mutex(Log())
    var log: Log { told.withLock { $0 } }
    /// Instances that cannot be served.
    let broken: Set<InstanceReference>

    init(broken: Set<InstanceReference> = []) { self.broken = broken }

    func register(_ instances: [InstanceReference], in scope: RunScope) async throws {
        told.withLock { $0.registered += instances }
    }

    func listen(for instance: InstanceReference, in scope: RunScope) async throws -> ServiceAddress {
        if broken.contains(instance) { throw ExecutionError(.system, "no port is left") }
        told.withLock { $0.listening.append(instance) }
        return ServiceAddress(host: "127.0.0.1", port: UInt16(20_000 + instance.index))
    }

    func serve(_ socket: OwnedDescriptor, for instance: InstanceReference, in scope: RunScope) async throws {}

    func observe(
        _ topics: [String], in scope: RunScope, _ take: @Sendable (InstanceRequest) async -> Void
    ) async {}

    func signal(_ state: String, for instance: InstanceReference, in scope: RunScope) async {}

    func signal(_ state: String, in scope: RunScope) async { told.withLock { $0.signals.append(state) } }

    func ended(_ instance: InstanceReference, in scope: RunScope, _ notice: EndNotice) async {
        told.withLock { $0.ended[instance] = notice.how }
    }

    func stop(_ scope: RunScope) async { told.withLock { $0.stopped += 1 } }
}

/// Collects progress, and lets tests wait for it.
final class CollectingSink: ProgressSink {
    private let events = Mutex<[ProgressEvent]>([])
    private let lines: AsyncStream<String>.Continuation
    let stream: AsyncStream<String>

    init() { (stream, lines) = AsyncStream.makeStream(of: String.self) }

    func report(_ event: ProgressEvent) {
        events.withLock { $0.append(event) }
        if case .instanceOutput(let instance, let line, _) = event, line.utf8.count < 1000 {
            lines.yield("\(instance) \(line)")
        }
    }

    var all: [ProgressEvent] { events.withLock { $0 } }

    var outputs: [String] {
        all.compactMap { if case .instanceOutput(_, let line, _) = $0 { line } else { nil } }
    }

    var notes: [String] {
        all.compactMap {
            switch $0 {
            case .note(let text): text
            case .warning(let diagnostic): diagnostic.message
            default: nil
            }
        }
    }

    /// Waits until as many lines with that word have come.
    func wait(for word: String, count: Int = 1) async {
        var left = count
        for await line in stream where line.contains(word) {
            left -= 1
            if left == 0 { return }
        }
    }
}

/// A folder with a runner's directories, gone when the value goes away.
final class RunnerBench: Sendable {
    let folder: String
    let services: RecordingServices
    let sink = CollectingSink()
    let runner: LocalExecRunner

    init(broken: Set<InstanceReference> = []) throws {
        folder = "\(NSTemporaryDirectory())/testground-runner-\(UUID().uuidString)"
        try Directories.make(folder)
        services = RecordingServices(broken: broken)
        runner = LocalExecRunner { [services] in services }
    }

    deinit { Directories.removeTree(folder) }

    var workDirectory: String { "\(folder)/work" }

    func outputs(_ run: String) -> String { "\(folder)/outputs/plan/\(run)" }

    static let prelude = #"""
        #!/bin/sh
        event() { printf '{"ts":1,"msg":"","group_id":"%s","run_id":"%s","event":{%s}}\n' "$TEST_GROUP_ID" "$TEST_RUN" "$1"; }
        success() { event '"success_event":{"group":"'"$TEST_GROUP_ID"'"}'; }
        stage() { event '"stage_start_event":{"name":"'"$1"'","group":"'"$TEST_GROUP_ID"'"}'; }
        number=${TEST_OUTPUTS_PATH##*/}

        """#

    /// Writes a script that finds `event`, `success`, `stage` and `$number`.
    func script(_ body: String, named name: String = "plan.sh") throws -> String {
        try file(Self.prelude + body + "\n", named: name)
    }

    func file(_ text: String, named name: String, mode: Int = 0o755) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    func request(
        _ program: String, instances: Int = 1, run: String = "run1", parameters: [String: String] = [:],
        configuration: ConfigurationTable = [:], limit: Duration = .seconds(60),
        grace: Duration = .milliseconds(200), environment: [String: String] = ["PATH": "/usr/bin:/bin"]
    ) -> RunRequest {
        RunRequest(
            runID: run,
            plan: RunPlan(
                id: "default", plan: "net/plan", testCase: "main", runner: "local:exec",
                runnerConfiguration: configuration.merging(["isolation": .string("none")]) { given, _ in
                    given
                }, totalInstances: instances,
                groups: [
                    RunGroupPlan(
                        id: "g", instances: instances, parameters: parameters, artifact: .existing(program))
                ]), artifacts: ["g": .executable(path: program)], outputsDirectory: outputs(run),
            workDirectory: workDirectory, seed: 1, timeLimit: limit, grace: grace,
            environment: environment.merging(["TMPDIR": folder]) { $1 })
    }

    /// Runs a script's body in so many instances.
    func run(
        _ body: String, instances: Int = 1, limit: Duration = .seconds(60),
        parameters: [String: String] = [:], configuration: ConfigurationTable = [:]
    ) async throws -> RunRecord {
        try await runner.run(
            request(
                script(body), instances: instances, parameters: parameters, configuration: configuration,
                limit: limit), progress: sink)
    }

    func text(_ path: String, run: String = "run1") -> String? {
        try? String(contentsOfFile: "\(outputs(run))/g/\(path)", encoding: .utf8)
    }

    /// Processes of this bench that are still there.
    func leftovers() -> [Int32] {
        ProcessTable.entries().filter { entry in
            guard entry.processID != ProcessTable.ownID, !entry.isZombie else { return false }
            return ProcessTable.environment(entry.processID)?.values.contains { $0.hasPrefix(folder) }
                ?? false
        }
        .map(\.processID)
    }

    /// Whether nothing is left: no process, no ledger, no temporary directory.
    func expectNothingLeft(_ location: Testing.SourceLocation = #_sourceLocation) {
        #expect(leftovers() == [], sourceLocation: location)
        #expect(Directories.names(in: "\(workDirectory)/runs") == [], sourceLocation: location)
        let temporary = Directories.names(in: folder).filter { $0.hasPrefix("testground-") }
        #expect(temporary == [], sourceLocation: location)
    }
}
