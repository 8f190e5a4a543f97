// What an instance reports while it runs.

import InstanceContract

extension RunEnvironment {
    /// Reports a message; it is shown as `MESSAGE << group[n] >> …`.
    public func recordMessage(_ message: String) { events.record(.message(message)) }

    /// Runs `body` as a stage: its start and its end are reported, the end also when it throws. Stages that
    /// are open when an instance ends or hangs are named in the run's report.
    public func stage<Value>(
        _ name: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        beginStage(name)
        defer { endStage(name) }
        return try await body()
    }

    /// Reports a stage's start, for stages that do not fit a scope.
    public func beginStage(_ name: String) { events.record(.stageStart(name: name, group: group)) }

    /// Reports a stage's end.
    public func endStage(_ name: String) { events.record(.stageEnd(name: name, group: group)) }

    /// Reports success now. Returning from the test case does it too; only the first counts, and a later
    /// failure outweighs it.
    public func recordSuccess() { events.recordSuccess() }

    /// Reports failure now, and goes on; the instance fails whatever comes after. Throwing from the test case
    /// does it too.
    public func recordFailure(_ error: some Error) { events.recordFailure("\(error)") }

    /// Reports failure now, and goes on; the instance fails whatever comes after.
    public func recordFailure(_ reason: String) { events.recordFailure(reason) }

    /// Reports a crash, e.g. of the system under test. Crashes of the instance itself are reported without
    /// it.
    ///
    /// - Parameter stacktrace: frames, one a line.
    public func recordCrash(_ error: some Error, stacktrace: String = "") {
        events.recordCrash("\(error)", stacktrace: stacktrace)
    }
}
