// What cannot be run is refused in words, before anything is started.

import Execution
import Foundation
import InstanceContract
import LinuxSystem
import TestgroundModel
import Testing

@testable import Runners

@Suite("What local:exec refuses")
struct RefusalTests {
    private let bench: RunnerBench

    init() throws { bench = try RunnerBench() }

    private func refusal(_ request: RunRequest) async -> ExecutionError? {
        do {
            _ = try await bench.runner.run(request, progress: bench.sink)
            return nil
        } catch {
            return error as? ExecutionError
        }
    }

    @Test("artifacts that cannot be started are named with what is wrong with them")
    func artifacts() async throws {
        let cases: [(String, String)] = [
            (try bench.file("#!/bin/sh\n", named: "closed", mode: 0o644), "is not executable; run chmod +x"),
            (try bench.file("echo hi\n", named: "bare"), "neither an ELF executable nor a script"),
            (try bench.file("#!/no/such/shell\n", named: "odd"), "wants the interpreter /no/such/shell"),
            (try bench.file("\u{7f}ELF", named: "cut"), "not a whole executable"),
            (bench.folder, "is a directory"), ("\(bench.folder)/none", "does not exist"),
            ("relative", "is not an absolute path"),
        ]
        for (path, text) in cases {
            let error = try #require(await refusal(bench.request(path)))
            #expect(error.code == .artifactMissing)
            #expect(error.message.contains(path) && error.message.contains(text), "\(error)")
        }
        var request = bench.request("/bin/true")
        request.artifacts["g"] = .image("plan:1")
        #expect(await refusal(request)?.code == .incompatible)
        request.artifacts = [:]
        #expect(await refusal(request)?.code == .artifactMissing)
        #expect(bench.services.log.registered == [], "nothing was begun")
        bench.expectNothingLeft()
    }

    @Test("an ELF file that the kernel refuses never started, with the kernel's reason")
    func brokenProgram() async throws {
        let path = try bench.file("\u{7f}ELF" + String(repeating: "\0", count: 100), named: "broken")
        let record = try await bench.runner.run(bench.request(path, instances: 2), progress: bench.sink)
        #expect(record.instances.map(\.outcome) == [.neverStarted, .neverStarted])
        #expect(record.instances[0].reason?.contains("Exec format error") == true)
        bench.expectNothingLeft()
    }

    @Test("parameters beyond what a process can be given are told as that")
    func hugeParameters() async throws {
        let record = try await bench.run(
            "success", parameters: ["huge": String(repeating: "x", count: 200_000)])
        #expect(record.instances[0].outcome == .neverStarted)
        #expect(record.instances[0].reason?.contains("make the test parameters shorter") == true)
    }

    @Test("directories that cannot be written to are named")
    func directories() async throws {
        var request = bench.request("/bin/true")
        request.outputsDirectory = "/proc/outputs"
        let error = try #require(await refusal(request))
        #expect(error.code == .resources && error.message.contains("/proc/outputs"))
        bench.expectNothingLeft()
    }

    @Test("services that do not start fail the run and leave nothing")
    func services() async throws {
        let runner = LocalExecRunner { throw ExecutionError(.system, "port 5050 is in use") }
        await #expect(throws: ExecutionError.self) {
            try await runner.run(bench.request("/bin/true"), progress: bench.sink)
        }
        bench.expectNothingLeft()
    }

    @Test("configuration is decoded, also from flags")
    func configuration() throws {
        let decoded = try LocalExecConfiguration([
            "isolation": .string("none"), "log_level": .string("debug"), "start_concurrency": .string("7"),
            "run_timeout": .string("1h2m3.5s"), "influxdb_endpoint": .string("http://h:8086"),
        ])
        #expect(decoded.isolation == .none && decoded.logLevel == "debug" && decoded.startConcurrency == 7)
        #expect(decoded.runTimeout == .milliseconds(3_723_500))
        #expect(try LocalExecConfiguration(["run_timeout": .integer(90)]).runTimeout == .seconds(90))
        #expect(try LocalExecConfiguration([:]) == LocalExecConfiguration())
    }

    @Test(
        "a wrong value is named with its key and what would do",
        arguments: [
            ("isolation", ConfigurationValue.string("docker"), "\"namespaces\" or \"none\""),
            ("isolation", .boolean(true), "expected a string"),
            ("log_level", .integer(3), "expected a string"),
            ("start_concurrency", .integer(0), "from 1 to 1024"),
            ("start_concurrency", .string("many"), "is \"many\""),
            ("run_timeout", .string("soon"), "\"90s\""),
            ("run_timeout", .string("10"), ""), ("run_timeout", .integer(-1), "a duration"),
            ("run_timeout", .string("s"), "a duration"), ("run_timeout", .string(""), "a duration"),
            ("influxdb_endpoint", .array([]), "is an array"),
        ])
    func wrongConfiguration(_ key: String, _ value: ConfigurationValue, _ text: String) {
        do {
            _ = try LocalExecConfiguration([key: value])
            #expect(text.isEmpty, "\(key) was accepted")
        } catch {
            #expect(error.code == .configuration)
            #expect(error.message.contains(key) && error.message.contains(text), "\(error)")
        }
    }
}
