// local:exec with real processes: plans are shell scripts that speak the contract by hand.

import Execution
import Foundation
import InstanceContract
import LinuxSystem
import Runners
import TestgroundModel
import Testing

@Suite("local:exec", .timeLimit(.minutes(2)))
struct LocalExecRunnerTests {
    private let bench: RunnerBench

    init() throws { bench = try RunnerBench() }

    private func instance(_ index: Int) -> InstanceReference { InstanceReference(group: "g", index: index) }

    @Test("200 instances succeed, every phase is counted, and nothing is left")
    func manyInstances() async throws {
        let record = try await bench.run("success", instances: 200)
        #expect(
            record.outcome == .success, "\(record.instances.first { $0.outcome != .success }?.reason ?? "")")
        #expect(record.instances.map(\.instance) == (0..<200).map(instance))
        #expect(record.phases.map(\.phase) == [.scheduled, .started, .networkInitialised, .finished])
        #expect(record.phases.allSatisfy { $0.count == 200 && $0.total == 200 })
        #expect(record.warnings.contains { $0.contains("host's network") })
        let log = bench.services.log
        #expect(log.registered.count == 200 && Set(log.listening).count == 200)
        #expect(log.stopped == 1)
        let first = try #require(record.instances.first)
        #expect(first.exit == .status(0) && first.resources != nil)
        #expect((first.startedAt ?? 1) <= (first.endedAt ?? 0))
        bench.expectNothingLeft()
    }

    @Test("an instance is told all of the contract, inherits PATH and nothing of another run")
    func environment() async throws {
        let program = try bench.script("env; pwd; cat; test -d \"$TEST_TEMP_PATH\" && echo temp; success")
        var request = bench.request(
            program, instances: 2, parameters: ["size": "7", "odd": "a|b"],
            configuration: ["log_level": .string("debug"), "influxdb_endpoint": .string("http://i:8086")],
            environment: [
                "PATH": "/usr/bin:/bin", "TEST_CASE": "other", "TEST_COMMIT": "x", "REDIS_HOST": "r",
            ])
        request.revision = SourceRevision(repo: "repo", branch: "main")
        request.plan.groups[0].profiles = ["cpu": "true"]
        let record = try await bench.runner.run(request, progress: bench.sink)
        #expect(record.outcome == .success)
        let lines = Set((bench.text("1/run.out") ?? "").split(separator: "\n").map(String.init))
        for line in [
            "TEST_PLAN=net-plan", "TEST_CASE=main", "TEST_RUN=run1", "TEST_INSTANCE_COUNT=2",
            "TEST_GROUP_ID=g", "TEST_GROUP_INSTANCE_COUNT=2", "TEST_SIDECAR=false",
            "TEST_SUBNET=127.1.0.0/16", "TEST_OUTPUTS_PATH=\(bench.outputs("run1"))/g/1",
            "SYNC_SERVICE_HOST=127.0.0.1", "SYNC_SERVICE_PORT=20001", "INFLUXDB_URL=http://i:8086",
            "LOG_LEVEL=debug", "TEST_REPO=repo", "TEST_BRANCH=main", "TEST_CAPTURE_PROFILES=cpu=true",
            "TEST_DISABLE_METRICS=false", "PATH=/usr/bin:/bin", "temp",
            #"TEST_INSTANCE_PARAMS_JSON={"odd":"a|b","size":"7"}"#, "TEST_INSTANCE_PARAMS=size=7",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.hasPrefix("TEST_COMMIT") })
        // There, though empty: the Rust SDK does not start without it.
        #expect(lines.contains("REDIS_HOST="))
        #expect(lines.contains("HOSTNAME=\(ThisProcess.hostName)"))
        #expect(lines.contains { $0.hasPrefix("TEST_START_TIME=20") })
        #expect(lines.contains { $0.hasSuffix("/outputs/plan/run1/g/1") && $0.hasPrefix("/") })
        bench.expectNothingLeft()
    }

    @Test("outcomes are per instance: one that fails among those that succeed is named with its reason")
    func outcomes() async throws {
        let record = try await bench.run(
            """
            case $number in
            0) success;;
            1) success; exit 3;;
            2) event '"failure_event":{"group":"g","error":"no peers"}';;
            3) event '"crash_event":{"group":"g","error":"nil","stacktrace":"x"}'; exit 2;;
            4) exit 0;;
            5) success; kill -SEGV $$;;
            6) printf '{"ts":1,"group_id":"g","run_id":"older","event":{"success_event":{"group":"g"}}}\\n';;
            esac
            """, instances: 7)
        #expect(
            record.instances.map(\.outcome) == [
                .success, .failure, .failure, .crash, .incomplete, .crash, .incomplete,
            ])
        #expect(record.outcome == .failure)
        #expect(record.instances[1].reason == "exit status 3 after reporting success")
        #expect(record.instances[5].reason == "killed by SIGSEGV after reporting success")
        let ended = bench.services.log.ended
        #expect(ended[instance(1)] == "exited 3" && ended[instance(5)] == "crashed")
        bench.expectNothingLeft()
    }

    @Test("one killed from outside fails the run and is named")
    func killedFromOutside() async throws {
        let request = bench.request(
            try bench.script("[ $number = 1 ] && { echo pid $$; exec sleep 1000; }; success"), instances: 3)
        async let record = bench.runner.run(request, progress: bench.sink)
        await bench.sink.wait(for: "pid ")
        let line = try #require(bench.sink.outputs.first { $0.hasPrefix("pid ") })
        kill(try #require(Int32(line.dropFirst(4))), SIGKILL)
        let result = try await record
        #expect(result.instances.map(\.outcome) == [.success, .crash, .success])
        #expect(result.instances[1].reason == "killed by SIGKILL")
        bench.expectNothingLeft()
    }

    @Test("a stall ends at the time limit and says where; who ignores SIGTERM is killed")
    func timeLimit() async throws {
        let record = try await bench.run(
            """
            [ $number = 0 ] && { success; exit; }
            [ $number = 1 ] && trap '' TERM
            stage sync; event '"message_event":{"message":"waiting"}'
            while :; do sleep 1000 & wait; done
            """, instances: 3, limit: .seconds(60), configuration: ["run_timeout": .string("4s")])
        #expect(record.instances.map(\.outcome) == [.success, .timeout, .timeout])
        #expect(
            record.instances[1].reason
                == "still running at the time limit of 4s in stage \"sync\"; last message: \"waiting\"")
        #expect(record.instances[1].exit == .signal(SIGKILL))
        #expect(record.instances[2].exit == .signal(SIGTERM))
        #expect(record.instances[2].openStages == ["sync"])
        #expect(record.outcome == .failure)
        bench.expectNothingLeft()
    }

    @Test("cancelling the task ends every instance and still returns the record")
    func cancellation() async throws {
        let request = bench.request(
            try bench.script("trap 'echo ending; exit 0' TERM; echo up; while :; do sleep 1000 & wait; done"),
            instances: 3)
        let task = Task { try await bench.runner.run(request, progress: bench.sink) }
        await bench.sink.wait(for: "up", count: 3)
        task.cancel()
        let record = try await task.value
        #expect(record.outcome == .canceled)
        #expect(record.instances.map(\.outcome) == [.canceled, .canceled, .canceled])
        #expect(bench.sink.outputs.filter { $0 == "ending" }.count == 3, "they had their grace")
        bench.expectNothingLeft()
    }

    @Test("a run canceled before it starts starts nothing")
    func canceledBefore() async throws {
        let request = bench.request(try bench.script("echo up; sleep 1000"), instances: 5)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await bench.runner.run(request, progress: bench.sink)
        }
        let record = try await task.value
        #expect(record.outcome == .canceled)
        #expect(record.instances.count == 5)
        bench.expectNothingLeft()
    }

    @Test("children, daemons and their descendants end with the instance that left them")
    func strays() async throws {
        let record = try await bench.run(
            """
            sleep 1000 & echo stray $!
            setsid sleep 1000 & echo stray $!
            (setsid sh -c 'sleep 1000 & echo stray $!; setsid sleep 1000 & echo stray $!; wait' &)
            setsid true & echo stray $!
            success
            """, instances: 5)
        #expect(record.outcome == .success)
        bench.expectNothingLeft()
        let strays = bench.sink.outputs.compactMap { line in
            line.hasPrefix("stray ") ? Int32(line.dropFirst(6)) : nil
        }
        #expect(strays.count >= 15)
        // Zombies of unknown descent are left alone while other tests of this process call build tools.
        #expect(strays.compactMap(ProcessTable.entry).filter { !$0.isZombie } == [])
    }

    @Test("a program that forks and exits has ended: what it left does not count")
    func forksAndExits() async throws {
        let record = try await bench.run("(sleep 0.2; success) & exit 0")
        #expect(record.instances.map(\.outcome) == [.incomplete])
        bench.expectNothingLeft()
    }

    @Test("two runs of the same plan at once both succeed")
    func twoAtOnce() async throws {
        let program = try bench.script("sleep 0.2; setsid true & success")
        async let first = bench.runner.run(
            bench.request(program, instances: 5, run: "a"), progress: bench.sink)
        async let second = bench.runner.run(
            bench.request(program, instances: 5, run: "b"), progress: bench.sink)
        #expect(try await [first.outcome, second.outcome] == [.success, .success])
        bench.expectNothingLeft()
    }

    @Test("an instance that cannot get its network never started, and the others run")
    func attachmentFails() async throws {
        let bench = try RunnerBench(broken: [instance(1)])
        let record = try await bench.run("success", instances: 3)
        #expect(record.instances.map(\.outcome) == [.success, .neverStarted, .success])
        #expect(record.instances[1].reason?.contains("no port is left") == true)
        #expect(record.phases[0].count == 2 && record.phases[3].count == 3)
        #expect(bench.services.log.ended[instance(1)] == "never started")
        bench.expectNothingLeft()
    }

    @Test("after all this no descriptor has leaked")
    func descriptors() async throws {
        let files = "/proc/self/fd"
        func open() -> Set<String> {
            Set(
                Directories.names(in: files).compactMap { number in
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "\(files)/\(number)")
                    return target.map { "\(number) \($0)" }
                })
        }
        func again(_ number: Int) async throws {
            let request = bench.request(
                try bench.script("setsid sleep 1000 & success"), instances: 10, run: "again\(number)")
            let record = try await bench.runner.run(request, progress: bench.sink)
            #expect(record.outcome == .success)
        }
        _ = try await bench.run("success", instances: 2)
        let before = open()
        for number in 0..<3 { try await again(number) }
        // What other suites have open meanwhile goes away while further runs are done; a leak of the three
        // would be at least 30 and stay.
        var suspects = open().subtracting(before)
        for number in 3..<100 where suspects.count >= 20 {
            try await again(number)
            suspects.formIntersection(open())
        }
        #expect(suspects.count < 20, "\(suspects.sorted())")
    }
}
