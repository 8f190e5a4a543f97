// The live summary of a large run: a block that is painted again on a terminal, a line now and then
// elsewhere.

import Execution
import InstanceContract

/// Draws a tally.
struct SummaryFormat: Sendable {
    /// Groups shown in the block; a composition may have a thousand.
    static let groupsShown = 8
    static let slowestShown = 3
    static let stagesShown = 3
    /// Silence in seconds from which an instance counts as slow.
    static let silence = 2.0

    private static let barWidth = 20

    var style: Style
    /// Columns of the terminal.
    var width: Int

    /// The block's lines, none wider than the terminal.
    func block(_ tally: RunTally, at: Double) -> [String] {
        var lines = [head(tally, at: at)]
        let names = tally.groups.prefix(Self.groupsShown).map {
            VisibleText.cut(VisibleText.escaped($0.id), to: 24)
        }
        let nameWidth = max(7, names.map { VisibleText.columns($0) }.max() ?? 0)
        let digits = tally.groups.map { String($0.total).count }.max() ?? 1
        for (group, name) in zip(tally.groups, names) {
            lines.append(
                self.group(group, name: VisibleText.padded(name, to: nameWidth), digits: digits, tally: tally)
            )
        }
        if tally.groups.count > Self.groupsShown {
            lines.append("  … and \(Wording.count(tally.groups.count - Self.groupsShown, "more group"))")
        }
        let slow = tally.slowest(Self.slowestShown, at: at).filter { $0.silent >= Self.silence }
        if !slow.isEmpty {
            let text = slow.map { entry in
                "\(entry.instance) silent \(Wording.number(Int(entry.silent))) s"
                    + (entry.stage.map { " in \($0)" } ?? "")
            }.joined(separator: ", ")
            lines.append(note("slowest", nameWidth, text, .yellow))
        }
        return lines
    }

    /// The same in one line, for logs.
    func line(_ tally: RunTally, at: Double) -> String {
        var parts = ["\(Wording.number(tally.started))/\(Wording.number(tally.total)) started"]
        parts.append("\(Wording.number(tally.ok)) ok")
        if tally.failed > 0 { parts.append("\(Wording.number(tally.failed)) failed") }
        let running = tally.running.count
        if running > 0 { parts.append("\(Wording.number(running)) running") }
        let stages = tally.stages().prefix(Self.stagesShown)
        if !stages.isEmpty {
            parts.append(
                "in "
                    + stages.map { "\(VisibleText.escaped($0.name)) \(Wording.number($0.count))" }
                    .joined(separator: ", "))
        }
        return style(.dim, Wording.stamp(at)) + "  " + style(.bold, "SUMMARY") + "  "
            + parts.joined(separator: ", ") + "\n"
    }

    // MARK: Lines of the block

    private func head(_ tally: RunTally, at: Double) -> String {
        let ended = tally.ok + tally.failed
        var parts: [(Style.Ink?, String)] = [
            (.dim, Wording.stamp(at)), (nil, "  "),
            (.bold, "\(Wording.number(ended)) of \(Wording.number(tally.total)) finished"),
        ]
        if tally.running.count > 0 {
            parts.append((nil, " · \(Wording.number(tally.running.count)) running"))
        }
        if tally.started < tally.total {
            parts.append((nil, " · \(Wording.number(tally.total - tally.started)) to start"))
        }
        if tally.failed > 0 { parts.append((.boldRed, " · \(Wording.number(tally.failed)) failed")) }
        if let network = tally.phases[.networkInitialised], network.count < network.total {
            parts.append(
                (nil, " · network \(Wording.number(network.count))/\(Wording.number(network.total))"))
        }
        return fit(parts)
    }

    private func group(_ group: RunTally.Group, name: String, digits: Int, tally: RunTally) -> String {
        let total = max(1, group.total)
        let okCells = group.ok * Self.barWidth / total
        let failedCells = group.failed == 0 ? 0 : max(1, group.failed * Self.barWidth / total)
        // Up to where all that have begun reach: parts rounded one by one would leave a gap at the end.
        let begunCells = (group.ok + group.failed + group.running) * Self.barWidth / total
        let runningCells = max(0, min(Self.barWidth, begunCells) - okCells - failedCells)
        let used = min(Self.barWidth, okCells + failedCells + runningCells)
        var parts: [(Style.Ink?, String)] = [
            (nil, "  \(name)  "),
            (.green, String(repeating: "█", count: min(okCells, Self.barWidth - failedCells))),
            (.red, String(repeating: "█", count: failedCells)),
            (.blue, String(repeating: "▒", count: runningCells)),
            (.dim, String(repeating: "░", count: Self.barWidth - used)),
            (
                nil,
                "  " + VisibleText.padded(String(group.ok), to: digits, alignRight: true)
                    + "/\(group.total) ok"
            ),
        ]
        if group.failed > 0 { parts.append((.red, "  \(Wording.number(group.failed)) failed")) }
        let stages = tally.stages(of: group.id).prefix(Self.stagesShown)
        if !stages.isEmpty {
            let text = stages.map { "\(VisibleText.escaped($0.name)) \(Wording.number($0.count))" }
            parts.append((.dim, "  " + text.joined(separator: ", ")))
        }
        return fit(parts)
    }

    private func note(_ name: String, _ width: Int, _ text: String, _ ink: Style.Ink) -> String {
        fit([
            (ink, "  " + VisibleText.padded(name, to: width) + "  "),
            (nil, VisibleText.escaped(text.replacing("\n", with: " "))),
        ])
    }

    /// The parts joined, cut at the terminal's width: a wrapped line would spoil the next painting.
    private func fit(_ parts: [(Style.Ink?, String)]) -> String {
        var left = max(1, width - 1)
        var result = ""
        for (ink, text) in parts where left > 0 {
            let shown = VisibleText.cut(text, to: left)
            left -= VisibleText.columns(shown)
            result += style(ink, shown)
        }
        return result
    }
}
