// One progress event as readable lines: `12.3452s  MESSAGE << miners[003] >> text`.

import Execution
import InstanceContract
import TestgroundModel

/// Formats events for people; a pure function of the event, its time and these settings.
struct LineFormat: Sendable {
    /// Lines of one event that are shown; a stack trace may have thousands, and the outputs have them all.
    static let linesPerEvent = 24
    /// Bytes of one line that are shown.
    static let bytesPerLine = 4096

    private static let kindWidth = 7

    var style: Style
    /// Columns of the widest instance name, so that texts stand below each other.
    var labelWidth: Int
    /// Digits of the largest instance number.
    var indexDigits: Int

    /// - Parameter groups: the run's groups and their instances; names learn their width from them.
    init(style: Style, groups: [(id: String, instances: Int)] = []) {
        self.style = style
        let largest = groups.map { $0.instances - 1 }.max() ?? 0
        let digits = max(3, String(max(0, largest)).count)
        indexDigits = digits
        labelWidth = groups.map { VisibleText.columns($0.id) + digits + 2 }.max() ?? 0
    }

    /// Widens the names' column for an instance that was not announced.
    mutating func learn(_ instance: InstanceReference) {
        labelWidth = max(labelWidth, VisibleText.columns(label(instance)))
    }

    /// The event's lines, each with its line feed; empty for events that people need not see.
    func text(_ event: ProgressEvent, at: Double) -> String {
        switch event {
        case .note(let text):
            return general(at, "NOTE", .dim, text)
        case .warning(let diagnostic):
            return general(at, "WARNING", .yellow, Self.sentence(diagnostic))
        case .buildStarted(_, let builder, let groups):
            return general(at, "BUILD", .cyan, "\(builder) for \(groups.joined(separator: ", "))")
        case .buildOutput(_, let line):
            return general(at, "BUILD", .cyan, "| " + line)
        case .buildFinished(_, let result, let seconds):
            let how = result.cached ? "up to date" : "done"
            return general(
                at, "BUILD", .cyan, "\(how) in \(Wording.seconds(seconds)): \(result.artifact.reference)")
        case .phase(let phase, let count, let total):
            guard count >= total, total > 0 else { return "" }
            return general(at, "PHASE", .bold, Self.sentence(phase, count: count, total: total))
        case .instanceEvent(let instance, let line):
            return text(line.event, of: instance, at: at)
        case .instanceOutput(let instance, let line, let isError):
            return self.instance(
                instance, at, isError ? "ERROR" : "OUTPUT", isError ? .magenta : .dim, line)
        case .instanceEnded(let record):
            guard record.outcome != .success else { return "" }
            return instance(
                record.instance, at, "EXIT", .boldRed,
                Self.reasoned(record.outcome, record.reason ?? "", .plain))
        }
    }

    /// A line of the program's own, aligned with the others.
    func notice(_ text: String, at: Double, ink: Style.Ink = .boldYellow) -> String {
        general(at, "NOTE", ink, text)
    }

    // MARK: Words

    static func word(_ outcome: InstanceOutcome) -> String {
        outcome == .neverStarted ? "never started" : outcome.rawValue
    }

    /// `failure: no peers`; a reason that opens with the outcome's word, `crashed: …`, says it alone.
    static func reasoned(_ outcome: InstanceOutcome, _ reason: String, _ style: Style) -> String {
        let word = word(outcome)
        if reason.hasPrefix(word) { return style(.red, word) + reason.dropFirst(word.count) }
        return style(.red, word) + (reason.isEmpty ? "" : ": \(reason)")
    }

    static func word(_ phase: RunPhase) -> String {
        phase == .networkInitialised ? "network initialised" : phase.rawValue
    }

    static func sentence(_ phase: RunPhase, count: Int, total: Int) -> String {
        let noun = phase == .built ? "build" : "instance"
        let amount =
            count == total ? Wording.number(count) : "\(Wording.number(count)) of \(Wording.number(total))"
        return "\(word(phase)): \(amount) \(total == 1 ? noun : noun + "s")"
    }

    static func sentence(_ diagnostic: Diagnostic) -> String {
        let place = diagnostic.location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return place + diagnostic.message + (diagnostic.remedy.map { " (\($0))" } ?? "")
    }

    // MARK: Lines

    private func text(_ event: InstanceEvent, of reference: InstanceReference, at: Double) -> String {
        switch event {
        case .start:
            instance(reference, at, "START", .cyan, "")
        case .message(let message):
            instance(reference, at, "MESSAGE", .blue, message)
        case .success:
            instance(reference, at, "OK", .boldGreen, "")
        case .failure(_, let error):
            instance(reference, at, "FAIL", .boldRed, error)
        case .crash(_, let error, let stacktrace):
            instance(
                reference, at, "CRASH", .boldRed, stacktrace.isEmpty ? error : error + "\n" + stacktrace)
        case .stageStart(let name, _):
            instance(reference, at, "STAGE", .yellow, "\(name) begins")
        case .stageEnd(let name, _):
            instance(reference, at, "STAGE", .yellow, "\(name) ends")
        }
    }

    private func general(_ at: Double, _ kind: String, _ ink: Style.Ink, _ text: String) -> String {
        let kindText = VisibleText.padded(kind, to: Self.kindWidth, alignRight: true)
        let head = style(.dim, Wording.stamp(at)) + "  " + style(ink, kindText) + "  "
        return lines(head: head, headWidth: 10 + 2 + Self.kindWidth + 2, text: text)
    }

    private func instance(
        _ reference: InstanceReference, _ at: Double, _ kind: String, _ ink: Style.Ink, _ text: String
    ) -> String {
        let kindText = VisibleText.padded(kind, to: Self.kindWidth, alignRight: true)
        let label = VisibleText.padded(label(reference), to: labelWidth)
        let head =
            style(.dim, Wording.stamp(at)) + "  " + style(ink, kindText) + style(.dim, " << ") + label
            + style(.dim, " >> ")
        let width = 10 + 2 + Self.kindWidth + 4 + VisibleText.columns(label) + 4
        return lines(head: head, headWidth: width, text: text)
    }

    /// `miners[003]`
    func label(_ reference: InstanceReference) -> String {
        let digits = String(reference.index)
        let zeros = String(repeating: "0", count: max(0, indexDigits - digits.count))
        return "\(VisibleText.escaped(reference.group))[\(zeros)\(digits)]"
    }

    /// The text behind its head; further lines stand below the first.
    private func lines(head: String, headWidth: Int, text: String) -> String {
        var text = text
        while text.hasSuffix("\n") { text.removeLast() }
        let all = VisibleText.lines(text)
        var shown = all.prefix(Self.linesPerEvent).map(cut)
        if all.count > shown.count {
            let missing = Wording.count(all.count - shown.count, "more line")
            shown.append(style(.dim, "… \(missing) in the outputs"))
        }
        let indentation = String(repeating: " ", count: headWidth)
        var result = ""
        for (number, line) in shown.enumerated() {
            result += number == 0 ? head + line : indentation + line
            while result.hasSuffix(" ") { result.removeLast() }
            result += "\n"
        }
        return result
    }

    private func cut(_ line: String) -> String {
        guard line.utf8.count > Self.bytesPerLine else { return line }
        var end = line.utf8.index(line.utf8.startIndex, offsetBy: Self.bytesPerLine)
        while end > line.startIndex, end.samePosition(in: line.unicodeScalars) == nil {
            end = line.utf8.index(before: end)
        }
        let missing = line.utf8.distance(from: end, to: line.utf8.endIndex)
        return line[..<end] + style(.dim, "… \(Wording.count(missing, "more byte")) in the outputs")
    }
}
