// Topics: one instance publishes payloads of 64 B to 4 KiB, all others receive and check them.
//
// Upstream's plan measures the same, but its payloads are empty. Here each has its size, and what it holds
// follows from its size and number, so that a receiver notices every byte that is lost, doubled or out of
// order.

import Testground

private let sizes = [64, 128, 256, 512, 1024, 2048, 4096]

func subtree(_ run: RunEnvironment) async throws {
    let iterations = try run.parameters.int("subtree_iterations")
    let limit = Duration.seconds(try run.parameters.int("subtree_test_timeout_secs"))
    let sequence = try await run.initialise()
    try await withTimeout(limit, "\(iterations) payloads of each size") {
        if sequence.global == 1 {
            run.recordMessage("I am the publisher")
            for size in sizes { try await publish(run, size, iterations) }
            try await run.sync.signal("handoff")
        } else {
            run.recordMessage("I am a subscriber")
            // What is measured is reading what is there, as upstream does, not waiting for the publisher.
            try await run.sync.barrier("handoff", target: 1)
            for size in sizes { try await receive(run, size, iterations) }
        }
        try await run.sync.signalAndWait("end")
    }
}

private func topic(_ size: Int) -> Topic<String> { Topic("subtree_time_\(size)_bytes") }

private func publish(_ run: RunEnvironment, _ size: Int, _ iterations: Int) async throws {
    let metric = "subtree_time_\(size)_bytes_publish"
    let timer = run.results.timer(metric)
    for number in 0..<iterations {
        let payload = payload(size, number)
        let start = ContinuousClock.now
        let place = try await run.sync.publish(payload, to: topic(size))
        record(ContinuousClock.now - start, run, timer, metric)
        guard place == number + 1 else {
            throw BenchmarkError(
                description: "entry \(number + 1) of the topic of \(size) bytes was given the number \(place)"
            )
        }
    }
    run.recordMessage("published \(iterations) payloads of \(size) bytes")
}

private func receive(_ run: RunEnvironment, _ size: Int, _ iterations: Int) async throws {
    let metric = "subtree_time_\(size)_bytes_receive"
    let timer = run.results.timer(metric)
    var entries = run.sync.subscribe(to: topic(size)).makeAsyncIterator()
    for number in 0..<iterations {
        let start = ContinuousClock.now
        let entry = try await entries.next()
        record(ContinuousClock.now - start, run, timer, metric)
        guard entry == payload(size, number) else {
            throw BenchmarkError(
                description: "entry \(number + 1) of the topic of \(size) bytes arrived as "
                    + "\(entry?.utf8.count ?? 0) bytes that are not what was published")
        }
    }
    run.recordMessage("received \(iterations) payloads of \(size) bytes, all as they were published")
}

private func record(_ elapsed: Duration, _ run: RunEnvironment, _ timer: Metrics.Timer, _ metric: String) {
    timer.update(elapsed)
    run.results.recordPoint("\(metric)_secs", elapsed.seconds)
}

/// Hexadecimal digits of a linear congruential generator (Knuth's MMIX) that starts from size and number.
func payload(_ size: Int, _ number: Int) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var state = UInt64(size) << 32 | UInt64(number)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    for _ in 0..<size {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes.append(digits[Int(state >> 60)])
    }
    return String(decoding: bytes, as: UTF8.self)
}
