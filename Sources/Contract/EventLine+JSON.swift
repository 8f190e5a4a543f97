// The one reader and the one writer of event lines (contract §2), shared by stdout, `run.out` and the events
// topic.

extension EventLine {
    /// The line without its newline:
    /// `{"ts":…,"msg":"","group_id":"…","run_id":"…","event":{…}}`, members in this order.
    package var json: String {
        JSONValue.object([
            .init("ts", .integer(timestamp)), .init("msg", ""), .init("group_id", .string(groupID)),
            .init("run_id", .string(runID)), .init("event", event.jsonValue),
        ]).text
    }

    /// Reads a line of stdout; nil when it is not an event, which makes it plain output.
    ///
    /// Lines of other SDKs may lack members or carry more of them: only `event` with one known event is
    /// required. What cannot be an event is turned away before it is parsed, since plans may print a great
    /// deal.
    package init?(line: some Collection<UInt8>) {
        // Most lines end here, without a copy.
        guard line.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return nil }
        let bytes = Array(line)
        guard Self.holdsMark(bytes), let value = try? JSONValue(parsing: bytes),
            let content = value["event"]
        else { return nil }
        let group = value["group_id"]?.stringValue ?? ""
        guard let event = InstanceEvent(jsonValue: content, group: group) else { return nil }
        self.init(
            timestamp: value["ts"]?.integerValue ?? 0, groupID: group,
            runID: value["run_id"]?.stringValue ?? "", event: event)
    }

    /// Reads a line of stdout; nil when it is not an event.
    package init?(line: String) { self.init(line: line.utf8) }

    private static let mark = Array("_event\"".utf8)

    /// Whether `_event"` is in the line, as it is with each kind of event.
    private static func holdsMark(_ line: [UInt8]) -> Bool {
        var matched = 0
        for byte in line {
            // The mark's first byte stands nowhere else in it, so a mismatch can only begin it anew.
            matched = byte == mark[matched] ? matched + 1 : (byte == mark[0] ? 1 : 0)
            if matched == mark.count { return true }
        }
        return false
    }
}

extension InstanceEvent {
    /// The event as JSON text, e.g. `{"message_event":{"message":"…"}}`: what the events topic carries.
    package var json: String { jsonValue.text }

    /// Reads an entry of the events topic; nil when it holds no known event.
    ///
    /// - Parameter group: the group to assume where an event names none.
    package init?(json: String, group: String = "") {
        guard let value = try? JSONValue(parsing: json) else { return nil }
        self.init(jsonValue: value, group: group)
    }

    var jsonValue: JSONValue {
        switch self {
        case .start(let runenv): Self.object("start_event", [.init("runenv", .verbatim(runenv))])
        case .message(let message): Self.object("message_event", [.init("message", .string(message))])
        case .success(let group): Self.object("success_event", [.init("group", .string(group))])
        case .failure(let group, let error):
            Self.object("failure_event", [.init("group", .string(group)), .init("error", .string(error))])
        case .crash(let group, let error, let stacktrace):
            Self.object(
                "crash_event",
                [
                    .init("group", .string(group)), .init("error", .string(error)),
                    .init("stacktrace", .string(stacktrace)),
                ])
        case .stageStart(let name, let group):
            Self.object("stage_start_event", [.init("name", .string(name)), .init("group", .string(group))])
        case .stageEnd(let name, let group):
            Self.object("stage_end_event", [.init("name", .string(name)), .init("group", .string(group))])
        }
    }

    private static func object(_ kind: String, _ members: [JSONValue.Member]) -> JSONValue {
        .object([.init(kind, .object(members))])
    }

    init?(jsonValue: JSONValue, group assumedGroup: String) {
        guard case .object(let members) = jsonValue else { return nil }
        for member in members {
            func text(_ name: String) -> String { member.value[name]?.stringValue ?? "" }
            let group = member.value["group"]?.stringValue ?? assumedGroup
            switch member.name {
            case _ where member.value == .null: continue
            case "start_event": self = .start(runenv: member.value["runenv"]?.text ?? "{}")
            case "message_event": self = .message(text("message"))
            case "success_event": self = .success(group: group)
            case "failure_event": self = .failure(group: group, error: text("error"))
            case "crash_event":
                self = .crash(group: group, error: text("error"), stacktrace: text("stacktrace"))
            case "stage_start_event": self = .stageStart(name: text("name"), group: group)
            case "stage_end_event": self = .stageEnd(name: text("name"), group: group)
            default: continue
            }
            return
        }
        return nil
    }
}
