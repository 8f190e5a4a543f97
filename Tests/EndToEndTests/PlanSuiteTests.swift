// The plans of this repository, built and run by the program as their users do.

import Foundation
import Testing

@Suite("The plans", .serialized, .timeLimit(.minutes(20)))
struct PlanSuiteTests {
    private let bench: Workbench

    init() throws { bench = try Workbench(home: Self.home, isKept: true) }

    /// One home for all, so that each plan is built once. Below the build folder: what is built stays for the next time.
    private static let home = "\(Workbench.repository).build/plan-suite"

    private func run(
        _ plan: String, _ testCase: String, instances: Int, _ more: String...
    ) async throws -> ProgramResult { try await run(plan, testCase, instances: instances, more) }

    private func run(
        _ plan: String, _ testCase: String, instances: Int, _ more: [String]
    ) async throws -> ProgramResult {
        try await bench.start(
            [
                "run", "single", "--plan", "\(Workbench.repository)Plans/\(plan)", "--testcase", testCase,
                "--instances", "\(instances)",
            ] + more
        ).finish()
    }

    @Test("200 instances of placebo succeed, and an unchanged plan is not built again")
    func placebo() async throws {
        let first = try await run("placebo", "ok", instances: 200)
        #expect(first.status == 0, "\(first.text.suffix(3_000))")
        #expect(try bench.newestOutcomes(of: "placebo").values.filter { $0 == "success" }.count == 200)
        let second = try await run("placebo", "ok", instances: 1, "--json")
        #expect(second.status == 0)
        #expect(second.output.contains("\"cached\":true"), "\(second.text.suffix(2_000))")
    }

    @Test("one of 200 placebo instances killed from outside fails the run and is named")
    func killedInstance() async throws {
        let program = try bench.start([
            "run", "single", "--plan", "\(Workbench.repository)Plans/placebo", "--testcase", "stall",
            "--instances",
            "200", "--timeout", "60s",
        ])
        var run = ""
        try await eventually(within: .seconds(120), "every instance stalls") {
            run = bench.runs(of: "placebo").last ?? ""
            return (0..<200).allSatisfy { index in
                let text = try? String(contentsOfFile: "\(run)/single/\(index)/run.out", encoding: .utf8)
                return text?.contains("now stalling") == true
            }
        }
        let victim = try #require(processes(mentioning: "\(run)/single/117").first)
        kill(victim, SIGKILL)
        try await eventually("the victim's end is told") { processes(mentioning: "\(run)/single/117") == [] }
        kill(program.pid, SIGINT)
        let result = await program.finish()
        #expect(result.status == 130, "\(result.text.suffix(2_000))")
        let outcomes = try bench.newestOutcomes(of: "placebo")
        #expect(outcomes["single/117"] == "crash")
        #expect(outcomes.values.filter { $0 == "canceled" }.count == 199)
        #expect(result.text.contains("single[117]") && result.text.contains("SIGKILL"))
        #expect(processes(mentioning: run) == [])
    }

    @Test(
        "stall ends at the time limit and names the stalled; abort fails and panic crashes, each with its reason"
    )
    func failures() async throws {
        let stall = try await run("placebo", "stall", instances: 2, "--timeout", "3s")
        #expect(stall.status == 1)
        #expect(try bench.newestOutcomes(of: "placebo") == ["single/0": "timeout", "single/1": "timeout"])
        #expect(stall.text.contains("single[1]") && stall.text.contains("now stalling"), "\(stall.text)")

        let abort = try await run("placebo", "abort", instances: 1)
        #expect(abort.status == 1 && abort.text.contains("this is an intentional failure"))
        #expect(try bench.newestOutcomes(of: "placebo") == ["single/0": "failure"])

        let panic = try await run("placebo", "panic", instances: 1)
        #expect(panic.status == 1 && panic.text.contains("this is an intentional panic"), "\(panic.text)")
        #expect(try bench.newestOutcomes(of: "placebo") == ["single/0": "crash"])
    }

    @Test(
        "example's cases succeed, and its failure fails",
        arguments: [
            ("output", 0), ("failure", 1), ("params", 0), ("sync", 0), ("metrics", 0), ("artifact", 0),
        ])
    func example(testCase: String, status: Int32) async throws {
        let result = try await run("example", testCase, instances: testCase == "sync" ? 5 : 1)
        #expect(result.status == status, "\(result.text.suffix(3_000))")
    }

    @Test("a barrier whose member has died fails at once and names it")
    func lostMember() async throws {
        try bench.plan(
            "quitter", cases: ["gossip"],
            parameters: "[testcases.params]\npayload_size = { type = \"int\", default = 64 }\n",
            script: """
                case "$TEST_OUTPUTS_PATH" in */1) exit 7;; esac
                exec python3 "\(Workbench.repository)Plans/python/plan.py"
                """)
        let result = try await bench.call("run", "single", "-p", "quitter", "-t", "gossip", "-i", "3")
        #expect(result.status == 1)
        #expect(
            result.text.contains("barrier \"ready\": 1 of 3 can no longer arrive: single[1] exited 7"),
            "\(result.text)")
    }

    @Test("benchmarks: barrier and subtree arrive, at every size")
    func benchmarks() async throws {
        let barrier = try await run(
            "benchmarks", "barrier", instances: 20, "--tp", "barrier_iterations=2")
        #expect(barrier.status == 0, "\(barrier.text.suffix(3_000))")
        let subtree = try await run(
            "benchmarks", "subtree", instances: 4, "--tp", "subtree_iterations=50")
        #expect(subtree.status == 0, "\(subtree.text.suffix(3_000))")
        let startup = try await run("benchmarks", "startup", instances: 3)
        #expect(startup.status == 0, "\(startup.text.suffix(3_000))")
    }

    /// Whether instances get networks of their own here.
    private static let hasNetworks = geteuid() == 0 && access("/dev/net/tun", W_OK) == 0
    private static let needs: Comment =
        "needs root and /dev/net/tun (run the tests with sudo; modprobe tun): no network was shaped"

    @Test("the network is the one that was asked for", .enabled(if: hasNetworks, needs))
    func pingPong() async throws {
        let result = try await run("network", "ping-pong", instances: 2)
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
        #expect(result.text.contains("ping RTT was 2"))
    }

    @Test("a composition lays a network of regions out", .enabled(if: hasNetworks, needs))
    func topology() async throws {
        let result = try await bench.call(
            "run", "composition", "-f", "\(Workbench.repository)Plans/network/compositions/regions.toml")
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
        #expect(result.text.contains("eu to us: 8"), "\(result.text.suffix(3_000))")
    }

    @Test("captures are read by tshark, every packet with its fate", .enabled(if: hasNetworks, needs))
    func captures() async throws {
        let result = try await run(
            "splitbrain", "reject", instances: 3, "--run-cfg", "pcap=single[0],single[1]")
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
        let outputs = try #require(bench.runs(of: "splitbrain").last)
        #expect(!FileManager.default.fileExists(atPath: "\(outputs)/single/2/data0.pcapng"))
        var comments: [String] = []
        for instance in 0...1 {
            let tshark = try RunningProgram(
                "/usr/bin/tshark",
                [
                    "-r", "\(outputs)/single/\(instance)/data0.pcapng", "-o", "ip.check_checksum:TRUE", "-o",
                    "tcp.check_checksum:TRUE", "-T", "fields", "-e", "tcp.checksum.status", "-e",
                    "frame.comment",
                ], environment: ["HOME": bench.home, "PATH": "/usr/bin:/bin"], directory: outputs)
            let answer = await tshark.finish()
            #expect(answer.status == 0, "\(answer.text)")
            for line in answer.output.split(separator: "\n") {
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                // 1 is good.
                #expect(fields.first == "1", "\(line)")
                comments.append(String(fields.last ?? ""))
            }
        }
        #expect(comments.contains("filtered: rejected, the sender is told"), "\(comments)")
        #expect(comments.contains("delivered at once") && comments.contains { $0.hasPrefix("arrived") })
    }

    @Test(
        "rules cut regions off from each other, and traffic takes the data network alone",
        .enabled(if: hasNetworks, needs),
        arguments: [
            ("splitbrain", "accept", "region c: connected"), ("splitbrain", "reject", "region a: refused"),
            ("splitbrain", "drop", "region b: givenUp"), ("verify", "uses-data-network", "65536 bytes"),
            ("verify", "control-is-private", "could be reached"),
        ])
    func networks(plan: String, testCase: String, message: String) async throws {
        let result = try await run(plan, testCase, instances: plan == "splitbrain" ? 6 : 2)
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
        #expect(result.text.contains(message), "\(result.text.suffix(3_000))")
    }

    @Test(
        "a network is there, changes, and stands a storm of connections", .enabled(if: hasNetworks, needs),
        arguments: ["netinit", "netlinkshape", "storm"])
    func networkBenchmarks(testCase: String) async throws {
        let parameters = testCase == "storm" ? ["--tp", "conn_delay_ms=500"] : []
        let result = try await run("benchmarks", testCase, instances: 10, parameters)
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
    }

    @Test(
        "plans in shell and Python, which speak the contract by hand, coordinate",
        arguments: ["shell", "python"])
    func byHand(plan: String) async throws {
        let result = try await run(plan, "sync", instances: 5)
        #expect(result.status == 0, "\(result.text.suffix(3_000))")
    }
}
