// A network that falls apart: two regions cannot reach each other, a third reaches both.

import PlanSockets
import Testground

@main
struct SplitBrain: TestPlan {
    static var testCases: [TestCase] {
        TestCase("accept") { try await splitBrain($0, .accept) }
        TestCase("reject") { try await splitBrain($0, .reject) }
        TestCase("drop") { try await splitBrain($0, .drop) }
    }
}

struct SplitBrainError: Error, CustomStringConvertible {
    var description: String
}

/// Where an instance is, by its global sequence number.
enum Region: Int {
    case a, b, c

    init(of peer: Peer) { self = [.a, .b, .c][(peer.globalSequence - 1) % 3] }

    /// The region that this one is cut off from.
    var enemy: Region? {
        switch self {
        case .a: .b
        case .b: .a
        case .c: nil
        }
    }
}

private let port: UInt16 = 1234
/// A dial that nobody answers is given up after this.
private let patience = Duration.seconds(2)

func splitBrain(_ run: RunEnvironment, _ filter: LinkFilter) async throws {
    let sequence = try await run.initialise()
    guard run.network.isShapeable else {
        throw SplitBrainError(
            description: "this runner gives instances no network of their own; see its isolation setting")
    }
    let peers = try await run.exchangeAddresses()
    let own = peers[sequence.global - 1]
    let enemies = peers.filter { Region(of: $0) == Region(of: own).enemy }
    run.recordMessage("region \(Region(of: own)), cut off from \(enemies.count) of \(peers.count) instances")

    let listener = try TCPListener(port: port)
    let answering = Task { try await answer(listener, dials: peers.count - 1) }
    defer { answering.cancel() }
    try await run.network.configure(
        NetworkConfiguration(rules: .to(enemies, LinkShape(filter: filter)), callbackState: "split"))

    for peer in peers where peer != own {
        let outcome = await dial(peer)
        let expected: Outcome = enemies.contains(peer) ? Outcome(of: filter) : .connected
        run.recordMessage("dialled \(peer.hostName) in region \(Region(of: peer)): \(outcome)")
        guard outcome == expected else {
            throw SplitBrainError(
                description: "a dial from region \(Region(of: own)) to \(peer.hostName) in region "
                    + "\(Region(of: peer)) was \(outcome), expected \(expected)")
        }
    }
    // Nobody may leave while others still dial.
    try await run.sync.signalAndWait("done")
}

enum Outcome: Sendable, Equatable {
    case connected, refused, givenUp
    case failed(String)

    init(of filter: LinkFilter) {
        switch filter {
        case .accept: self = .connected
        case .reject: self = .refused
        case .drop: self = .givenUp
        }
    }
}

/// Connects and waits for a byte: a connection alone is the kernel's word, not the plan's.
private func dial(_ peer: Peer) async -> Outcome {
    do throws(SocketError) {
        let stream = try await TCPStream.connect(to: peer.address, port: port, limit: patience)
        let answer = try await stream.receive(exactly: 1)
        return answer == [42] ? .connected : .failed("answered \(answer)")
    } catch {
        if error.isRefused { return .refused }
        return error.isTimeout ? .givenUp : .failed("\(error)")
    }
}

/// Answers as long as somebody may dial.
private func answer(_ listener: TCPListener, dials: Int) async throws {
    for _ in 0..<dials {
        let stream = try await listener.accept()
        // Whoever has given up meanwhile does not read it.
        try? await stream.send([42])
    }
}
