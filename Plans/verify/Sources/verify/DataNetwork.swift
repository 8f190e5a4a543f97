// Traffic between instances takes the data network and nothing else: the counters of its device say so.
// proc_net_dev, proc(5).

import PlanSockets
import Testground

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

private let port: UInt16 = 1234
private let payload = 64 * 1024

func usesDataNetwork(_ run: RunEnvironment) async throws {
    let (own, others) = try await begin(run)
    let subnet = run.network.subnet
    let prefix = subnet.split(separator: ".").prefix(2).joined(separator: ".") + "."
    for peer in others + [own] where !peer.address.hasPrefix(prefix) {
        throw VerificationError(
            description: "\(peer.hostName) has the address \(peer.address), not one of \(subnet)")
    }
    guard Set((others + [own]).map(\.hostName)).count == others.count + 1 else {
        throw VerificationError(description: "two instances have the same host name")
    }

    let listener = try TCPListener(port: port)
    let sink = Task {
        for _ in others {
            let stream = try await listener.accept()
            let received = try await stream.receive(exactly: payload)
            guard received.count == payload else {
                throw VerificationError(description: "received \(received.count) of \(payload) bytes")
            }
        }
    }
    try await run.sync.signalAndWait("listening")
    let before = try sentBytes()
    for peer in others {
        let stream = try await TCPStream.connect(to: peer.address, port: port)
        try await stream.send([UInt8](repeating: 7, count: payload))
        stream.finish()
    }
    try await sink.value
    try await run.sync.signalAndWait("received")
    let after = try sentBytes()

    let data = after.data - before.data
    let expected = payload * others.count
    run.recordMessage("sent \(expected) bytes of payload, \(data) over the data network")
    guard data >= expected else {
        throw VerificationError(
            description: "\(expected) bytes were sent to others, but only \(data) over the data network")
    }
    // A few hundred bytes of coordination apart, nothing went elsewhere.
    guard after.others - before.others < payload else {
        throw VerificationError(
            description:
                "\(after.others - before.others) bytes went over other devices than the data network's")
    }
}

/// Bytes sent so far over the data network's device, and over all others.
private func sentBytes() throws -> (data: Int, others: Int) {
    let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/net/dev")), as: UTF8.self)
    var result = (data: 0, others: 0)
    for line in text.split(separator: "\n").dropFirst(2) {
        let parts = line.split(separator: ":")
        let figures = parts.last?.split(separator: " ") ?? []
        guard parts.count == 2, figures.count > 8, let sent = Int(figures[8]) else { continue }
        let name = parts[0].filter { $0 != " " }
        // The upstream's sidecar calls it eth1, ours data0.
        if name == "data0" || name == "eth1" { result.data += sent } else { result.others += sent }
    }
    return result
}
