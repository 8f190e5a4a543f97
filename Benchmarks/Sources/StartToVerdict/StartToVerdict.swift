// How long a run takes from the command to the verdict, and what that time is made of.
//
// For 1, 50 and 200 instances of the placebo plan (prebuilt), several times in turn:
//   run       `testground run single --use-build … --json`, by the wall clock
//   control   the same executables started bare, all at once, and waited for: what the machine itself needs for the processes
//   engine    the program's own wall time less the run's duration in its summary: reading, preparing, recording
// It prints medians, the spread (10th to 90th percentile) and the ratio run / control of the same round; and what one
// instance takes of memory: VmHWM of proc(5) in the test case `stall`, bare. A run's own summary is silent about instances
// smaller than the program, since a process starts out with the peak of the one that started it (getrusage(2)).

import Foundation
import Rounds

struct Sample {
    var run: Double
    var control: Double
    var runner: Double
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    exit(1)
}

/// Runs a program to its end and returns its wall time in seconds.
func time(_ program: String, _ arguments: [String], environment: [String: String]) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let clock = ContinuousClock()
    let start = clock.now
    try process.run()
    process.waitUntilExit()
    let elapsed = start.duration(to: clock.now) / .seconds(1)
    guard process.terminationStatus == 0 else {
        fail("\(program) \(arguments.joined(separator: " ")) ended with status \(process.terminationStatus)")
    }
    return elapsed
}

/// What the contract says to an instance of `placebo` that runs by itself.
func bareEnvironment(_ testCase: String, instances: Int, outputs: String) -> [String: String] {
    [
        "TEST_PLAN": "placebo", "TEST_CASE": testCase, "TEST_RUN": "control", "TEST_GROUP_ID": "single",
        "TEST_INSTANCE_COUNT": "\(instances)", "TEST_GROUP_INSTANCE_COUNT": "\(instances)",
        "TEST_INSTANCE_PARAMS": "", "TEST_OUTPUTS_PATH": outputs, "TEST_TEMP_PATH": outputs,
        "TEST_SIDECAR": "false", "TEST_SUBNET": "127.1.0.0/16", "TEST_DISABLE_METRICS": "true",
        "TEST_START_TIME": "2026-01-01T00:00:00Z", "SYNC_SERVICE_HOST": "127.0.0.1", "SYNC_SERVICE_PORT": "1",
    ]
}

/// Starts the plan's executable so many times at once, each with a bare environment of the contract, and waits for all.
func control(_ artifact: String, instances: Int, scratch: String) throws -> Double {
    let script = """
        i=0
        while [ $i -lt \(instances) ]; do
            mkdir -p "\(scratch)/$i"
            TEST_OUTPUTS_PATH="\(scratch)/$i" TEST_TEMP_PATH="\(scratch)/$i" "\(artifact)" >/dev/null 2>&1 &
            i=$((i+1))
        done
        wait
        """
    let environment = bareEnvironment("ok", instances: instances, outputs: scratch)
    return try time(
        "/bin/sh", ["-c", script],
        environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
}

/// The peak of resident memory of one instance that has started and waits, in bytes.
func residentPeak(_ artifact: String, scratch: String) throws -> Double {
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: artifact)
    process.environment = bareEnvironment("stall", instances: 1, outputs: scratch)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
        process.terminate()
        process.waitUntilExit()
    }
    // The start event: the SDK is up.
    guard !output.fileHandleForReading.availableData.isEmpty else { fail("\(artifact) says nothing") }
    let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = line.split(separator: " ").compactMap({ Double($0) }).first
    else { fail("proc tells no VmHWM of \(artifact)") }
    return kibibytes * 1024
}

/// The program under test with a home of its own.
struct Bench {
    var program: String
    var plan: String
    var artifact: String
    var home: String

    private var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(["TESTGROUND_HOME": home]) { $1 }
    }

    /// The newest run's summary.
    private func summary() throws -> [String: Any] {
        let folder = "\(home)/data/outputs/local_exec/placebo"
        // Run ids order by time.
        guard let run = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().last else {
            fail("no outputs in \(folder)")
        }
        let data = try Data(contentsOf: URL(filePath: "\(folder)/\(run)/summary.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// One round: the control, then the run.
    func sample(_ instances: Int) throws -> Sample {
        let bare = try control(artifact, instances: instances, scratch: "\(home)/control")
        let arguments = [
            "run", "single", "--plan", plan, "--testcase", "ok", "--instances", "\(instances)", "--use-build",
            artifact, "--json",
        ]
        let run = try time(program, arguments, environment: environment)
        let summary = try summary()
        return Sample(run: run, control: bare, runner: summary["duration_seconds"] as? Double ?? .nan)
    }
}

@main enum StartToVerdict {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4 else {
            fail("usage: StartToVerdict PROGRAM PLAN-DIRECTORY ARTIFACT [ROUNDS]")
        }
        let rounds = arguments.count > 4 ? Int(arguments[4]) ?? 7 : 7
        let home = "\(NSTemporaryDirectory())/testground-benchmark-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: home) }
        let bench = Bench(program: arguments[1], plan: arguments[2], artifact: arguments[3], home: home)

        print("start to verdict, \(rounds) rounds, milliseconds: median [10th … 90th percentile]")
        print("instances       run [      spread      ]   control   ratio    runner   engine")
        for instances in [1, 50, 200] {
            // The first round warms the page cache and is not counted.
            _ = try bench.sample(instances)
            print(line(instances, try (0..<rounds).map { _ in try bench.sample(instances) }))
        }
        let peaks = Rounds(
            try (0..<rounds).map { _ in
                try residentPeak(bench.artifact, scratch: "\(home)/resident") / 1_048_576
            })
        let (low, high) = peaks.spread
        print(
            String(format: "an instance's resident memory, MiB: %.1f [%.1f … %.1f]", peaks.median, low, high)
        )
    }

    private static func line(_ instances: Int, _ samples: [Sample]) -> String {
        func milliseconds(_ seconds: Double) -> String { String(format: "%8.1f", seconds * 1000) }
        let runs = Rounds(samples.map(\.run))
        return [
            String(format: "%9d", instances), milliseconds(runs.median),
            "[\(milliseconds(runs.spread.low)) \(milliseconds(runs.spread.high))]",
            milliseconds(Rounds(samples.map(\.control)).median),
            String(format: "%7.2f", Rounds(samples.map { $0.run / $0.control }).median),
            milliseconds(Rounds(samples.map(\.runner)).median),
            milliseconds(Rounds(samples.map { $0.run - $0.runner }).median),
        ].joined(separator: "  ")
    }
}
