// How true the shaped network is, and how much it carries: each row says what must come out, what came out, and what
// a veth pair of the kernel's does beside it.
//
//     NetworkBenchmark PROGRAM PROBE [--rounds N] [--only WORD] [--instances N]
//
// Rows run as ordinary runs of the program, pairs of instances of NetworkProbe, the network laid out by the
// composition. Several rounds in turn; the table has medians and spreads (10th to 90th percentile).

import Foundation
import Rounds

/// A line of the table.
struct Row: Sendable {
    var name: String
    var unit: String
    var setup: Setup
    /// nil where there is nothing that must come out.
    var expected: Double?
    /// Share of the expected value that the figure may be off; nil for absolute bounds, which the name then tells.
    var tolerance: Double?
    /// The veth pair's measurement of the same kind, by its metric.
    var control: String?
    var measure: @Sendable (Outcome) -> Double
}

@main enum NetworkBenchmark {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        func option(_ name: String) -> String? {
            guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
            defer { arguments.removeSubrange(place...place + 1) }
            return arguments[place + 1]
        }
        let rounds = option("--rounds").flatMap { Int($0) } ?? 3
        let only = option("--only")
        let instances = option("--instances").flatMap { Int($0) } ?? 1_000
        guard arguments.count == 2 else {
            FileHandle.standardError.write(
                Data(
                    "usage: NetworkBenchmark PROGRAM PROBE [--rounds N] [--only WORD] [--instances N]\n".utf8)
            )
            exit(2)
        }
        let laboratory = try Laboratory(program: arguments[0], probe: arguments[1])
        defer { laboratory.close() }
        let rows = (Rows.all + Rows.crowds(instances)).filter { only.map($0.name.contains) ?? true }
        show("network, \(rounds) rounds, median [10th … 90th percentile]")
        if only.map("50 runs".contains) ?? true {
            let leaks = try laboratory.leaks(runs: 50)
            show(
                "\n50 runs of 20 instances in one program, more after the 49th than after the 10th: "
                    + "\(leaks.descriptors) descriptors, \(leaks.threads) threads, \(text(leaks.resident)) MiB resident; "
                    + "left on the machine: \(leaks.namespaces) namespaces, \(leaks.devices) devices\n")
        }
        show("| | expected | measured | spread | unit | deviation | veth pair | trusted |")
        show("|---|---|---|---|---|---|---|---|")
        var controls: [String: Double] = [:]
        for row in rows {
            do {
                show(try line(row, rounds, laboratory, &controls))
            } catch {
                show("| \(row.name) | failed: \(error) |")
            }
        }
    }

    /// Each line as soon as it is known, also into a file.
    private static func show(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    private static func line(
        _ row: Row, _ rounds: Int, _ laboratory: Laboratory, _ controls: inout [String: Double]
    ) throws -> String {
        var values: [Double] = []
        var trusted = 0
        for _ in 0..<rounds {
            let outcome = try laboratory.run(row.setup)
            values.append(row.measure(outcome))
            trusted += outcome.isTrusted ? 1 : 0
        }
        var control = ""
        if let metric = row.control {
            let key = "\(row.setup.kind) \(metric)"
            if controls[key] == nil {
                controls[key] = try laboratory.control(row.setup.kind, seconds: min(2, row.setup.seconds))[
                    metric]
            }
            control = controls[key].map(text) ?? ""
        }
        let measured = Rounds(values)
        var deviation = ""
        if let expected = row.expected, expected != 0 {
            let share = measured.median / expected - 1
            deviation = String(format: "%+.2f %%", share * 100)
            if let tolerance = row.tolerance, abs(share) > tolerance { deviation += " ✗" }
        } else if row.expected == 0, measured.median != 0 {
            deviation = "✗"
        }
        return
            "| \(row.name) | \(row.expected.map(text) ?? "") | \(text(measured.median)) "
            + "| \(text(measured.spread.low))–\(text(measured.spread.high)) | \(row.unit) | \(deviation) "
            + "| \(control) | \(trusted) of \(rounds) |"
    }

    static func text(_ value: Double) -> String {
        String(format: abs(value) < 10 ? "%.3f" : abs(value) < 1_000 ? "%.1f" : "%.0f", value)
    }
}
