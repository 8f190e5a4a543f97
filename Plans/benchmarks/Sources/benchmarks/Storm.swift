// Everybody dials many: listeners, an exchange of their addresses, dials spread over time and bounded in number,
// and data in chunks over each. After upstream's test case of the same name.

import PlanSockets
import Testground

struct StormParameters {
    var listeners: Int
    var outgoing: Int
    var maximumDelay: Duration
    var dialsAtOnce: Int
    var dataBytes: Int

    init(_ parameters: Parameters) throws {
        listeners = try parameters.int("conn_count")
        outgoing = try parameters.int("conn_outgoing")
        maximumDelay = .milliseconds(try parameters.int("conn_delay_ms"))
        dialsAtOnce = try parameters.int("concurrent_dials")
        dataBytes = try parameters.int("data_size_kb") * 1_024
        let positive = [listeners, outgoing, dialsAtOnce, dataBytes].allSatisfy { $0 > 0 }
        guard positive, maximumDelay >= .zero else {
            throw BenchmarkError(description: "every parameter of storm must be positive")
        }
    }
}

/// Bytes of one write.
private let chunkBytes = 4 * 1_024

/// Where a listener is reached.
struct Endpoint: Codable, Hashable {
    var address: String
    var port: UInt16
}

func storm(_ run: RunEnvironment) async throws {
    let storm = try StormParameters(run.parameters)
    let sequence = try await run.initialise()
    let address = try run.network.dataAddress()

    let listeners = try (0..<storm.listeners).map { _ in try TCPListener() }
    let own = listeners.map { Endpoint(address: address, port: $0.port) }
    let topic = Topic<[Endpoint]>("storm-listeners")
    let all = try await run.sync.publishSubscribe(own, to: topic).values.first(run.instanceCount)
    let others = run.instanceCount == 1 ? own : all.flatMap(\.self).filter { !own.contains($0) }
    run.recordMessage("\(others.count) listeners of others")

    let serving = Task { await serve(listeners, run) }
    defer { serving.cancel() }
    try await run.sync.signalAndWait("listening")

    // The same choice in every repetition, another one for each instance.
    var random = SplitMix(seed: UInt64(sequence.global))
    let dials = (0..<storm.outgoing).map { _ in
        (
            target: others[Int(random.next() % UInt64(others.count))],
            delay: storm.maximumDelay * Double(random.next() % 1_000) / 1_000
        )
    }
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, dial) in dials.sorted(by: { $0.delay < $1.delay }).enumerated() {
            if number >= storm.dialsAtOnce { try await group.next() }
            group.addTask {
                try await Task.sleep(until: start + dial.delay)
                try await send(storm, to: dial.target, run)
            }
        }
        try await group.waitForAll()
    }
    run.results.recordPoint("storm_time_secs", (ContinuousClock.now - start).seconds)
    // Nobody may leave while others still send.
    try await run.sync.signalAndWait("storm-over")
}

/// Sends the data in chunks and waits until the receiver has counted it.
private func send(_ storm: StormParameters, to target: Endpoint, _ run: RunEnvironment) async throws {
    let start = ContinuousClock.now
    let stream = try await TCPStream.connect(to: target.address, port: target.port)
    run.results.timer("dial_time").update(ContinuousClock.now - start)
    let chunk = [UInt8](repeating: 0x5A, count: chunkBytes)
    var rest = storm.dataBytes
    while rest > 0 {
        try await stream.send(rest >= chunk.count ? chunk : Array(chunk.prefix(rest)))
        rest -= min(rest, chunk.count)
    }
    stream.finish()
    let answer = try await stream.receive(exactly: 8)
    let counted = answer.reduce(0) { $0 << 8 | Int($1) }
    guard answer.count == 8, counted == storm.dataBytes else {
        throw BenchmarkError(
            description: "\(target.address):\(target.port) counted \(counted) of \(storm.dataBytes) bytes")
    }
    run.results.timer("send_time").update(ContinuousClock.now - start)
}

/// Counts what each connection brings, and tells its sender; a listener that nobody dials for 30 s is left.
private func serve(_ listeners: [TCPListener], _ run: RunEnvironment) async {
    await withTaskGroup(of: Void.self) { group in
        for listener in listeners {
            group.addTask {
                while !Task.isCancelled, let stream = try? await listener.accept() {
                    let count = await drain(stream)
                    run.results.counter("bytes_read").increment(by: count)
                }
            }
        }
    }
}

/// Reads to the end and answers how many bytes there were, as eight bytes.
private func drain(_ stream: TCPStream) async -> Int {
    var count = 0
    while let bytes = try? await stream.receive(atMost: 64 * 1024), !bytes.isEmpty { count += bytes.count }
    let answer = (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
    try? await stream.send(answer)
    return count
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
