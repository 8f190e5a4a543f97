// From the start of the run to the first line of the test case.

import Testground

func startup(_ run: RunEnvironment) async throws {
    guard let elapsed = run.timeSinceStart else {
        throw BenchmarkError(description: "the runner does not say when the run began (TEST_START_TIME)")
    }
    run.results.recordPoint("time_to_start_secs", elapsed.seconds)
}
