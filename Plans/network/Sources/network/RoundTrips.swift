// Round trips from every instance to every other over TCP, for a network that the composition has laid out.

import PlanSockets
import Testground

private let port: UInt16 = 1234
/// Of so many round trips to an instance the fastest counts: what the machine adds is not the network's.
private let attempts = 5

func roundTrips(_ run: RunEnvironment) async throws {
    let sequence = try await run.initialise()
    // Milliseconds from and to, by the group of the other instance.
    let expected: [String: [Double]] = try run.parameters.json("expected_ms", as: [String: [Double]].self)
    let peers = try await run.exchangeAddresses()
    let others = peers.filter { $0.globalSequence != sequence.global }
    let listener = try TCPListener(port: port)
    let answering = Task { try await answer(listener, times: others.count) }
    defer { answering.cancel() }
    try await run.sync.signalAndWait("listening")

    for peer in others {
        let stream = try await TCPStream.connect(to: peer.address, port: port)
        var fastest = Double.infinity
        for attempt in 0..<attempts {
            let start = ContinuousClock.now
            try await stream.send([UInt8(attempt)])
            guard try await stream.receive(exactly: 1) == [UInt8(attempt)] else {
                throw NetworkPlanError(description: "\(peer.hostName) answered something else")
            }
            fastest = min(fastest, (ContinuousClock.now - start) / .milliseconds(1))
        }
        run.recordMessage("\(run.group) to \(peer.group): \(fastest) ms")
        run.results.recordPoint("rtt_ms", fastest, tags: ["to": peer.group])
        guard let window = expected[peer.group] else { continue }
        guard window.count == 2, window[0] <= fastest, fastest <= window[1] else {
            throw NetworkPlanError(
                description: "the round trip to \(peer.hostName) took \(fastest) ms, expected \(window)")
        }
    }
    try await run.sync.signalAndWait("done")
}

/// Sends everything back, on as many connections as there are others.
private func answer(_ listener: TCPListener, times: Int) async throws {
    await withTaskGroup(of: Void.self) { group in
        for _ in 0..<times {
            guard let stream = try? await listener.accept() else { return }
            group.addTask {
                while let bytes = try? await stream.receive(atMost: 64), !bytes.isEmpty {
                    guard (try? await stream.send(bytes)) != nil else { return }
                }
            }
        }
    }
}
