// The other instances of the run: who they are and where they are reached.

import LinuxSystem
import Synchronization

/// An instance as the others see it.
public struct Peer: Sendable, Hashable, Codable {
    /// Its group.
    public let group: String
    /// Its number among all instances of the run, from 1, in the order the instances came.
    public let globalSequence: Int
    /// Its number among the instances of its group, from 1.
    public let groupSequence: Int
    /// Its host name.
    public let hostName: String
    /// Its IPv4 address in the data network, `127.0.0.1` where instances have no network of their own.
    public let address: String

    /// An instance as the others see it.
    public init(
        group: String, globalSequence: Int, groupSequence: Int, hostName: String, address: String
    ) {
        self.group = group
        self.globalSequence = globalSequence
        self.groupSequence = groupSequence
        self.hostName = hostName
        self.address = address
    }
}

extension RunEnvironment {
    /// Tells all instances of the run where this one is, and waits until all have told.
    ///
    /// Every instance must call it equally often: the n-th call of one answers the n-th calls of the others.
    /// Call it again after addresses have changed.
    ///
    /// ```swift
    /// let peers = try await run.exchangeAddresses()
    /// let miners = peers.filter { $0.group == "miners" }
    /// ```
    ///
    /// - Returns: all instances, this one included, by their global sequence numbers.
    /// - Throws: ``TestgroundError`` when an instance has died before it told, or this one has no address.
    public func exchangeAddresses() async throws -> [Peer] {
        let sequence = try await initialise()
        let own = Peer(
            group: group, globalSequence: sequence.global, groupSequence: sequence.group,
            hostName: ThisProcess.hostName, address: try network.dataAddress())
        let exchange = exchanges.withLock { count in
            count += 1
            return count
        }
        let topic = Topic<Peer>("sdk:addresses:\(exchange)")
        let peers = try await sync.publishSubscribe(own, to: topic).values.first(instanceCount)
        return peers.sorted { $0.globalSequence < $1.globalSequence }
    }
}

extension LinkRule {
    /// A shape for what is sent to one instance.
    public init(to peer: Peer, _ shape: LinkShape) { self.init(to: "\(peer.address)/32", shape) }
}

extension [LinkRule] {
    /// The same shape for what is sent to each of several instances.
    ///
    /// ```swift
    /// rules: .to(peers.filter { $0.group == "attackers" }, LinkShape(filter: .drop))
    /// ```
    public static func to(_ peers: some Sequence<Peer>, _ shape: LinkShape) -> [LinkRule] {
        peers.map { LinkRule(to: $0, shape) }
    }
}
