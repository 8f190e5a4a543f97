// Processes: starting them with full control, hearing of their ends, finding them again.

import Foundation
import LinuxSystem
import Testing

@Suite("Processes", .timeLimit(.minutes(1)))
struct ProcessTests {
    /// Starts a shell command, waits for its end, and answers that and what it wrote to stdout.
    private func shell(
        _ command: String, _ change: (inout ProcessLaunch) -> Void = { _ in }
    ) throws -> (ProcessEnd, String) {
        var launch = ProcessLaunch(
            path: "/bin/sh", arguments: ["-c", command], environment: ["PATH": "/usr/bin:/bin"])
        change(&launch)
        let output = try OwnedDescriptor.pipe()
        let child = try ChildProcess.start(
            launch, input: OwnedDescriptor.nothing(), output: output.writing, error: output.writing)
        let end = try wait(for: child)
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard case .bytes(let count) = try output.reading.read(into: &buffer) else { return (end, "") }
        return (end, String(decoding: buffer[..<count], as: UTF8.self))
    }

    private func wait(for child: ChildProcess) throws -> ProcessEnd {
        let poller = try Poller()
        try poller.add(child.descriptor, token: 7)
        #expect(poller.wait(until: SystemClock.monotonic() + 30_000_000_000) == [7])
        return try #require(try child.waitWithoutBlocking())
    }

    @Test("a process gets its arguments, environment, directory, umask and standard streams")
    func launch() throws {
        let (end, text) = try shell("echo \"$GREETING $(pwd) $(umask) $0 $1\"; exit 3") {
            $0.arguments += ["zero", "one"]
            $0.environment["GREETING"] = "hello"
            $0.directory = "/tmp"
            $0.fileModeMask = 0o027
        }
        #expect(end.cause == .status(3))
        #expect(text == "hello /tmp 0027 zero one\n")
    }

    @Test("a process has a session of its own, default signals and no descriptor but its three")
    func clean() throws {
        // The shell tests for each descriptor itself: a pipe to another command would be one more.
        let (_, text) = try shell(
            """
            cut -d' ' -f1,5,6 /proc/$$/stat
            for number in 0 1 2 3 4 5 6 7 8 9 20 30 40 50; do
                [ -e /proc/$$/fd/$number ] && printf "$number "
            done
            """)
        let lines = text.split(separator: "\n")
        let ids = try #require(lines.first).split(separator: " ")
        #expect(Set(ids).count == 1, "process, group and session have one id: \(text)")
        #expect(lines.last == "0 1 2 ")
    }

    @Test("limits are set before the program runs")
    func limits() throws {
        let (_, text) = try shell("ulimit -n") {
            $0.limits = [.descriptors: ResourceLimit(soft: 77, hard: 78)]
        }
        #expect(text == "77\n")
    }

    @Test("what cannot be started says which call failed and why")
    func errors() throws {
        func failure(_ launch: ProcessLaunch) throws -> SystemError? {
            let nothing = try OwnedDescriptor.nothing()
            do throws(SystemError) {
                _ = try ChildProcess.start(launch, input: nothing, output: nothing, error: nothing)
                return nil
            } catch {
                return error
            }
        }
        #expect(
            try failure(ProcessLaunch(path: "/nowhere/program"))
                == SystemError(call: "execve", code: ENOENT, subject: "/nowhere/program"))
        #expect(
            try failure(ProcessLaunch(path: "/bin/sh", directory: "/nowhere"))
                == SystemError(call: "chdir", code: ENOENT, subject: "/nowhere"))
        #expect(try failure(ProcessLaunch(path: "/etc/passwd"))?.code == EACCES)
        let huge = ProcessLaunch(
            path: "/bin/sh", environment: ["HUGE": String(repeating: "x", count: 200_000)])
        #expect(try failure(huge)?.isArgumentListTooLong == true)
    }

    @Test("death by a signal is told from an exit status, with the resources used")
    func signals() throws {
        let (end, _) = try shell("kill -KILL $$")
        #expect(end.cause == .signal(SIGKILL))
        #expect(end.maximumResidentBytes > 0)
        #expect(ProcessSignal(SIGKILL).name == "SIGKILL")
        #expect(ProcessSignal(44).name == "signal 44")
    }

    @Test("a process dies when the thread that started it ends")
    func deathSignal() async throws {
        let child = try await NamedThread.run("short-lived") {
            let nothing = try OwnedDescriptor.nothing()
            return try ChildProcess.start(
                ProcessLaunch(path: "/bin/sleep", arguments: ["1000"]), input: nothing, output: nothing,
                error: nothing)
        }
        #expect(try wait(for: child).cause == .signal(SIGKILL))
    }

    @Test("an orphan comes to its subreaper and can be found, signalled and waited for")
    func orphans() throws {
        try ChildProcess.adoptOrphans()
        let (end, text) = try shell("setsid sleep 1000 >/dev/null 2>&1 & echo $!") {
            $0.environment["MARK"] = "orphan-test"
        }
        #expect(end.cause == .status(0))
        let processID = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        let entry = try #require(ProcessTable.entry(processID))
        #expect(entry.parentID == ProcessTable.ownID)
        #expect(ProcessTable.environment(processID)?["MARK"] == "orphan-test")
        #expect(!ChildProcess.isAwaited(processID))

        var another = entry
        another.startTime += 1
        #expect(!ProcessTable.send(.kill, to: another), "a reused id is not signalled")
        let child = try ChildProcess.adopt(processID)
        #expect(ProcessTable.send(.kill, to: entry))
        ProcessTable.waitForEnd(of: [entry], atMost: .seconds(30))
        #expect(ProcessTable.entry(processID)?.isZombie == true)
        #expect(try child.waitWithoutBlocking()?.cause == .signal(SIGKILL))
        #expect(ProcessTable.entry(processID) == nil)
    }

    @Test("a started child is awaited until its exit has been taken")
    func awaited() throws {
        let nothing = try OwnedDescriptor.nothing()
        let child = try ChildProcess.start(
            ProcessLaunch(path: "/bin/sleep", arguments: ["1000"]), input: nothing, output: nothing,
            error: nothing)
        #expect(ChildProcess.isAwaited(child.processID))
        #expect(try child.waitWithoutBlocking() == nil)
        child.sendToGroup(.kill)
        #expect(try wait(for: child).cause == .signal(SIGKILL))
        #expect(!ChildProcess.isAwaited(child.processID))
    }
}
