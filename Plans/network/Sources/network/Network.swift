// Whether the network that instances are given is the one they have asked for.

import Testground

@main
struct Network: TestPlan {
    static var testCases: [TestCase] {
        TestCase("ping-pong", pingPong)
        TestCase("round-trips", roundTrips)
    }
}

struct NetworkPlanError: Error, CustomStringConvertible {
    var description: String
}
