// Ends that nobody planned: Ctrl-C, kill -9 on the program, a killed instance, a port in use.

import Foundation
import Testing

@Suite("Interruption", .timeLimit(.minutes(5)))
struct InterruptionTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// A plan whose instances tell that they have begun and then wait for a day.
    private func waitingPlan() throws {
        try bench.plan("wait", script: "message begun\nsleep 86421\n")
    }

    private func begun(_ count: Int) -> Bool {
        let outputs = bench.runs(of: "wait").flatMap { run in
            (0..<count).map { "\(run)/single/\($0)/run.out" }
        }
        return outputs.filter {
            (try? String(contentsOfFile: $0, encoding: .utf8))?.contains("begun") == true
        }
        .count >= count
    }

    @Test("Ctrl-C cancels: instances end, the record says canceled, exit 130")
    func interrupt() async throws {
        try waitingPlan()
        let program = try bench.start(["run", "single", "-p", "wait", "-t", "main", "-i", "5"])
        try await eventually("instances began") { begun(5) }
        kill(program.pid, SIGINT)
        let result = await program.finish()
        #expect(result.status == 130, "\(result.text)")
        #expect(Set(try bench.outcomes(of: "wait").values) == ["canceled"])
        #expect(processes(mentioning: bench.home) == [])
    }

    @Test("an instance killed from outside fails the run and is named")
    func killedInstance() async throws {
        try bench.plan(
            "victim",
            script: """
                case "$TEST_OUTPUTS_PATH" in */3) echo $$ > "$TEST_OUTPUTS_PATH/pid"; sleep 86423;; esac
                success
                """)
        let program = try bench.start(["run", "single", "-p", "victim", "-t", "main", "-i", "5"])
        var victim: Int32?
        try await eventually("the victim began") {
            let text = bench.runs(of: "victim").first.flatMap {
                try? String(contentsOfFile: "\($0)/single/3/pid", encoding: .utf8)
            }
            victim = text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            return victim != nil
        }
        kill(try #require(victim), SIGKILL)
        let result = await program.finish()
        #expect(result.status == 1, "\(result.text)")
        #expect(result.text.contains("SIGKILL"))
        #expect(try bench.outcomes(of: "victim")["single/3"] == "crash")
    }

    @Test("after kill -9 on the program no instance stays, and the next start marks the task")
    func killedProgram() async throws {
        try waitingPlan()
        let program = try bench.start(["run", "single", "-p", "wait", "-t", "main", "-i", "5"])
        try await eventually("instances began") { begun(5) }
        kill(program.pid, SIGKILL)
        #expect(await program.finish().status == -SIGKILL)
        let tasks = try await bench.call("tasks")
        #expect(tasks.status == 0)
        #expect(tasks.output.contains("canceled"), "\(tasks.text)")
        #expect(try await bench.call("terminate", "--runner", "local:exec").status == 0)
        #expect(processes(mentioning: bench.home) == [])
    }

    @Test("a port in use is named, with the remedy")
    func portInUse() async throws {
        let first = try bench.start(["sync-service", "--listen", "127.0.0.1:45991"])
        try await eventually("it listens") { connects(to: 45991) }
        let second = try await bench.call("sync-service", "--listen", "127.0.0.1:45991")
        #expect(second.status == 1, "\(second.text)")
        #expect(second.errors.contains("45991") && second.errors.contains("in use"))
        kill(first.pid, SIGTERM)
        let ended = await first.finish()
        #expect([0, 143].contains(ended.status), "\(ended.text)")
    }

    private func connects(to port: UInt16) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
