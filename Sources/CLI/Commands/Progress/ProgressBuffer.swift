// The bounded queue between who reports and the slow output, decided purely.

import Execution
import InstanceContract

/// Items waiting to be shown. What comes when it is full is counted, not kept.
struct ProgressBuffer: Sendable {
    /// Limits, as values so that tests can reach them.
    struct Limits: Sendable {
        /// Messages and output lines; some seconds of what a terminal can show.
        var chatter = 16_384
        /// Everything that figures are counted from. Larger, so that a talkative plan cannot make them wrong.
        var essential = 262_144
        /// Bytes of text in all waiting items: one line may have 1 MiB.
        var bytes = 32 * 1024 * 1024
    }

    private let limits: Limits
    private var items: [(item: ProgressItem, at: Double)] = []
    private var chatter = 0
    private var bytes = 0
    private var leftOut = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    var isEmpty: Bool { items.isEmpty && leftOut == 0 }

    mutating func add(_ item: ProgressItem, at: Double) {
        let (isChatter, size) = Self.weight(item)
        let fits =
            isChatter
            ? chatter < limits.chatter && bytes + size <= limits.bytes
            : items.count - chatter < limits.essential
        guard fits else {
            leftOut += 1
            return
        }
        if isChatter { chatter += 1 }
        bytes += size
        items.append((item, at))
    }

    /// Takes everything; the note on what was left out comes last, since only a full queue leaves
    /// anything out.
    mutating func takeAll() -> [(item: ProgressItem, at: Double)] {
        var all = items
        if leftOut > 0 { all.append((.leftOut(leftOut), all.last?.at ?? 0)) }
        self = ProgressBuffer(limits: limits)
        return all
    }

    /// Whether an item may be left out without making figures wrong, and its bytes.
    private static func weight(_ item: ProgressItem) -> (isChatter: Bool, bytes: Int) {
        guard case .event(let event) = item else { return (false, 0) }
        switch event {
        case .buildOutput(_, let line), .instanceOutput(_, let line, _): return (true, line.utf8.count)
        case .note(let text): return (true, text.utf8.count)
        case .instanceEvent(_, let line):
            switch line.event {
            case .message(let text): return (true, text.utf8.count)
            case .start, .success, .failure, .crash, .stageStart, .stageEnd: return (false, 0)
            }
        case .warning, .buildStarted, .buildFinished, .phase, .instanceEnded: return (false, 0)
        }
    }
}
