// Measurements: points are written at once, the rest every second and at the end, into results.out.

import Testground

func metrics(_ run: RunEnvironment) async throws {
    let clock = ContinuousClock()
    let end = clock.now + (try run.parameters.duration("duration"))
    let requests = run.results.counter("requests")
    let failures = run.results.resettingCounter("failures")
    let queue = run.results.gauge("queue_length")
    let sizes = run.results.histogram("response_size", sampling: .exponentiallyDecaying())
    let traffic = run.results.meter("traffic")
    let latency = run.results.timer("latency")
    let start = clock.now
    // Diagnostics say how the program itself is doing; this gauge is asked for its value at each emission.
    run.diagnostics.gauge("uptime_seconds") { (clock.now - start) / .seconds(1) }

    while clock.now < end {
        let size = Int.random(in: 64...4096)
        // What a real plan would do here is to talk to the system under test.
        try await latency.time { try await Task.sleep(for: .milliseconds(Int.random(in: 1...20))) }
        requests.increment()
        if size % 10 == 0 { failures.increment() }
        queue.update(Double(size % 7))
        sizes.update(size)
        traffic.mark(size)
    }
    let figures = latency.statistics
    run.results.recordPoint("latency_p95_secs", figures.percentile(0.95) / 1e9, tags: ["group": run.group])
    run.recordMessage("\(requests.count) requests, half of them within \(figures.percentile(0.5) / 1e6) ms")
}
