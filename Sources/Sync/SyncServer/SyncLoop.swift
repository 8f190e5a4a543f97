// Everything of the service that lives on its one event loop: the core, the connections, and the gathering
// of writes.
//
// One loop and no lock: of what a request costs, two thirds are the kernel's (perf, 100 connections that
// signal), and of the rest most is NIO's, so that the core on one loop and edges on others would spend more
// on handing messages over than it saves, and every order of events would have to be thought of twice. What
// others than the connection itself cause gathers until the end of the tick: when all readable connections
// have been read, each that has something to be sent gets one write.

import InstanceContract
import Logging
import NIOCore
import SyncCore

final class SyncLoop {
    let eventLoop: any EventLoop
    let edgeLimits: EdgeLimits
    let logger: Logger
    var core: SyncCore

    /// Connections by their place in the core.
    private var edges: [SyncEdge?] = []
    /// Watchers of topics, by the place of the connection that stands for them.
    var observers: [Int: TopicObserver] = [:]
    private var marked: [SyncEdge] = []
    private var isFlushScheduled = false

    private var actions: [SyncAction] = []
    private var isPerforming = false

    /// Filled and written by one connection at a time.
    var output = ByteBuffer()
    private var encoded: [UInt8] = []

    // MARK: Counters

    /// Sockets, in handshakes or after.
    var openSockets = 0
    var slowReaders: UInt64 = 0
    var bytesSent: UInt64 = 0
    var messagesReceived: UInt64 = 0
    /// How late the loop came to its last round of pings: what a starved machine shows first.
    private(set) var lateness = TimeAmount.nanoseconds(0)
    private var pingPhase = 0

    init(eventLoop: any EventLoop, configuration: SyncServiceConfiguration) {
        self.eventLoop = eventLoop
        edgeLimits = configuration.edgeLimits
        logger = configuration.logger
        core = SyncCore(limits: configuration.limits)
    }

    // MARK: Connections

    func connect(_ edge: SyncEdge, _ caller: Caller) -> ConnectionID? {
        guard let id = core.connect(caller) else { return nil }
        while edges.count <= id.place { edges.append(nil) }
        edges[id.place] = edge
        return id
    }

    func disconnect(_ id: ConnectionID) {
        if id.place < edges.count { edges[id.place] = nil }
        core.disconnect(id, &actions)
        perform()
    }

    func receive(_ request: SyncRequest, from id: ConnectionID) {
        messagesReceived += 1
        core.receive(request, from: id, &actions)
        perform()
    }

    /// Does something with the core and carries out what follows.
    func change(_ body: (inout SyncCore, inout [SyncAction]) -> Void) {
        body(&core, &actions)
        perform()
    }

    private func edge(of id: ConnectionID) -> SyncEdge? { id.place < edges.count ? edges[id.place] : nil }

    func close(_ ids: [ConnectionID], _ reason: CloseReason) {
        for id in ids { edge(of: id)?.close(reason) }
    }

    func closeAll(_ reason: CloseReason) {
        for observer in observers.values { observer.continuation.finish() }
        for edge in edges { edge?.close(reason) }
    }

    // MARK: Actions

    /// Carries out the core's actions, also those that follow from carrying out.
    private func perform() {
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        var next = 0
        while next < actions.count {
            let action = actions[next]
            next += 1
            switch action {
            case .respond(let id, let response):
                encoded.removeAll(keepingCapacity: true)
                response.encode(into: &encoded)
                edge(of: id)?.answer(encoded)
            case .deliver(let id):
                if !observeDeliveries(to: id) { edge(of: id)?.deliver() }
            case .close(let id, let code, let reason):
                if !endObservation(id) { edge(of: id)?.close(CloseReason(code: code, text: reason)) }
            }
        }
        actions.removeAll(keepingCapacity: actions.count < 1024)
    }

    func write(_ delivery: SyncCore.Delivery) {
        switch delivery {
        case .entry(let head, let body):
            output.writeDelivery(head: head, body: body)
        case .end(let response):
            encoded.removeAll(keepingCapacity: true)
            response.encode(into: &encoded)
            output.writeText(encoded)
        }
    }

    /// Lets a buffer go that one connection's answers have made large: its copy for a reader that has
    /// stopped would be as large.
    func trimOutput() {
        if output.capacity > 4 * EdgeLimits.deliveryBytes { output = ByteBuffer() }
    }

    // MARK: The end of a tick

    /// The connection has something to be sent.
    func mark(_ edge: SyncEdge) {
        guard !edge.isMarked else { return }
        edge.isMarked = true
        marked.append(edge)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        // Runs after all sockets that are readable now were read.
        eventLoop.assumeIsolated().execute { self.flush() }
    }

    private func flush() {
        isFlushScheduled = false
        let edges = marked
        marked.removeAll()
        for edge in edges {
            edge.isMarked = false
            edge.flush()
        }
    }

    // MARK: Pings

    /// Rounds into which the pings of an interval are divided, so that 10,000 idle clients are no burst.
    static let pingPhases = 32

    /// Pings the silent ones of a 32nd of all connections.
    func ping(lateness: TimeAmount) {
        self.lateness = lateness
        pingPhase = (pingPhase + 1) % Self.pingPhases
        for place in stride(from: pingPhase, to: edges.count, by: Self.pingPhases) {
            guard let edge = edges[place] else { continue }
            if !edge.wasHeard { edge.ping() }
            edge.wasHeard = false
        }
    }
}
