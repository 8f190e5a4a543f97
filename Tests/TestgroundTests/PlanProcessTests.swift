// An instance's process from start to exit, as real child processes.

import Foundation
import InstanceContract
import Testing

/// What a child process left.
private struct Instance {
    var status: Int32
    var isSignalled: Bool
    var standardOutput: String
    var standardError: String
    var runOutput: String

    var events: [InstanceEvent] {
        standardOutput.split(separator: "\n").compactMap { EventLine(line: String($0))?.event }
    }
}

/// Runs the fixture plan as a runner would.
///
/// - Parameter whenStalling: called with the process once it has reported a message.
private func start(
    _ testCase: String?, _ change: (inout [String: String]) -> Void = { _ in },
    whenStalling: (Process) -> Void = { _ in }
) throws -> Instance {
    let directory = try ScratchDirectory()
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "FixturePlan")
    var environment: [String: String] = [:]
    if let testCase {
        environment =
            InstanceEnvironment(
                plan: "fixture", testCase: testCase, run: "r1", instanceCount: 1, groupID: "g\"1",
                groupInstanceCount: 1, outputsPath: directory.path + "/outputs/g/0",
                tempPath: directory.path + "/temp", startTimeUnixSeconds: 0
            ).variables
    }
    environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    change(&environment)
    let process = Process()
    process.executableURL = program
    process.environment = environment
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    try process.run()
    var text = Data()
    while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
        text += data
        if String(decoding: data, as: UTF8.self).contains("stalling") { whenStalling(process) }
    }
    let errorText = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let runOutput = try? String(
        contentsOfFile: directory.path + "/outputs/g/0/run.out", encoding: .utf8)
    return Instance(
        status: process.terminationStatus, isSignalled: process.terminationReason == .uncaughtSignal,
        standardOutput: String(decoding: text, as: UTF8.self),
        standardError: String(decoding: errorText, as: UTF8.self), runOutput: runOutput ?? "")
}

@Suite("An instance as a process", .timeLimit(.minutes(2)))
struct PlanProcessTests {
    @Test("returning is success: start, messages, success on stdout and in run.out, status 0")
    func success() throws {
        let instance = try start("ok")
        #expect(instance.status == 0 && !instance.isSignalled)
        guard instance.events.count == 3, case .start(let runenv) = instance.events[0] else {
            Issue.record("expected start, message, success: \(instance.standardOutput)")
            return
        }
        #expect(try JSONValue(parsing: runenv)["case"] == "ok")
        #expect(Array(instance.events[1...]) == [.message("hello"), .success(group: "g\"1")])
        #expect(instance.runOutput == instance.standardOutput)
    }

    @Test("throwing is failure, with the error's words and status 1")
    func failure() throws {
        let instance = try start("fails")
        #expect(instance.status == 1 && !instance.isSignalled)
        #expect(instance.events.last == .failure(group: "g\"1", error: "as \"expected\""))
    }

    @Test("a failure after an early success makes the status 1")
    func failureAfterSuccess() throws {
        let instance = try start("success-then-failure")
        #expect(instance.status == 1)
        #expect(
            instance.events.suffix(2) == [
                .success(group: "g\"1"), .failure(group: "g\"1", error: "after all"),
            ])
    }

    @Test("a test case that the plan does not have is a failure that lists those it has")
    func unknownCase() throws {
        let instance = try start("nope")
        #expect(instance.status == 1)
        guard case .failure(_, let error)? = instance.events.last else {
            Issue.record("no failure: \(instance.standardOutput)")
            return
        }
        #expect(error.hasPrefix("plan \"fixture\" has no test case \"nope\"; it has: ok, fails, "))
    }

    @Test("started by hand, the program says what it is, and that this was wrong use")
    func standalone() throws {
        let instance = try start(nil)
        #expect(instance.status == 2)
        #expect(instance.standardOutput.isEmpty)
        #expect(instance.standardError.contains("testground run single"))
        #expect(instance.standardError.contains("Test cases: ok, fails, "))
    }

    @Test("an environment that cannot be read is named")
    func wrongEnvironment() throws {
        let instance = try start("ok") { $0["TEST_INSTANCE_COUNT"] = "many" }
        #expect(instance.status == 2)
        #expect(instance.standardError.contains("TEST_INSTANCE_COUNT is \"many\""))
    }

    @Test("outputs that cannot be written are a failure with the path")
    func unwritableOutputs() throws {
        let instance = try start("ok") { $0["TEST_OUTPUTS_PATH"] = "/proc/nowhere" }
        #expect(instance.status == 1)
        let errors = instance.events.compactMap { event in
            if case .failure(_, let error) = event { error } else { nil }
        }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("/proc/nowhere") == true)
    }

    @Test("what a plan prints never gets into an event's line")
    func printing() throws {
        let instance = try start("prints")
        #expect(instance.events.contains(.message("whole")))
        #expect(instance.standardOutput.contains("half a line and its rest\n"))
    }

    @Test("SIGTERM cancels the test case, which is reported as a failure, status 143")
    func terminated() throws {
        let instance = try start("stalls", whenStalling: { $0.terminate() })
        #expect(instance.status == 143 && !instance.isSignalled)
        #expect(instance.events.last == .failure(group: "g\"1", error: "the test case was ended by SIGTERM"))
    }

    @Test("a test case that ignores SIGTERM is ended all the same, and said to have")
    func stubborn() throws {
        let instance = try start("ignores-cancellation", whenStalling: { $0.terminate() })
        #expect(instance.status == 143 && !instance.isSignalled)
        guard case .failure(_, let error)? = instance.events.last else {
            Issue.record("no failure: \(instance.standardOutput)")
            return
        }
        #expect(error == "the test case was asked to end by SIGTERM and did not within 5 seconds")
    }

    @Test(
        "a crash leaves its event with a backtrace in both places, and the exit shows the signal",
        arguments: [
            // Swift's traps are illegal instructions on x86-64 and breakpoints on arm64.
            ("fatal-error", [SIGILL, SIGTRAP], "crashHere"), ("abort", [SIGABRT], "abort"),
            ("bad-memory", [SIGSEGV], "FixturePlan"), ("stack-overflow", [SIGSEGV], "overflow"),
            ("main-stack-overflow", [SIGSEGV], "overflow"),
        ] as [(String, [Int32], String)])
    func crash(testCase: String, signals: [Int32], frame: String) throws {
        let instance = try start(testCase) {
            $0["TEST_INSTANCE_PARAMS_JSON"] = #"{"address":"24"}"#
            // The backtracer of Swift's runtime would take the signals for itself.
            $0["SWIFT_BACKTRACE"] = "enable=no"
        }
        #expect(instance.isSignalled)
        #expect(signals.contains(instance.status))
        guard case .crash("g\"1", let error, let stacktrace)? = instance.events.last else {
            Issue.record("no crash event: \(instance.standardOutput)")
            return
        }
        #expect(error.hasPrefix("SIG"))
        #expect(stacktrace.hasPrefix("#0 0x"))
        #expect(stacktrace.contains(frame), "\(stacktrace)")
        #expect(instance.runOutput == instance.standardOutput)
    }

    @Test("the message of a fatal error is on stderr")
    func fatalErrorMessage() throws {
        #expect(try start("fatal-error").standardError.contains("the fixture's own message"))
    }
}
