// Assets as a test case makes them.

import InstanceContract
import LinuxSystem
import Testing

@testable import Testground

@Suite struct RunAssetTests {
    private let directory: String
    private let run: RunEnvironment

    init() throws {
        directory = try TemporaryDirectory.make("run")
        let environment = InstanceEnvironment(
            plan: "p", testCase: "c", run: "r", instanceCount: 1, groupID: "g", groupInstanceCount: 1,
            outputsPath: "\(directory)/outputs", tempPath: "\(directory)/temp", startTimeUnixSeconds: 1,
            startTimeUnixNanoseconds: SystemClock.wall() - 1_000_000_000)
        run = RunEnvironment(environment, events: EventRecorder(environment))
    }

    @Test("assets stand in the outputs, random files in the temporary directory unless another one is given")
    func places() async throws {
        let raw = try run.createRawAsset("logs/node.log")
        let lines = try run.createStructuredAsset("seen.jsonl")
        #expect(raw.path == "\(directory)/outputs/logs/node.log")
        #expect(lines.path == "\(directory)/outputs/seen.jsonl")
        #expect(try run.createRandomFile(size: 1).hasPrefix("\(directory)/temp/"))
        #expect(try run.createRandomFile(size: 1, in: directory).hasPrefix("\(directory)/random-"))
        #expect(try run.createRandomDirectory(depth: 1).hasPrefix("\(directory)/temp/"))
        await run.close()
    }

    @Test("no two random files of a run are alike, as two of the same seed in a row would be but for a shift")
    func distinct() async throws {
        let first = try TemporaryDirectory.bytes(of: run.createRandomFile(size: 4096))
        let second = try TemporaryDirectory.bytes(of: run.createRandomFile(size: 4096))
        let words = stride(from: 0, to: 4096, by: 8)
        let known = Set(words.map { Array(first[$0..<$0 + 8]) })
        #expect(words.allSatisfy { !known.contains(Array(second[$0..<$0 + 8])) })
        await run.close()
    }

    @Test("an asset outside of the outputs is refused", arguments: ["", "/etc/passwd", "../x", "a/../../x"])
    func outside(name: String) async {
        #expect(throws: AssetError.self) { try run.createRawAsset(name) }
        #expect(throws: AssetError.self) {
            try run.httpPeriodicSnapshots(of: "http://127.0.0.1:1/", every: .seconds(1), prefix: name)
        }
        await run.close()
    }

    @Test("the time since the start is taken from the exact form where there is one")
    func timeSinceStart() async throws {
        // The whole seconds say 1970.
        let elapsed = try #require(run.timeSinceStart)
        #expect(elapsed >= .seconds(1) && elapsed < .seconds(3600))
        await run.close()
    }
}
