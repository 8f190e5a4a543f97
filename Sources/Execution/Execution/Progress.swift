// What happens while a task is carried out, told as it happens to whoever watches.

package import InstanceContract
package import TestgroundModel

/// The phases of a run, in order.
package enum RunPhase: String, Sendable, Hashable, Codable, CaseIterable {
    case built, scheduled, started
    case networkInitialised = "network_initialised"
    case finished
}

package enum ProgressEvent: Sendable {
    /// The engine or a builder or runner says something to the person.
    case note(String)
    case warning(Diagnostic)
    /// A build begins (`cached` unknown yet).
    case buildStarted(key: String, builder: String, groups: [String])
    /// A line of a build tool's output.
    case buildOutput(key: String, line: String)
    case buildFinished(key: String, result: BuildResult, seconds: Double)
    /// Instances that have passed a phase so far.
    case phase(RunPhase, count: Int, total: Int)
    /// An instance reported an event.
    case instanceEvent(InstanceReference, EventLine)
    /// An instance wrote a line that is no event. Lines are cut at 1 MiB with a mark; files have all bytes.
    case instanceOutput(InstanceReference, line: String, isError: Bool)
    case instanceEnded(InstanceRecord)
}

/// Receives progress.
///
/// Called from threads that must not wait: an implementation that can be slow (a terminal, a connection)
/// queues up to a limit and says what it left out.
package protocol ProgressSink: Sendable {
    func report(_ event: ProgressEvent)
}
