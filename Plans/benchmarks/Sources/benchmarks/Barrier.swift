// Barriers of a fifth, two fifths, … of the instances: from the signal to the end of the wait.

import Testground

func barrier(_ run: RunEnvironment) async throws {
    let iterations = try run.parameters.int("barrier_iterations")
    let limit = Duration.seconds(try run.parameters.int("barrier_test_timeout_secs"))
    try await run.initialise()
    try await withTimeout(limit, "\(iterations) iterations of all barriers") {
        for iteration in 0..<iterations {
            for percent in [20, 40, 60, 80, 100] {
                try await measureBarrier(run, iteration, percent)
            }
        }
    }
    run.recordMessage("\(iterations) barriers of each size passed")
}

private func measureBarrier(_ run: RunEnvironment, _ iteration: Int, _ percent: Int) async throws {
    let name = "barrier_time_\(percent)_percent"
    let target = max(1, run.instanceCount * percent / 100)
    // All start together, so that what is measured is the barrier and not the way of the slowest to it.
    try await run.sync.signalAndWait("ready_\(iteration)_\(name)")
    let start = ContinuousClock.now
    let count = try await run.sync.signalAndWait("test_\(iteration)_\(name)", target: target)
    let elapsed = ContinuousClock.now - start
    guard (1...run.instanceCount).contains(count) else {
        throw BenchmarkError(
            description: "the signal of one of \(run.instanceCount) instances answered \(count)")
    }
    run.results.recordPoint(name, elapsed.seconds)
    run.results.timer(name).update(elapsed)
}
