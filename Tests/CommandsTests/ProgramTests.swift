// Exit statuses, messages and files of whole commands, against doubles.

import Execution
import Foundation
import InstanceContract
import TestgroundModel
import Testing

@testable import Commands

@Suite("commands")
struct ProgramTests {
    private let home: TemporaryHome
    private let console = TestConsole()

    init() throws { home = try TemporaryHome() }

    private func run(
        _ arguments: String..., store: any TaskStore = MemoryStore()
    ) async -> Commands.ExitStatus {
        let home = self.home.home
        return await CommandLineProgram.run(arguments, console: console.console) { console in
            Platform.double(console, home: home, store: store)
        }
    }

    @Test("help and version are results: exit 0, on standard output", arguments: ["--help", "version"])
    func results(argument: String) async {
        #expect(await run(argument) == .success)
        #expect(!console.output.text.isEmpty && console.errors.text.isEmpty)
    }

    @Test("wrong use exits with 2, one message on standard error and how to mend it")
    func wrongUse() async {
        #expect(await run("run", "single", "-p", "a", "--no-such-flag") == .usage)
        #expect(console.output.text.isEmpty)
        #expect(console.errors.text.hasPrefix("error: unknown option '--no-such-flag'"))
        #expect(
            console.errors.text.hasSuffix(
                "remedy: `testground run single --help` explains and shows examples\n"))
    }

    @Test("an endpoint is refused in plain words")
    func endpoint() async {
        #expect(await run("--endpoint", "http://localhost:8042", "tasks") == .usage)
        #expect(
            console.errors.text == """
                error: --endpoint http://localhost:8042: this version runs everything in process and asks no daemon
                remedy: leave --endpoint out; builds and runs happen on this machine

                """)
    }

    @Test("daemon and sidecar say what to do in their place", arguments: ["daemon", "sidecar"])
    func notOffered(command: String) async {
        #expect(await run(command, "--runner", "local:docker") == .usage)
        #expect(console.errors.text.contains("this version"))
    }

    @Test("unknown plans, tasks and runners name what was asked for")
    func unknown() async {
        #expect(await run("run", "single", "-p", "nowhere") == .usage)
        #expect(await run("status", "-t", "t1") == .usage)
        #expect(await run("terminate", "--runner", "local:nothing") == .usage)
        #expect(await run("collect", "r1") == .collectFailed)
        let text = console.errors.text
        for word in ["nowhere", "t1", "local:nothing", "r1"] { #expect(text.contains(word)) }
    }

    @Test("every template makes a plan that describe can read", arguments: PlanTemplate.allCases)
    func templates(template: PlanTemplate) async {
        #expect(
            await run("plan", "create", "--plan", "group/my-plan", "--target", template.rawValue) == .success)
        #expect(await run("describe", "--plan", "group/my-plan") == .success)
        #expect(console.output.text.contains("quickstart  1 to 1,000 instances, 2 by default"))
        #expect(console.errors.text.isEmpty)
    }

    @Test("plans are listed, imported, and removed only with --yes")
    func plans() async throws {
        try home.write("name = \"x\"\n[[testcases]]\nname = \"c\"\n", to: "elsewhere/x/manifest.toml")
        #expect(await run("plan", "import", "--from", "\(home.path)/elsewhere", "--name", "mine") == .success)
        #expect(await run("plan", "list", "--testcases") == .success)
        #expect(console.output.text.contains("mine/x  c\n"))
        #expect(await run("plan", "rm", "--plan", "mine") == .usage)
        #expect(await run("plan", "rm", "--plan", "mine", "--yes") == .success)
        #expect(FileManager.default.fileExists(atPath: "\(home.path)/elsewhere/x/manifest.toml"))
        #expect(await run("plan", "rm", "--plan", "../elsewhere", "--yes") == .usage)
        #expect(await run("plan", "create", "--plan", ".hidden") == .usage)
    }

    @Test("files that cannot be read are named with the system's reason, and one too large with its size")
    func files() async throws {
        #expect(await run("run", "composition", "-f", home.path) == .usage)
        #expect(console.errors.text.contains("cannot be read: is a directory"))
        try home.write(String(repeating: "#", count: 16_777_217), to: "large.toml")
        #expect(await run("run", "composition", "-f", "\(home.path)/large.toml") == .usage)
        #expect(console.errors.text.contains("has 16,777,217 bytes, more than 16,777,216"))
        #expect(await run("run", "single", "-p", "\(home.path)/large.toml", "-t", "c") == .usage)
        #expect(console.errors.text.contains("the plan's directory \(home.path)/large.toml cannot be read"))
    }

    @Test("an instance count is refused for what it is, and an unknown test case is the only mistake")
    func numbers() async throws {
        #expect(await run("run", "single", "-p", "a", "-i", "-1") == .usage)
        #expect(console.errors.text.hasPrefix("error: --instances must be at least 1"))
        #expect(await run("plan", "create", "--plan", "hello") == .success)
        #expect(await run("run", "single", "-p", "hello", "-t", "quikstart") == .usage)
        #expect(console.errors.text.contains("no test case \"quikstart\""))
        #expect(!console.errors.text.contains("number of instances"))
        #expect(await run("plan", "create", "--plan", "two words") == .usage)
        #expect(console.errors.text.contains("\"two words\" is no plan's name"))
    }

    @Test("tasks and their state are told from the store")
    func tasks() async {
        let task = TaskRecord(
            id: "t1", kind: .run, plan: "p", testCase: "c", runner: "local:exec",
            states: [
                DatedState(created: 1_000_000_000, state: .scheduled),
                DatedState(created: 3_500_000_000, state: .complete),
            ],
            result: TaskResult(outcome: .failure, outcomes: ["a": GroupTally(ok: 1, total: 2)]))
        let store = MemoryStore([task])
        #expect(await run("tasks", store: store) == .success)
        #expect(
            console.output.text == """
                ID  TYPE  PLAN  CASE  STATE     OUTCOME   OK     TOOK  CREATED
                t1  run   p     c     complete  failure  1/2  2.500 s  1970-01-01 00:00

                """)
        #expect(await run("status", "-t", "t1", store: store) == .success)
        #expect(console.output.text.contains("✗ FAILED  p/c · 1 of 2 instances ok · 2.500 s · run t1"))
    }

    @Test("result files are CSV as RFC 4180 has it")
    func resultFile() {
        let task = TaskRecord(
            id: "t1", kind: .run, plan: "p", testCase: "c", runner: "r", states: [],
            result: TaskResult(outcome: .failure), error: "no \"x\", no y\nat all")
        let good = TaskRecord(
            id: "t2", kind: .run, plan: "p", testCase: "c", runner: "r", states: [],
            result: TaskResult(outcome: .success))
        let text = ResultFile.text([
            RunResult(run: "small", task: task, fidelity: nil, outputs: nil),
            RunResult(run: "large", task: good, fidelity: nil, outputs: nil),
        ])
        #expect(
            text == """
                run_id,task_id,outcome,error
                small,t1,failure,"no ""x"", no y
                at all"
                large,t2,success,

                """)
    }

    @Test("artifacts are noted in a composition that stays valid, and never in a template")
    func artifacts() throws {
        let text = """
            [global]
            plan = "p"
            case = "c"
            [[groups]]
            id = "a"
            instances = { count = 1 }
            [[groups]]
            id = "b"
            instances = { count = 2 }
            """
        let noted = try ArtifactNotes.noted(["a": "/x/plan"], in: text, file: "c.toml")
        let composition = try Composition.parse(noted, file: "c.toml").value
        #expect(composition.groups.map(\.run.artifact) == ["/x/plan", ""])
        #expect(composition.groups.map(\.instances) == [.count(1), .count(2)])
        #expect(throws: CommandError.self) { try ArtifactNotes.check("{{ .Env.X }}", file: "c.toml") }
    }

    @Test("a verdict names who failed, why, and what they said last")
    func verdict() {
        let task = TaskRecord(
            id: "t1", kind: .run, plan: "p", testCase: "c", runner: "r", states: [],
            result: TaskResult(outcome: .failure, outcomes: ["a": GroupTally(ok: 1, total: 2)]))
        var verdict = Verdict(task: task, summary: nil, outputs: "/out/t1")
        let failed = InstanceReference(group: "a", index: 1)
        verdict.failures = [
            InstanceRecord(
                instance: failed, outcome: .timeout, reason: "killed at the limit", openStages: ["dial"],
                lastMessage: "dialling \u{1b}[2J")
        ]
        verdict.evidence = [failed: ["panic: x", "goroutine 1"]]
        verdict.seed = "7"
        #expect(
            verdict.text(style: .plain) == """

                ✗ FAILED  p/c · 1 of 2 instances ok · 0.000 s · run t1
                  a        1/2 ok

                  a[1]  timeout: killed at the limit
                      in stage | dial
                      last message | dialling \\x1b[2J
                      stderr | panic: x
                      stderr | goroutine 1

                  outputs  /out/t1
                  collect  testground collect t1
                  repeat   with --seed 7

                """)
    }
}
