// Journal, summary and archive on a real disk.

import Execution
import Foundation
import InstanceContract
import TestgroundModel
import Testing

@testable import RunResults

/// A directory that goes when the test ends.
private final class TemporaryDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "run-results-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("The record of a run")
struct RecorderTests {
    private let directory: TemporaryDirectory
    private let outputs: OutputsDirectory
    private let context: TaskContext

    private let program = ProgramDescription(version: "1.2.3", operatingSystem: "Linux", processors: 2)

    init() throws {
        directory = try TemporaryDirectory()
        outputs = OutputsDirectory(path: directory.path)
        let plan = RunPlan(
            id: "default", plan: "a/b", testCase: "ping", runner: "local:exec", totalInstances: 1,
            groups: [RunGroupPlan(id: "all", instances: 1, artifact: .build(key: "k"), builder: "exec:swift")]
        )
        context = TaskContext(
            id: "run1", kind: .run, directory: "\(directory.path)/local_exec/a/b/run1", run: plan,
            seed: UInt64.max, revision: SourceRevision(), composition: "[global]\n", startedAt: 1_000_000_000)
    }

    private func recorder() -> FileRecorder {
        FileRecorder(program: program, now: { 1_500_000_000 })
    }

    private func conclusion(_ instances: [InstanceRecord]) -> TaskConclusion {
        let run = RunRecord(
            runID: "run1", startedAtUnixNanoseconds: 1_000_000_000, duration: 2.5, phases: [],
            instances: instances)
        let task = TaskRecord(
            id: "run1", kind: .run, plan: "a/b", testCase: "ping", runner: "local:exec", states: [],
            result: TaskResult(outcome: run.outcome, outcomes: ["all": GroupTally(ok: 1, total: 1)]))
        return TaskConclusion(
            task: task, run: run, builds: ["k": BuildResult(artifact: .executable(path: "/bin/plan"))],
            duration: 2.5)
    }

    @Test("what the journal was told is read back equal and in order")
    func journalRoundTrip() throws {
        let instance = InstanceReference(group: "all", index: 3)
        let events: [ProgressEvent] = [
            .note("hello\nworld"),
            .warning(
                Diagnostic(.warning, at: .init(file: "c.toml", line: 3, column: 7), "odd", remedy: "mend it")),
            .buildStarted(key: "k", builder: "exec:swift", groups: ["all"]),
            .buildOutput(key: "k", line: "compiling \u{1F600}"),
            .buildFinished(
                key: "k",
                result: BuildResult(artifact: .image("img"), dependencies: ["m": "v1"], cached: true),
                seconds: 1.5),
            .phase(.networkInitialised, count: 1, total: 2),
            .instanceEvent(
                instance,
                EventLine(
                    timestamp: 42, groupID: "all", runID: "run1",
                    event: .crash(group: "all", error: "boom", stacktrace: "a\nb"))),
            .instanceEnded(
                InstanceRecord(
                    instance: instance, outcome: .crash, reason: "killed by SIGSEGV", exit: .signal(11),
                    processID: 99, startedAt: 0.5, endedAt: 1.5, openStages: ["x"], lastMessage: "m",
                    resources: ResourceUse(userSeconds: 1, systemSeconds: 2, maximumResidentBytes: 3))),
        ]
        let journal = try recorder().begin(context)
        for event in events { journal.report(event) }
        try journal.finish(conclusion([]))

        let entries = try OutputsDirectory.journal(in: context.directory)
        #expect(entries.map(\.at) == Array(repeating: 0.5, count: events.count))
        #expect(entries.map { "\($0.event)" } == events.map { "\($0)" })
    }

    @Test("plain output is left to the instance's own files")
    func noOutputInJournal() throws {
        let journal = try recorder().begin(context)
        journal.report(.instanceOutput(InstanceReference(group: "all", index: 0), line: "x", isError: false))
        try journal.finish(conclusion([]))
        #expect(try OutputsDirectory.journal(in: context.directory).isEmpty)
    }

    @Test("a last line that a killed program left half-written does not spoil the journal")
    func cutJournal() throws {
        let journal = try recorder().begin(context)
        journal.report(.note("whole"))
        let file = "\(context.directory)/\(FileRecorder.journalName)"
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"at":1,"kind":"no"#.utf8))
        try handle.close()
        let entries = try OutputsDirectory.journal(in: context.directory)
        #expect(entries.map { "\($0.event)" } == ["\(ProgressEvent.note("whole"))"])
    }

    @Test("the summary holds every instance, the whole seed, artifacts and outcome")
    func summary() throws {
        let record = InstanceRecord(
            instance: InstanceReference(group: "all", index: 0), outcome: .success, exit: .status(0))
        try recorder().begin(context).finish(conclusion([record]))
        let summary = try OutputsDirectory.summary(in: context.directory)
        #expect(summary.outcome == .success)
        #expect(summary.seed == "18446744073709551615")
        #expect(summary.startedAt == "1970-01-01T00:00:01.000Z")
        #expect(summary.instances == [record])
        #expect(summary.groups.map(\.artifact) == ["/bin/plan"])
        #expect(summary.groups.map(\.ok) == [1])
        #expect(summary.program == program)
    }

    @Test("a second task may not write over a first one's record")
    func noOverwriting() throws {
        _ = try recorder().begin(context)
        let error = #expect(throws: ExecutionError.self) { _ = try recorder().begin(context) }
        #expect(error?.code == .storage)
    }

    @Test("a run is found below runner and plan, also when the plan's name has slashes")
    func lookup() throws {
        _ = try recorder().begin(context)
        #expect(outputs.directory(ofRun: "run1") == context.directory)
        #expect(outputs.directory(ofRun: "run1", runner: "local:exec") == context.directory)
        #expect(outputs.directory(ofRun: "run1", runner: "local:docker") == nil)
        #expect(outputs.directory(ofRun: "run2") == nil)
        #expect(outputs.directory(ofRun: "../run1") == nil)
    }

    @Test("collect packs entries named <run>/<group>/<n>/…, with links kept as links")
    func collect() throws {
        _ = try recorder().begin(context)
        let instance = "\(context.directory)/all/0"
        try FileManager.default.createDirectory(atPath: "\(instance)/deep", withIntermediateDirectories: true)
        try Data("hello".utf8).write(to: URL(filePath: "\(instance)/run.out"))
        try Data(count: 3_000_000).write(to: URL(filePath: "\(instance)/deep/big"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(instance)/link", withDestinationPath: "/etc/passwd")
        let archive = "\(directory.path)/run1.tgz"
        try outputs.collect(run: "run1", into: archive)

        // tar(1) is the judge: an archive only we can read would be worth nothing.
        let listing = try run("/bin/tar", ["-tvzf", archive])
        let names = listing.split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true).last.map(String.init)
                ?? ""
        }
        #expect(
            Set(names).isSuperset(of: [
                "run1/all/0/run.out", "run1/all/0/deep/big", "run1/all/0/link -> /etc/passwd",
            ]))
        #expect(names.allSatisfy { $0.hasPrefix("run1/") || $0 == "run1" })
        #expect(try run("/bin/tar", ["-xOzf", archive, "run1/all/0/run.out"]) == "hello")

        let error = #expect(throws: ExecutionError.self) { try outputs.collect(run: "run1", into: archive) }
        #expect(error?.message.contains("File exists") == true)
    }

    @Test("collecting an unknown run names it and leaves no file")
    func collectUnknown() {
        let archive = "\(directory.path)/none.tgz"
        let error = #expect(throws: ExecutionError.self) { try outputs.collect(run: "none", into: archive) }
        #expect(error?.code == .notFound && error?.message.contains("none") == true)
        #expect(!FileManager.default.fileExists(atPath: archive))
    }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
