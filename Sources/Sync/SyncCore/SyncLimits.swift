// Everything the service keeps for its clients has a limit; here they stand with their reasons.

import InstanceContract

/// Limits of the sync service's state.
package struct SyncLimits: Sendable, Hashable {
    /// Longest message that is ever sent to a client. The Go SDK's WebSocket library gives up, and the SDK
    /// with it exits its process, at 32,768 bytes; it has counted the end of a message as one more byte in
    /// some versions.
    package static let messageBytes = 32_767

    /// Longest request id, in bytes of its JSON form with the quotes. Clients number their requests or use
    /// UUIDs (38 bytes).
    package static let identifierBytes = 128

    /// Longest entry, in bytes of its escaped form: a delivery of it fits `messageBytes` for every
    /// subscriber, whatever the subscriber's id.
    package static let entryBytes =
        messageBytes - (SyncDelivery.head(id: "").count - 2 + identifierBytes) - SyncDelivery.tail.count

    /// Longest request for an instance's network, in bytes of its escaped form: some 20,000 rules. Only the
    /// runner reads those, and it has no limit of its own.
    package static let networkRequestBytes = 1_000_000

    /// Longest name of a state or topic in UTF-8. Qualified names carry run, plan and case: some 150 bytes.
    package var nameBytes: Int
    /// States and topics that exist at once. At some 400 bytes each, this is about 200 MiB.
    package var names: Int
    /// Entries of one topic, in bytes of their escaped forms: 10,000 instances that publish the longest
    /// entry once.
    package var topicBytes: Int
    /// Entries of all topics, in bytes of their escaped forms: what a laptop can spare.
    package var totalBytes: Int
    /// Subscriptions and barriers that one connection has open. A plan that waits for each of 10,000 others
    /// needs 10,000.
    package var waitsPerConnection: Int
    /// Subscriptions and barriers that all connections have open. At some 500 bytes each, this is about 500
    /// MiB.
    package var waits: Int
    /// Connections at once. File descriptors run out before; this is what is known to work.
    package var connections: Int

    package init(
        nameBytes: Int = 1024, names: Int = 500_000, topicBytes: Int = 512 << 20, totalBytes: Int = 1 << 30,
        waitsPerConnection: Int = 16_384, waits: Int = 1_000_000, connections: Int = 65_536
    ) {
        self.nameBytes = nameBytes
        self.names = names
        self.topicBytes = topicBytes
        self.totalBytes = totalBytes
        self.waitsPerConnection = waitsPerConnection
        self.waits = waits
        self.connections = connections
    }

    /// What an entry costs beside its bytes: the array's header and its place in the topic.
    static let entryOverheadBytes = 40

    /// Closed runs that are remembered, so that a straggler of one cannot bring its keys back to life.
    static let rememberedRuns = 1024

    /// Lost instances that an error names before it only counts them.
    static let namedInstances = 10

    /// Bytes of a name that an error repeats.
    static let quotedBytes = 200
}
