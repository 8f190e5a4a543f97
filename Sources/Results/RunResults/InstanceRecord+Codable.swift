// An instance's record as it stands in `summary.json` and in the journal.

import Execution
import InstanceContract

extension InstanceRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case group, index, outcome, reason
        case exitStatus = "exit_status"
        case signal
        case processID = "pid"
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case openStages = "open_stages"
        case lastMessage = "last_message"
        case resources
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let signal = try values.decodeIfPresent(Int32.self, forKey: .signal)
        let status = try values.decodeIfPresent(Int32.self, forKey: .exitStatus)
        try self.init(
            instance: InstanceReference(
                group: values.decode(String.self, forKey: .group),
                index: values.decode(Int.self, forKey: .index)),
            outcome: values.decode(InstanceOutcome.self, forKey: .outcome),
            reason: values.decodeIfPresent(String.self, forKey: .reason),
            exit: signal.map(ProcessExit.signal) ?? status.map(ProcessExit.status),
            processID: values.decodeIfPresent(Int32.self, forKey: .processID),
            startedAt: values.decodeIfPresent(Double.self, forKey: .startedAt),
            endedAt: values.decodeIfPresent(Double.self, forKey: .endedAt),
            openStages: values.decodeIfPresent([String].self, forKey: .openStages) ?? [],
            lastMessage: values.decodeIfPresent(String.self, forKey: .lastMessage),
            resources: values.decodeIfPresent(ResourceUse.self, forKey: .resources))
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(instance.group, forKey: .group)
        try values.encode(instance.index, forKey: .index)
        try values.encode(outcome, forKey: .outcome)
        try values.encodeIfPresent(reason, forKey: .reason)
        switch exit {
        case .status(let status): try values.encode(status, forKey: .exitStatus)
        case .signal(let signal): try values.encode(signal, forKey: .signal)
        case nil: break
        }
        try values.encodeIfPresent(processID, forKey: .processID)
        try values.encodeIfPresent(startedAt, forKey: .startedAt)
        try values.encodeIfPresent(endedAt, forKey: .endedAt)
        if !openStages.isEmpty { try values.encode(openStages, forKey: .openStages) }
        try values.encodeIfPresent(lastMessage, forKey: .lastMessage)
        try values.encodeIfPresent(resources, forKey: .resources)
    }
}
