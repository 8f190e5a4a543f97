// Control services are each instance's own: nobody reaches another's.

import PlanSockets
import Testground

func controlIsPrivate(_ run: RunEnvironment) async throws {
    let (own, others) = try await begin(run)
    // Something that does listen on all addresses shows that the way itself is open.
    let listener = try TCPListener(port: 1234)
    let answering = Task { for _ in others { _ = try await listener.accept() } }
    defer { answering.cancel() }
    try await run.sync.signalAndWait("listening")
    for peer in others {
        _ = try await TCPStream.connect(to: peer.address, port: 1234)
        // The ports of the sync service and of the metrics.
        for port: UInt16 in [5050, 8086] {
            do throws(SocketError) {
                _ = try await TCPStream.connect(to: peer.address, port: port, limit: .seconds(2))
            } catch {
                guard error.isRefused else {
                    throw VerificationError(description: "expected a refusal: \(error)")
                }
                continue
            }
            throw VerificationError(
                description:
                    "\(own.hostName) reached port \(port) of \(peer.hostName): control services must "
                    + "be each instance's own")
        }
    }
    run.recordMessage("no control service of \(others.count) other instances could be reached")
    try await run.sync.signalAndWait("done")
}
