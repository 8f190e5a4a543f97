// An instance's event as the journal keeps it: flat, with the start event's environment as text.

import InstanceContract

/// The Codable form of an `EventLine`.
struct RecordedEvent: Codable {
    enum Kind: String, Codable {
        case start, message, success, failure, crash
        case stageStart = "stage_start"
        case stageEnd = "stage_end"
    }

    var ts: Int64
    var groupID: String
    var runID: String
    var type: Kind
    var text: String?
    var name: String?
    var group: String?
    var stacktrace: String?

    private enum CodingKeys: String, CodingKey {
        case ts
        case groupID = "group_id"
        case runID = "run_id"
        case type, text, name, group, stacktrace
    }

    init(_ line: EventLine) {
        ts = line.timestamp
        groupID = line.groupID
        runID = line.runID
        switch line.event {
        case .start(let runenv): (type, text) = (.start, runenv)
        case .message(let message): (type, text) = (.message, message)
        case .success(let group): (type, self.group) = (.success, group)
        case .failure(let group, let error): (type, self.group, text) = (.failure, group, error)
        case .crash(let group, let error, let stacktrace):
            (type, self.group, text, self.stacktrace) = (.crash, group, error, stacktrace)
        case .stageStart(let name, let group): (type, self.name, self.group) = (.stageStart, name, group)
        case .stageEnd(let name, let group): (type, self.name, self.group) = (.stageEnd, name, group)
        }
    }

    var line: EventLine {
        let event: InstanceEvent =
            switch type {
            case .start: .start(runenv: text ?? "")
            case .message: .message(text ?? "")
            case .success: .success(group: group ?? "")
            case .failure: .failure(group: group ?? "", error: text ?? "")
            case .crash: .crash(group: group ?? "", error: text ?? "", stacktrace: stacktrace ?? "")
            case .stageStart: .stageStart(name: name ?? "", group: group ?? "")
            case .stageEnd: .stageEnd(name: name ?? "", group: group ?? "")
            }
        return EventLine(timestamp: ts, groupID: groupID, runID: runID, event: event)
    }
}
