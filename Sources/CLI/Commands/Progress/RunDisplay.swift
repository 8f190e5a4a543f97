// What a person or a program sees while a task is carried out.

import Execution
import Foundation
import RunResults

/// One thing to show.
enum ProgressItem: Sendable {
    case event(ProgressEvent)
    /// A run begins; the figures start anew.
    case began(RunHeading)
    /// The program itself has something to say now, e.g. that it is cancelling.
    case notice(String)
    /// Finished text: a verdict.
    case text(String)
    /// A finished JSON object of `--json`.
    case object(Data)
    /// Events that came faster than they could be shown.
    case leftOut(Int)
}

/// What is known of a run before it begins.
struct RunHeading: Sendable {
    /// `run 2 of 3: …`, empty where there is one run.
    var title: String
    var groups: [(id: String, instances: Int)]

    var instances: Int { groups.reduce(0) { $0 + $1.instances } }
}

/// Turns items into text for the output, in one of four modes. No clock, no output.
struct RunDisplay: Sendable {
    enum Mode: Sendable, Equatable {
        /// Lines up to `linesLimit` instances, a live summary beyond.
        case automatic
        /// Every event as a line.
        case lines
        /// One JSON object a line.
        case json
        /// Warnings and verdicts.
        case quiet
    }

    /// Instances up to which every event is a line of its own: beyond, nobody reads along.
    static let linesLimit = 50
    /// Failures of a large run that are shown as they happen; the verdict names more.
    static let failuresShown = 10
    /// Seconds between two paintings of the block, however fast events come.
    static let paintInterval = 0.15
    /// Seconds between two summary lines where nothing can be painted again.
    static let sparseInterval = 10.0

    let mode: Mode
    let style: Style
    /// True where a block can be painted again.
    let isTerminal: Bool
    /// Columns of the terminal.
    var width: Int

    private var lines: LineFormat
    private var tally = RunTally(groups: [])
    private var isLarge = false
    /// Lines of the block that stand on the terminal now.
    private var painted = 0
    private var failures = 0
    /// When the run at hand began, in seconds since the program's start.
    private var origin = 0.0
    /// When the summary was last drawn, in seconds since the run's start.
    private var lastDrawn = -Double.infinity

    init(mode: Mode, style: Style, isTerminal: Bool, width: Int) {
        self.mode = mode
        self.style = style
        self.isTerminal = isTerminal
        self.width = width
        lines = LineFormat(style: style)
    }

    /// - Parameter time: seconds since the program's start.
    mutating func take(_ item: ProgressItem, at time: Double) -> String {
        if case .began = item { origin = time }
        let at = time - origin
        if mode == .json { return json(item, at: at) }
        switch item {
        case .event(let event): return take(event, at: at)
        case .began(let heading):
            tally = RunTally(groups: heading.groups)
            lines = LineFormat(style: style, groups: heading.groups)
            isLarge = mode == .automatic && heading.instances > Self.linesLimit
            failures = 0
            lastDrawn = isTerminal ? -.infinity : at
            guard !heading.title.isEmpty, mode != .quiet else { return "" }
            return erased() + "\n" + style(.bold, VisibleText.escaped(heading.title)) + "\n"
        case .notice(let text): return erased() + lines.notice(text, at: at)
        case .text(let text): return erased() + text
        case .object: return ""
        case .leftOut(let count):
            guard mode != .quiet else { return "" }
            let text = "\(Wording.count(count, "line")) left out here; all are in the outputs"
            return erased() + lines.notice(text, at: at, ink: .yellow)
        }
    }

    /// Called a few times a second, and when the items at hand have been taken.
    mutating func tick(at time: Double) -> String {
        let at = time - origin
        guard isLarge, tally.started > 0, tally.ok + tally.failed < tally.total else { return "" }
        guard at - lastDrawn >= (isTerminal ? Self.paintInterval : Self.sparseInterval) else { return "" }
        lastDrawn = at
        let format = SummaryFormat(style: style, width: width)
        guard isTerminal else { return format.line(tally, at: at) }
        let block = format.block(tally, at: at)
        let text = erased() + block.map { $0 + "\n" }.joined()
        painted = block.count
        return text
    }

    /// Removes the block before the program leaves the terminal.
    mutating func end() -> String { erased() }

    private mutating func take(_ event: ProgressEvent, at: Double) -> String {
        tally.note(event, at: at)
        if mode == .quiet {
            guard case .warning = event else { return "" }
            return lines.text(event, at: at)
        }
        guard isLarge else { return lines.text(event, at: at) }
        switch event {
        case .instanceEvent, .instanceOutput: return ""
        case .instanceEnded(let record):
            guard record.outcome != .success else { return "" }
            failures += 1
            if failures == Self.failuresShown + 1 {
                return erased() + lines.notice("further failures are named at the end", at: at, ink: .yellow)
            }
            guard failures <= Self.failuresShown else { return "" }
            return erased() + lines.text(event, at: at)
        case .note, .warning, .buildStarted, .buildOutput, .buildFinished, .phase:
            let text = lines.text(event, at: at)
            return text.isEmpty ? "" : erased() + text
        }
    }

    /// Moves to the block's first line and clears from there (ECMA-48 CUU, ED).
    private mutating func erased() -> String {
        guard painted > 0 else { return "" }
        defer { painted = 0 }
        return "\u{1b}[\(painted)A\r\u{1b}[J"
    }

    private func json(_ item: ProgressItem, at: Double) -> String {
        switch item {
        case .event(let event): JSONText.line(JournalEntry(at: at, event: event))
        case .notice(let text): JSONText.line(JournalEntry(at: at, event: .note(text)))
        case .leftOut(let count): JSONText.line(LeftOut(at: at, count: count))
        case .object(let data): String(decoding: data, as: UTF8.self) + "\n"
        case .began, .text: ""
        }
    }

    private struct LeftOut: Encodable {
        var at: Double
        var kind = "left_out"
        var count: Int
    }
}
