// What is measured, and what must come out.

import Foundation

enum Rows {
    static let all = delays + rates + chances + reno + queues + changes + limits

    /// TCP payload of a rate in IP bytes: segments of 1,448 in packets of 1,500, with timestamps, and the
    /// acknowledgements' way free: 1448 / 1500 = 0.9653; a bandwidth is one of IP bytes (no Ethernet).
    private static let payloadShare = 1_448.0 / 1_500.0

    private static func link(_ lines: String...) -> String {
        "[network.default]\n" + lines.joined(separator: "\n")
    }

    // MARK: Delay

    private static let delays: [Row] =
        [0.5, 1, 10, 50, 100].map { milliseconds in
            Row(
                name: "delay \(NetworkBenchmark.text(milliseconds)) ms, one way, p50", unit: "ms",
                setup: Setup(kind: "delay", seconds: 2, network: link("latency = \"\(milliseconds)ms\"")),
                expected: milliseconds, tolerance: nil, control: "delay_p50_ms"
            ) { $0.first("delay_p50_ms") }
        } + [
            Row(
                name: "lateness at 10 ms, p50", unit: "µs",
                setup: Setup(kind: "delay", seconds: 2, network: link("latency = \"10ms\""))
            ) { $0.latenessMedian * 1e6 },
            Row(
                name: "lateness at 10 ms, p99", unit: "µs",
                setup: Setup(kind: "delay", seconds: 2, network: link("latency = \"10ms\""))
            ) { $0.lateness99 * 1e6 },
            Row(
                name: "unshaped, one way, p50", unit: "ms", setup: Setup(kind: "delay", seconds: 2),
                control: "delay_p50_ms"
            ) { $0.first("delay_p50_ms") },
            Row(
                name: "jitter, uniform ± 10 ms on 50 ms, σ", unit: "ms",
                setup: Setup(
                    kind: "delay", seconds: 10,
                    // 100 packets a second: closer ones would be held back so as not to overtake.
                    parameters: ["rate": "40"], network: link("latency = \"50ms\"", "jitter = \"10ms\"")),
                expected: 10 / 3.0.squareRoot(), tolerance: 0.1
            ) { $0.first("delay_sd_ms") },
            Row(
                name: "jitter, normal σ 10 ms on 50 ms, σ", unit: "ms",
                setup: Setup(
                    kind: "delay", seconds: 10, parameters: ["rate": "20"],
                    network: link(
                        "latency = \"50ms\"", "jitter = \"10ms\"", "jitter_distribution = \"normal\"")),
                expected: 10, tolerance: 0.1
            ) { $0.first("delay_sd_ms") },
        ]

    // MARK: Rate

    private static let rates: [Row] = [0.128, 1, 10, 100, 1_000].map { megabits in
        Row(
            name: "TCP goodput at \(NetworkBenchmark.text(megabits)) Mbit/s", unit: "Mbit/s",
            setup: Setup(
                kind: "goodput", seconds: megabits < 1 ? 12 : 6,
                network: link("bandwidth = \(Int(megabits * 1e6))", "latency = \"1ms\"")),
            expected: megabits * payloadShare, tolerance: 0.01
        ) { $0.first("goodput_mbit") }
    }

    // MARK: Chance

    private static let chances: [Row] = [0.1, 1, 5].map { percent in
        Row(
            name: "UDP loss of \(percent) %, 60,000 packets", unit: "%",
            setup: Setup(
                kind: "loss", seconds: 3, parameters: ["rate": "20000"], network: link("loss = \(percent)")),
            // 95 % of measurements lie within 1.96 σ of the share.
            expected: percent,
            tolerance: 1.96 * (percent / 100 * (1 - percent / 100) / 60_000).squareRoot() / (percent / 100)
        ) { (1 - $0.first("received") / $0.first("sent")) * 100 }
    }

    // MARK: TCP Reno against Mathis, Semke, Mahdavi, Ott 1997: MSS / RTT × √(3/2) / √p, delayed acknowledgements: √(3/4)

    private static let reno: [Row] = [(0.01, 10.0), (0.01, 50), (0.001, 10), (0.001, 50), (0.0001, 10)].map {
        share, rtt in
        let expected = 1_448 * 8 / (rtt / 1e3) * (1.5 / share).squareRoot() / 1e6
        return Row(
            name: "TCP Reno, loss \(share * 100) %, RTT \(Int(rtt)) ms", unit: "Mbit/s",
            setup: Setup(
                // Some 50 losses, or chance decides more than the network does.
                kind: "goodput", seconds: share < 0.01 ? 60 : 20, parameters: ["congestion": "reno"],
                network: link("latency = \"\(rtt / 2)ms\"", "queue = \"32MiB\"")
                    + "\n[[network.regions]]\nname = \"a\"\ngroups = [\"senders\"]\n"
                    + "[[network.regions]]\nname = \"b\"\ngroups = [\"receivers\"]\n"
                    // Acknowledgements are not lost.
                    + "[[network.links]]\nfrom = \"a\"\nto = \"b\"\nsymmetric = false\nloss = \(share * 100)\n"
            ),
            expected: expected, tolerance: 0.15
        ) { $0.first("goodput_mbit") }
    }

    // MARK: Queues

    private static func uplink(_ flows: Int, seconds: Double = 10) -> Row {
        Row(
            name: "\(flows) flows behind an uplink of 10 Mbit/s, sum", unit: "Mbit/s",
            setup: Setup(
                kind: "goodput", seconds: 10, pairs: flows,
                network:
                    "[[network.uplinks]]\ngroups = [\"senders\"]\nbandwidth = \"10Mbit/s\"\nqueue = \"150kB\"\n"
                    + link("latency = \"10ms\"")
            ),
            expected: 10 * payloadShare, tolerance: 0.02
        ) { $0.sum("goodput_mbit") }
    }

    private static let queues: [Row] = [
        uplink(2), uplink(4),
        Row(
            name: "4 flows behind an uplink, Jain's index", unit: "", setup: uplink(4, seconds: 40).setup,
            expected: 1,
            tolerance: 0.05
        ) { outcome in
            let flows = outcome.values["goodput_mbit"] ?? []
            let squares = flows.reduce(0) { $0 + $1 * $1 }
            return outcome.sum("goodput_mbit") * outcome.sum("goodput_mbit") / (Double(flows.count) * squares)
        },
        Row(
            name: "delay under load, 10 Mbit/s, queue of 100 packets", unit: "ms",
            setup: Setup(
                kind: "loaded", seconds: 8, parameters: ["rate": "50"],
                network: link("bandwidth = \"10Mbit/s\"", "queue = \"150kB\"")),
            expected: 120, tolerance: 0.15
        ) { $0.first("delay_p99_ms") },
    ]

    // MARK: Changes

    private static let changes: [Row] = [
        Row(
            name: "10 → 100 → 10 ms under 1 kHz: packets with the wrong delay", unit: "packets",
            setup: Setup(kind: "change", seconds: 2, network: link("latency = \"10ms\"")), expected: 0
        ) { $0.first("wrong") },
        Row(
            name: "a partition under 1 kHz: packets that crossed", unit: "packets",
            setup: Setup(kind: "partition", seconds: 2), expected: 0
        ) { $0.first("crossed") },
    ]

    // MARK: What it carries

    private static let limits: [Row] =
        [
            Row(
                name: "TCP, one pair, unshaped", unit: "Mbit/s", setup: Setup(kind: "goodput", seconds: 4),
                control: "goodput_mbit"
            ) { $0.first("goodput_mbit") },
            Row(
                name: "UDP, 64 bytes, unshaped", unit: "packets/s", setup: Setup(kind: "flood", seconds: 3),
                control: "packets_per_second"
            ) { $0.first("packets_per_second") },
        ]
        + [0, 10, 100, 1_000, 10_000].map { rules in
            Row(
                name: "UDP, 64 bytes, \(rules) rules", unit: "packets/s",
                setup: Setup(kind: "flood", seconds: 3, parameters: ["rules": "\(rules)"])
            ) { $0.first("packets_per_second") }
        }

    /// Many instances at once.
    static func crowds(_ instances: Int) -> [Row] {
        [
            Row(
                name: "100 pairs, each 10 Mbit/s and 10 ms, saturated, sum", unit: "Mbit/s",
                setup: Setup(
                    kind: "goodput", seconds: 8, pairs: 100,
                    network: link("bandwidth = \"10Mbit/s\"", "latency = \"10ms\"")),
                expected: 1_000 * payloadShare
            ) { $0.sum("goodput_mbit") },
            Row(
                name: "\(instances) instances, 10 ms, 10 packets a second each: lateness p99", unit: "µs",
                setup: Setup(
                    kind: "delay", seconds: 5, pairs: instances / 2, parameters: ["rate": "10"],
                    network: link("latency = \"10ms\""))
            ) { $0.lateness99 * 1e6 },
            Row(
                name: "\(instances) instances of a shell, launched and shaped", unit: "instances/s",
                setup: Setup(
                    kind: "delay", seconds: 1, pairs: instances / 2, doesNothing: true,
                    network: link("latency = \"10ms\""))
            ) { Double(instances) / $0.networkInitialised },
        ]
    }
}
