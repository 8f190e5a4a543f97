// How long the network takes to be there, and to change.

import Testground

/// From the start of the test case until the network of every instance is there.
func netInit(_ run: RunEnvironment) async throws {
    let start = ContinuousClock.now
    try await run.network.waitUntilInitialised()
    run.results.recordPoint("time_to_network_init_secs", (ContinuousClock.now - start).seconds)
}

/// From the wish for a shape until every instance has it.
func netLinkShape(_ run: RunEnvironment) async throws {
    guard run.network.isShapeable else {
        throw BenchmarkError(
            description: "this runner gives instances no network of their own; see its isolation setting")
    }
    try await run.initialise()
    try await run.waitForAllInstances()
    let start = ContinuousClock.now
    try await run.network.configure(
        NetworkConfiguration(
            shape: LinkShape(latency: .milliseconds(250), bandwidth: .megabitsPerSecond(1)),
            callbackState: "network-configured"))
    run.results.recordPoint("time_to_shape_network_secs", (ContinuousClock.now - start).seconds)
}
