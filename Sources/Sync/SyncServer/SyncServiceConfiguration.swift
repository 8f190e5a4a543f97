// How a sync service is set up, and why one could not be.

package import Logging
package import SyncCore

/// Where the service listens, and its limits.
package struct SyncServiceConfiguration: Sendable {
    /// Host of the listener that everybody shares; nil for none.
    package var host: String?
    /// Port of the shared listener; 0 for any that is free.
    package var port: Int
    package var limits: SyncLimits
    package var edgeLimits: EdgeLimits
    package var logger: Logger

    package init(
        host: String? = "127.0.0.1", port: Int = 0, limits: SyncLimits = SyncLimits(),
        edgeLimits: EdgeLimits = EdgeLimits(),
        logger: Logger = Logger(label: "testground.sync", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.host = host
        self.port = port
        self.limits = limits
        self.edgeLimits = edgeLimits
        self.logger = logger
    }
}

/// Limits of a connection's bytes and times.
package struct EdgeLimits: Sendable, Hashable {
    /// Longest message that is read: a request for a network with thousands of rules, and so much more than
    /// what else is worth sending that a payload which is too long is mostly answered with an error that says
    /// so; beyond, the connection is closed with 1009.
    package var messageBytes: Int
    /// Answers that wait for a client which does not read. Some 10,000 of them; a client that has not read
    /// so many never will, and is disconnected. Deliveries do not count: they stay in their topic until
    /// there is room.
    package var unreadBytes: Int
    /// From the connection to the end of the WebSocket handshake. A client on a starved machine may take
    /// seconds.
    package var handshakeTimeout: Duration
    /// How often a silent client is pinged. Only to keep middleboxes from forgetting the connection, whose
    /// shortest memories are a minute: nobody is closed for not answering.
    package var pingInterval: Duration
    /// From a closing frame to the end of the connection, whatever the client does.
    package var closeTimeout: Duration
    /// From an instance's end to the end of its connections: what it sent before is read by then, but a
    /// child of its that holds the socket must not keep a barrier waiting.
    package var farewellTimeout: Duration

    package init(
        messageBytes: Int = 1 << 20, unreadBytes: Int = 1 << 20,
        handshakeTimeout: Duration = .seconds(10), pingInterval: Duration = .seconds(30),
        closeTimeout: Duration = .seconds(5), farewellTimeout: Duration = .seconds(2)
    ) {
        self.messageBytes = messageBytes
        self.unreadBytes = unreadBytes
        self.handshakeTimeout = handshakeTimeout
        self.pingInterval = pingInterval
        self.closeTimeout = closeTimeout
        self.farewellTimeout = farewellTimeout
    }

    /// Pending requests to connect, per listener: thousands of instances start in the same second.
    static let backlog: CInt = 4096

    /// Bytes that the kernel has not yet taken, from which on deliveries pause, and below which they go on.
    /// A reader that has stopped holds this much, one round of deliveries and a message: at most 256 KiB as
    /// buffers grow by doubling.
    static let pendingBytes = 32 << 10..<64 << 10

    /// Deliveries encoded between two looks at whether the client still reads.
    static let deliveryBytes = 64 << 10

    /// Such rounds before the loop serves others first.
    static let deliveryRounds = 4
}

/// Why the service could not be started.
package struct SyncServiceError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case addressInUse = "address_in_use"
        case cannotListen = "cannot_listen"
        case stopped
    }

    package var code: Code
    /// One sentence: what is wrong, with the offending value, and how to mend it.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
