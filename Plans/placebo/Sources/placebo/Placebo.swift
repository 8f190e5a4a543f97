// Does nothing, in five ways: what a runner must be able to tell apart.

import Testground

@main struct Placebo: TestPlan {
    static var testCases: [TestCase] {
        TestCase("ok") { _ in }

        TestCase("abort") { _ in throw Aborted() }

        TestCase("panic") { _ in fatalError("this is an intentional panic") }

        TestCase("stall") { run in
            run.recordMessage("now stalling until someone ends it")
            try await Task.sleep(for: .seconds(24 * 3600))
        }

        TestCase("metrics", measure)
    }
}

struct Aborted: Error, CustomStringConvertible {
    let description = "this is an intentional failure"
}

/// Writes every kind of metric once in a while.
@Sendable func measure(_ run: RunEnvironment) async throws {
    let counter = run.results.counter("donkeypower")
    let histogram = run.results.histogram("waves")
    let timer = run.diagnostics.timer("pauses")
    let end = ContinuousClock.now + (try run.parameters.duration("duration", default: .seconds(10)))
    while ContinuousClock.now < end {
        let began = ContinuousClock.now
        try await Task.sleep(for: .milliseconds(100))
        timer.update(ContinuousClock.now - began)
        counter.increment()
        histogram.update(.random(in: 1...100))
        run.results.recordPoint("time_to_find", .random(in: 0...1), tags: ["peer": "any"])
    }
}
