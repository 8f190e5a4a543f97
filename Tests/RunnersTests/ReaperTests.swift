// What a kill -9 leaves is found and ended at the next start; and the healthchecks that tell of it.

import Execution
import Foundation
import LinuxSystem
import Testing

@testable import Runners

@Suite("What earlier runs left", .timeLimit(.minutes(2)))
struct ReaperTests {
    private let bench: RunnerBench

    init() throws { bench = try RunnerBench() }

    /// A stand-in for a program that was killed while it carried a run out: a shell with children, their
    /// ledger, and a temporary directory.
    private func killedProgram(run: String = "old") async throws -> [ProcessEntry] {
        let outputs = bench.outputs(run)
        let owner = try ownerWithChildren(outputs)
        let poller = try Poller()
        try poller.add(owner.child.descriptor, token: 1)
        let entry = try #require(ProcessTable.entry(owner.child.processID))
        let ledger = try RunLedger.begin(
            RunLedger.Header(
                runID: run,
                owner: TaskOwner(
                    processID: entry.processID, startTime: entry.startTime, bootID: ProcessTable.bootID()),
                outputsDirectory: outputs, temporaryDirectory: "\(bench.folder)/testground-\(run)"),
            workDirectory: bench.workDirectory)
        try Directories.make("\(bench.folder)/testground-\(run)/g/0")
        let children = owner.children.compactMap(ProcessTable.entry)
        #expect(children.count == 3)
        // Only the first is known from the ledger; the others by what they inherited.
        try ledger.note(try #require(children.first))

        owner.child.send(.kill)
        #expect(poller.wait(until: SystemClock.monotonic() + 30_000_000_000) == [1])
        #expect(try owner.child.waitWithoutBlocking()?.cause == .signal(SIGKILL))
        #expect(children.allSatisfy { ProcessTable.entry($0.processID)?.startTime == $0.startTime })
        return children
    }

    private func ownerWithChildren(_ outputs: String) throws -> (child: ChildProcess, children: [Int32]) {
        let output = try OwnedDescriptor.pipe()
        let nothing = try OwnedDescriptor.nothing()
        let child = try ChildProcess.start(
            ProcessLaunch(
                path: "/bin/sh",
                arguments: [
                    "-c",
                    """
                    export TEST_OUTPUTS_PATH=\(outputs)/g/0
                    setsid sleep 1000 & echo $!
                    trap '' TERM; sleep 1000 & echo $!
                    setsid sleep 1000 & echo $!
                    echo all; wait
                    """,
                ], environment: ["PATH": "/usr/bin:/bin"], deathSignal: nil), input: nothing,
            output: output.writing, error: nothing)
        let poller = try Poller()
        try poller.add(output.reading, token: 1)
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 1024)
        while !text.contains("all") {
            #expect(poller.wait(until: SystemClock.monotonic() + 30_000_000_000) == [1])
            guard case .bytes(let count) = try output.reading.read(into: &buffer) else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return (child, text.split(separator: "\n").compactMap { Int32($0) })
    }

    @Test("the next run ends the processes of a killed program, and says so")
    func nextRun() async throws {
        let left = try await killedProgram()
        let record = try await bench.run("success")
        #expect(record.outcome == .success)
        #expect(left.allSatisfy { ProcessTable.entry($0.processID)?.isZombie ?? true })
        #expect(bench.sink.notes.contains { $0.contains("ended 3 processes that old left") })
        bench.expectNothingLeft()
    }

    @Test("healthcheck tells of them, and its fix ends them")
    func healthcheck() async throws {
        let left = try await killedProgram()
        let check = LeftoversCheck(workDirectory: bench.workDirectory)
        #expect(try await check.check()?.contains("old left 3 processes") == true)
        #expect(try await check.fix()?.contains("ended 3 processes of old") == true)
        #expect(try await check.check() == nil)
        #expect(left.allSatisfy { ProcessTable.entry($0.processID)?.isZombie ?? true })
        bench.expectNothingLeft()
    }

    @Test("a run whose program lives is left alone by the next start, and ended by terminate as canceled")
    func terminate() async throws {
        let request = bench.request(
            try bench.script("echo up; while :; do sleep 1000 & wait; done"), instances: 3)
        async let record = bench.runner.run(request, progress: bench.sink)
        await bench.sink.wait(for: "up", count: 3)
        #expect(Reaper.reap(workDirectory: bench.workDirectory, .abandoned) == ReapResult())
        let count = try await bench.runner.terminateAll(
            workDirectory: bench.workDirectory, progress: bench.sink)
        // Cancelling has begun by the time they are counted.
        #expect(count <= 3)
        #expect(try await record.outcome == .canceled)
        bench.expectNothingLeft()
    }

    @Test("a ledger of another boot names no process: its ids are not touched")
    func otherBoot() throws {
        let own = try #require(ProcessTable.entry(ProcessTable.ownID))
        let ledger = try RunLedger.begin(
            RunLedger.Header(
                runID: "old", owner: TaskOwner(processID: 1, startTime: 1, bootID: "another"),
                outputsDirectory: bench.outputs("old"), temporaryDirectory: "\(bench.folder)/testground-old"),
            workDirectory: bench.workDirectory)
        try ledger.note(own)
        let result = Reaper.reap(workDirectory: bench.workDirectory, .abandoned)
        #expect(result.runs == ["old"] && result.processes == 0)
        bench.expectNothingLeft()
    }

    @Test("a ledger that was cut while it was written is read as far as it goes, or dropped")
    func cutLedger() throws {
        let header = RunLedger.Header(
            runID: "cut", owner: TaskOwner(processID: 1, startTime: 1, bootID: ProcessTable.bootID()),
            outputsDirectory: "/o", temporaryDirectory: "/t")
        #expect(RunLedger.Header(line: header.line[...]) == header)
        try Directories.make("\(bench.workDirectory)/runs")
        _ = try bench.file(
            header.line + "\n{\"pid\":7,\"start\":9}\n{\"pid\":8,\"st", named: "work/runs/a.jsonl")
        _ = try bench.file("{\"run\":\"x", named: "work/runs/b.jsonl")
        let (found, unreadable) = RunLedger.all(bench.workDirectory)
        #expect(found.map(\.header) == [header] && found.map(\.processes) == [[7: 9]])
        #expect(unreadable.map { $0.hasSuffix("b.jsonl") } == [true])
    }
}

@Suite("Healthchecks of local:exec")
struct LocalExecHealthcheckTests {
    private let bench: RunnerBench

    init() throws { bench = try RunnerBench() }

    private func checks(instances: Int) -> [any Healthcheck] {
        bench.runner.healthcheck(
            HealthcheckContext(
                workDirectory: bench.workDirectory, outputsDirectory: "\(bench.folder)/outputs",
                instances: instances, environment: [:]))
    }

    @Test("missing directories are told, made, and then work")
    func directories() async throws {
        for check in checks(instances: 1).prefix(2) {
            #expect(try await check.check()?.contains("does not exist") == true)
            #expect(try await check.fix()?.hasPrefix("made ") == true)
            #expect(try await check.check() == nil)
            #expect(try await check.fix() == nil)
        }
    }

    @Test("a few instances fit this machine, more than any machine holds do not, with the figures")
    func sizes() async throws {
        try Directories.make("\(bench.folder)/outputs")
        for check in checks(instances: 1).dropFirst(2) {
            #expect(try await check.check() == nil, "\(check.name)")
        }
        var failing: [String] = []
        for check in checks(instances: 100_000_000) where try await check.check() != nil {
            failing.append(check.name)
        }
        #expect(failing == ["work-directory", "open-files", "processes", "disk-space", "memory"])
    }
}
