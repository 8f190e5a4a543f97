// What goes into the core and what comes out of it.

package import InstanceContract

/// A connection, for as long as it is connected.
package struct ConnectionID: Sendable, Hashable {
    /// A small number that is used again after the connection has ended.
    package let place: Int
}

/// Who is at the other end of a connection.
package enum Caller: Sendable, Hashable {
    /// Unknown: the connection came over a listener that everybody shares.
    case anonymous
    /// An instance, known by the socket it called.
    case instance(InstanceReference, RunScope)
}

/// What the edge has to do.
package enum SyncAction: Sendable, Hashable {
    case respond(ConnectionID, SyncResponse)
    /// Something can be delivered: call `SyncCore.deliver` as the connection's output has room.
    case deliver(ConnectionID)
    /// Close the connection with this code (RFC 6455 §7.4) and reason; then report it as disconnected.
    case close(ConnectionID, code: UInt16, reason: String)
}

/// Counters and gauges for `GET /metrics`.
package struct SyncStatistics: Sendable, Hashable {
    package var connections = 0
    package var subscriptions = 0
    package var barriers = 0
    package var states = 0
    package var topics = 0
    package var runs = 0
    package var entries = 0
    package var entryBytes = 0
    package var published: UInt64 = 0
    package var delivered: UInt64 = 0
    package var signalled: UInt64 = 0
    package var barriersMet: UInt64 = 0
    package var barriersFailed: UInt64 = 0
    package var cancelled: UInt64 = 0
    package var refused: UInt64 = 0

    package init() {}
}
