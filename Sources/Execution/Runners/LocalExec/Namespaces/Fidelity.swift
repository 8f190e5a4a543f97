// Whether the switch has done what it was configured for; if not, the run is untrusted, with the figures.

import LinkModel
import NetworkEmulator

struct Fidelity: Sendable {
    /// Lateness that is never worth a word: what waking a thread costs on any machine.
    static let leastLimitNanoseconds: UInt64 = 1_000_000
    /// Lateness of 99 of 100 packets may be this part of the smallest latency that was configured.
    static let latenessShare: Int64 = 20

    private var smallestLatency: Int64?

    /// Takes note of a configuration that was put into force.
    mutating func expect(_ settings: NetworkSettings) {
        for shape in [settings.shape] + settings.rules.map(\.shape) where shape.latency > .zero {
            smallestLatency = min(smallestLatency ?? .max, shape.latency.nanoseconds)
        }
    }

    private var latenessLimit: UInt64 {
        max(Self.leastLimitNanoseconds, UInt64((smallestLatency ?? 0) / Self.latenessShare))
    }

    /// One sentence for each promise that was not kept.
    func judge(_ statistics: SwitchStatistics) -> [String] {
        var findings: [String] = []
        if statistics.delayed > 0, statistics.lateness99 > latenessLimit {
            findings.append(
                "untrusted: packets were delivered late: 1 of 100 by more than "
                    + "\(Self.milliseconds(statistics.lateness99)) ms (limit "
                    + "\(Self.milliseconds(latenessLimit)) ms, median "
                    + "\(Self.milliseconds(statistics.latenessMedian)) ms, largest "
                    + "\(Self.milliseconds(statistics.latenessMaximum)) ms, \(statistics.delayed) packets): "
                    + "the machine was too busy")
        }
        for cause in DropCause.allCases where !cause.isDecided {
            guard let count = statistics.drops[cause], count > 0 else { continue }
            let why =
                cause == .noMemory
                ? "too many were in flight at once" : "the receivers' kernel did not take them"
            findings.append(
                "untrusted: \(count) of \(statistics.received) packets were dropped that no shape asked to "
                    + "drop: "
                    + why)
        }
        return findings
    }

    /// What became of the packets; nil when nothing was sent.
    static func figures(_ statistics: SwitchStatistics) -> String? {
        guard statistics.received > 0 else { return nil }
        var parts = ["\(statistics.received) packets sent", "\(statistics.delivered) delivered"]
        let drops = DropCause.allCases.compactMap { cause in
            statistics.drops[cause].map { "\($0) \(words(cause))" }
        }
        parts += drops
        if statistics.delayed > 0 {
            parts.append(
                "late by \(milliseconds(statistics.latenessMedian)) ms in the median, "
                    + "\(milliseconds(statistics.lateness99)) ms at the 99th percentile")
        }
        return "network: " + parts.joined(separator: ", ")
    }

    private static func words(_ cause: DropCause) -> String {
        switch cause {
        case .filtered: "filtered"
        case .lost: "lost by chance"
        case .rejected: "rejected"
        case .queueFull: "in excess of a rate's queue"
        case .disabled: "of or to disabled instances"
        case .unreachable: "to nobody"
        case .malformed: "malformed"
        case .housekeeping: "of link housekeeping"
        case .noMemory: "without memory"
        case .notTaken: "not taken"
        case .departed: "to instances that had left"
        }
    }

    /// With two digits behind the point.
    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let hundredths = (nanoseconds + 5_000) / 10_000
        let digits = String(100 + hundredths % 100).dropFirst()
        return "\(hundredths / 100).\(digits)"
    }
}
