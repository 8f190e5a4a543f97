// Whether a runner gives instances the networks that it promises.

import PlanSockets
import Testground

@main
struct Verify: TestPlan {
    static var testCases: [TestCase] {
        TestCase("uses-data-network", usesDataNetwork)
        TestCase("control-is-private", controlIsPrivate)
    }
}

struct VerificationError: Error, CustomStringConvertible {
    var description: String
}

/// The instance's place among its peers.
func begin(_ run: RunEnvironment) async throws -> (own: Peer, others: [Peer]) {
    let sequence = try await run.initialise()
    guard run.network.isShapeable else {
        throw VerificationError(
            description: "this runner gives instances no network of their own; see its isolation setting")
    }
    let peers = try await run.exchangeAddresses()
    return (peers[sequence.global - 1], peers.filter { $0.globalSequence != sequence.global })
}
