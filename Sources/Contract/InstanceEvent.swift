// What an instance reports about itself (contract §2).

/// The content of an event line; exactly one of these stands in a line's `event`.
package enum InstanceEvent: Sendable, Hashable {
    /// `start_event`: the instance is up; the payload is its environment as JSON text.
    case start(runenv: String)
    case message(String)
    case success(group: String)
    case failure(group: String, error: String)
    case crash(group: String, error: String, stacktrace: String)
    case stageStart(name: String, group: String)
    case stageEnd(name: String, group: String)
}

/// One event line of stdout, `run.out` and the events topic.
package struct EventLine: Sendable, Hashable {
    /// Unix time in nanoseconds.
    package var timestamp: Int64
    package var groupID: String
    package var runID: String
    package var event: InstanceEvent

    package init(timestamp: Int64, groupID: String, runID: String, event: InstanceEvent) {
        self.timestamp = timestamp
        self.groupID = groupID
        self.runID = runID
        self.event = event
    }
}
