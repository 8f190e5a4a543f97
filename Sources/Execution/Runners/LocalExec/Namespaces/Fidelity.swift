// Whether the switch has done what it was configured for; if not, the run is untrusted, with the figures.

import Execution
import LinkModel
import LinuxSystem
import NetworkEmulator

struct Fidelity: Sendable {
    /// Lateness that is never worth a word: what waking a thread costs on any machine.
    static let leastLimitNanoseconds: UInt64 = 1_000_000
    /// Lateness of 99 of 100 packets may be this part of the smallest latency that was configured.
    static let latenessShare: Int64 = 20
    /// The machine may be without an idle processor, or robbed of one, for this share of the run …
    static let starvationShare = 0.05
    /// … and for so many seconds whatever the share: instances that start, or end, are busy.
    static let starvationSeconds = 1.0

    private var smallestLatency: Int64?
    private var watch = ProcessorWatch()

    /// Takes note of a configuration that was put into force.
    mutating func expect(_ settings: NetworkSettings) {
        for shape in settings.shapes where shape.latency > .zero {
            smallestLatency = min(smallestLatency ?? .max, shape.latency.nanoseconds)
        }
    }

    mutating func look(_ time: ProcessorTime) { watch.look(time) }

    private var latenessLimit: UInt64 {
        max(Self.leastLimitNanoseconds, UInt64((smallestLatency ?? 0) / Self.latenessShare))
    }

    func judge(_ statistics: SwitchStatistics) -> NetworkFidelity {
        NetworkFidelity(
            reasons: lateness(statistics) + losses(statistics) + starvation(),
            sent: statistics.received, delivered: statistics.delivered,
            deliveredBytes: statistics.deliveredBytes,
            dropped: Dictionary(
                uniqueKeysWithValues: statistics.drops.map { (Self.name($0.key), $0.value) }),
            lateness: NetworkFidelity.Lateness(
                packets: statistics.delayed, median: seconds(statistics.latenessMedian),
                percentile99: seconds(statistics.lateness99), maximum: seconds(statistics.latenessMaximum),
                limit: seconds(latenessLimit)),
            processors: NetworkFidelity.Processors(
                observed: watch.observed,
                saturated: watch.observed == 0 ? 0 : watch.saturated / watch.observed,
                stolen: watch.stolenShare, switchRunning: seconds(statistics.thread.running),
                switchWaiting: seconds(statistics.thread.waiting)))
    }

    // MARK: Promises

    private func lateness(_ statistics: SwitchStatistics) -> [String] {
        guard statistics.delayed > 0, statistics.lateness99 > latenessLimit else { return [] }
        return [
            "packets were delivered late: 1 of 100 by more than \(milliseconds(statistics.lateness99)) ms "
                + "(limit \(milliseconds(latenessLimit)) ms, "
                + "median \(milliseconds(statistics.latenessMedian)) ms, "
                + "largest \(milliseconds(statistics.latenessMaximum)) ms)"
        ]
    }

    private func losses(_ statistics: SwitchStatistics) -> [String] {
        DropCause.allCases.filter { !$0.isDecided }.compactMap { cause in
            guard let count = statistics.drops[cause], count > 0 else { return nil }
            let why =
                cause == .noMemory
                ? "too many were in flight at once" : "the receivers' kernel did not take them"
            return
                "\(count) of \(statistics.received) packets were dropped that no shape asked to drop: \(why)"
        }
    }

    private func starvation() -> [String] {
        var findings: [String] = []
        if exceeds(watch.saturated) {
            findings.append(
                "the machine had no idle processor for \(percent(watch.saturated / watch.observed)) % of "
                    + "the run (limit \(percent(Self.starvationShare)) %)")
        }
        if exceeds(watch.stolenShare * watch.observed) {
            findings.append(
                "other machines on the same host took \(percent(watch.stolenShare)) % of the processors' "
                    + "time (limit \(percent(Self.starvationShare)) %)")
        }
        return findings
    }

    private func exceeds(_ seconds: Double) -> Bool {
        seconds > Self.starvationSeconds && seconds > Self.starvationShare * watch.observed
    }

    // MARK: Words

    private static func name(_ cause: DropCause) -> String {
        switch cause {
        case .filtered: "filtered"
        case .lost: "lost"
        case .rejected: "rejected"
        case .queueFull: "queue_full"
        case .disabled: "disabled"
        case .unreachable: "unreachable"
        case .malformed: "malformed"
        case .housekeeping: "housekeeping"
        case .noMemory: "no_memory"
        case .notTaken: "not_taken"
        case .departed: "departed"
        }
    }

    private func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1e9 }

    /// With two digits behind the point.
    private func milliseconds(_ nanoseconds: UInt64) -> String {
        let hundredths = (nanoseconds + 5_000) / 10_000
        let digits = String(100 + hundredths % 100).dropFirst()
        return "\(hundredths / 100).\(digits)"
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))" }
}
