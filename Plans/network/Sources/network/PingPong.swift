// Upstream's network/ping-pong: two instances measure a round trip over TCP, with 100 ms and with 10 ms each
// way. The windows are upstream's.

import PlanSockets
import Testground

private let port: UInt16 = 1234

func pingPong(_ run: RunEnvironment) async throws {
    let sequence = try await run.initialise()
    guard run.network.isShapeable else {
        throw NetworkPlanError(
            description: "this runner gives instances no network of their own; see its isolation setting")
    }
    // Whoever came first listens, at an address that both can compute.
    let own = try address(sequence.global, in: run.network.subnet)
    let other = try address(3 - sequence.global, in: run.network.subnet)
    try await shape(run, .milliseconds(100), "network-configured", address: own)
    let now = try run.network.dataAddress()
    guard own.hasPrefix("\(now)/") else {
        throw NetworkPlanError(description: "the address is \(now), although \(own) was asked for")
    }

    let listener = try TCPListener(port: port)
    try await run.sync.signalAndWait("listening")
    let stream =
        sequence.global == 1
        ? try await listener.accept()
        : try await TCPStream.connect(to: String(other.prefix { $0 != "/" }), port: port)
    try await measure(run, stream, "100", 200...215, isFirst: sequence.global == 1)

    try await shape(run, .milliseconds(10), "latency-reduced", address: nil)
    try await measure(run, stream, "10", 20...35, isFirst: sequence.global == 1)
    try await run.sync.signalAndWait("done")
}

private func shape(
    _ run: RunEnvironment, _ latency: Duration, _ state: String, address: String?
) async throws {
    try await run.network.configure(
        NetworkConfiguration(
            ipv4: address,
            shape: LinkShape(latency: latency, bandwidth: .megabitsPerSecond(1)), callbackState: state))
}

/// The address of the n-th instance, with the length of the data network: `16.0.1.<n>/16`.
private func address(_ number: Int, in subnet: String) throws -> String {
    let parts = subnet.split(whereSeparator: { $0 == "." || $0 == "/" })
    guard parts.count == 5 else {
        throw NetworkPlanError(description: "the data network is \(subnet), expected one of IPv4")
    }
    return "\(parts[0]).\(parts[1]).1.\(number)/\(parts[4])"
}

/// One byte goes there and one comes back; whoever came first measures.
private func measure(
    _ run: RunEnvironment, _ stream: TCPStream, _ name: String, _ window: ClosedRange<Double>,
    isFirst: Bool
) async throws {
    try await run.sync.signalAndWait("ready-\(name)")
    let start = ContinuousClock.now
    if isFirst {
        try await stream.send([1])
        try await expect(2, from: stream)
    } else {
        try await expect(1, from: stream)
        try await stream.send([2])
    }
    // The first has waited for both ways; the second only for one.
    guard isFirst else { return }
    let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
    run.recordMessage(
        "ping RTT was \(milliseconds) ms, expected \(window.lowerBound) to \(window.upperBound)")
    run.results.recordPoint("rtt_ms,latency=\(name)", milliseconds)
    guard window.contains(milliseconds) else {
        throw NetworkPlanError(
            description: "the round trip took \(milliseconds) ms, expected \(window.lowerBound) to "
                + "\(window.upperBound)")
    }
}

private func expect(_ byte: UInt8, from stream: TCPStream) async throws {
    let received = try await stream.receive(exactly: 1)
    guard received == [byte] else {
        throw NetworkPlanError(description: "received \(received), expected \(byte)")
    }
}
