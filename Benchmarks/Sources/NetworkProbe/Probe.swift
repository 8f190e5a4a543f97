// The plan of NetworkBenchmark: instances in pairs, the first of which sends and the second of which measures.
//
//     NetworkProbe                               as an instance, started by testground
//     NetworkProbe serve KIND SECONDS            the receiver, outside of testground: for the control
//     NetworkProbe send KIND SECONDS ADDRESS     the sender
//
// Kinds: delay, loss, goodput, loaded, flood, change, partition, rules. Delays are one way: both ends read the same
// monotonic clock.

import Foundation
import Glibc
import Testground

/// What to measure, and for how long.
struct Measurement: Sendable {
    var kind: String
    var seconds: Double
    /// Packets a second of the delay's probe.
    var rate = 1_000.0
    /// TCP congestion control; empty for the kernel's.
    var congestion = ""
    /// Rules of the sender, to addresses that nobody has.
    var rules = 0
}

@main
enum Program {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4 else { return await ProbePlan.main() }
        var measurement = Measurement(kind: arguments[2], seconds: Double(arguments[3]) ?? 1)
        if measurement.kind == "loss" { measurement.rate = 20_000 }
        do {
            if arguments[1] == "serve" {
                let results = try Receiver(measurement).measure { report("ready") }
                for (name, value) in results.sorted(by: { $0.key < $1.key }) { report("\(name) \(value)") }
            } else if arguments.count > 4 {
                try Sender(measurement, to: arguments[4]).send()
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    /// A line that whoever started this sees at once.
    private static func report(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}

struct ProbePlan: TestPlan {
    static var testCases: [TestCase] { TestCase("probe", pair) }
}

private func pair(_ run: RunEnvironment) async throws {
    let sequence = try await run.initialise()
    let parameters = run.parameters
    var measurement = Measurement(
        kind: try parameters.string("kind"), seconds: try parameters.double("seconds"))
    measurement.rate = try parameters.double("rate", default: 1_000)
    measurement.congestion = try parameters.string("congestion", default: "")
    measurement.rules = try parameters.int("rules", default: 0)
    let peers = try await run.exchangeAddresses()
    // Neighbours by group: senders are the first group's, receivers the second's.
    let isSender = run.group == "senders"
    let partner = peers.first { $0.group != run.group && $0.groupSequence == sequence.group }
    guard let partner else { throw ProbeError("no partner") }
    if isSender {
        try await send(measurement, to: partner, run)
    } else {
        try await receive(measurement, run)
    }
    try await run.sync.signalAndWait("over")
}

private func send(_ measurement: Measurement, to partner: Peer, _ run: RunEnvironment) async throws {
    if measurement.rules > 0 {
        let rules = (0..<measurement.rules).map { number in
            LinkRule(to: "16.0.\(100 + number / 200).\(2 + number % 200)/32", LinkShape(filter: .drop))
        }
        try await run.network.configure(
            NetworkConfiguration(
                rules: rules, callbackState: "rules-\(partner.groupSequence)", callbackTarget: 1))
    }
    try await run.sync.barrier("ready", target: run.instanceCount / 2)
    let sender = Sender(measurement, to: partner.address)
    let sending = Thread.running { try sender.send() }
    // Milliseconds into the run at which the network changes.
    for (number, change) in measurement.changes.enumerated() {
        try await Task.sleep(for: change.after)
        let before = Clock.now
        let state = "change-\(partner.groupSequence)-\(number)"
        try await run.network.configure(
            NetworkConfiguration(
                shape: change.shape,
                rules: change.isCut ? [LinkRule(to: partner, LinkShape(filter: .drop))] : [],
                callbackState: state, callbackTarget: 1))
        let topic = Topic<[Int64]>("changes-\(partner.groupSequence)")
        try await run.sync.publish([before, Clock.now], to: topic)
    }
    try await sending.value
}

private func receive(_ measurement: Measurement, _ run: RunEnvironment) async throws {
    let sequence = try await run.initialise()
    let receiver = Receiver(measurement)
    let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
    let measuring = Thread.running { try receiver.measure { isReady.finish() } }
    for await _ in ready {}
    try await run.sync.signal("ready")
    var results = try await measuring.value
    if !measurement.changes.isEmpty {
        let topic = Topic<[Int64]>("changes-\(sequence.group)")
        let changes = try await run.sync.subscribe(to: topic).first(measurement.changes.count)
        results.merge(receiver.judge(measurement, changes)) { $1 }
    }
    for (name, value) in results { run.results.recordPoint(name, value) }
}

/// A change of the network while the probe runs.
struct Change: Sendable {
    var after: Duration
    var shape = LinkShape()
    var isCut = false
    /// The delay that packets have from then on, in nanoseconds.
    var delay: Int64 = 0
}

extension Measurement {
    var changes: [Change] {
        func shape(_ milliseconds: Int) -> LinkShape { LinkShape(latency: .milliseconds(milliseconds)) }
        switch kind {
        case "change":
            return [
                Change(after: .milliseconds(500), shape: shape(100), delay: 100_000_000),
                Change(after: .milliseconds(500), shape: shape(10), delay: 10_000_000),
            ]
        case "partition": return [Change(after: .milliseconds(500), isCut: true)]
        default: return []
        }
    }
}

struct ProbeError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

extension Thread {
    /// Runs a body that blocks on a thread of its own.
    static func running<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) -> Task<Value, any Error> {
        Task {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
            }
        }
    }
}
