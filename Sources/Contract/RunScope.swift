// The names by which a run's states and topics are known to the sync service.

/// The plan, case and run that qualify every key of an instance (contract §4).
package struct RunScope: Sendable, Hashable {
    package var run: String
    package var plan: String
    package var testCase: String

    package init(run: String, plan: String, testCase: String) {
        self.run = run
        self.plan = plan
        self.testCase = testCase
    }

    /// `run:<run>:plan:<plan>:case:<case>`, the prefix of every key of the run.
    package var prefix: String { "run:\(run):plan:\(plan):case:\(testCase)" }

    package func state(_ name: String) -> String { "\(prefix):states:\(name)" }

    package func topic(_ name: String) -> String { "\(prefix):topics:\(name)" }

    /// The topic on which every instance publishes its events.
    package var eventsTopic: String { "\(prefix):run_events" }
}
