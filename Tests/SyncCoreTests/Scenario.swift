// A core with clients that remember what they were answered.

import InstanceContract
import SyncCore

let scope = RunScope(run: "r1", plan: "p", testCase: "c")

func miner(_ index: Int) -> InstanceReference { InstanceReference(group: "miners", index: index) }

/// Drives a core as the edge would: carries out every action at once, with unlimited room for deliveries.
struct Scenario {
    var core: SyncCore
    /// By connection, everything it was sent, in order.
    private(set) var received: [ConnectionID: [SyncResponse]] = [:]
    private(set) var closed: [ConnectionID: UInt16] = [:]
    /// Deliveries wait until `take` is called.
    var holdsDeliveries = false

    init(limits: SyncLimits = SyncLimits(), members: Int = 0) {
        core = SyncCore(limits: limits)
        if members > 0 { core.register(scope, members: (0..<members).map(miner)) }
    }

    // MARK: Clients

    mutating func connect(_ caller: Caller = .anonymous) throws -> ConnectionID {
        guard let id = core.connect(caller) else { throw Refused() }
        received[id] = []
        return id
    }

    /// Connects the member with this number.
    mutating func join(_ index: Int) throws -> ConnectionID {
        try connect(.instance(miner(index), scope))
    }

    mutating func send(_ id: String, _ operation: SyncRequest.Operation?, from connection: ConnectionID) {
        change { core, actions in
            core.receive(SyncRequest(id: id, operation: operation), from: connection, &actions)
        }
    }

    mutating func disconnect(_ connection: ConnectionID) {
        change { core, actions in core.disconnect(connection, &actions) }
    }

    mutating func end(_ index: Int, how: String = "ended", orderly: Bool = true) {
        change { core, actions in
            core.ended(miner(index), in: scope, how: how, orderly: orderly, &actions)
        }
    }

    mutating func change(_ body: (inout SyncCore, inout [SyncAction]) -> Void) {
        var actions: [SyncAction] = []
        body(&core, &actions)
        for action in actions {
            switch action {
            case .respond(let connection, let response): received[connection, default: []].append(response)
            case .deliver(let connection): if !holdsDeliveries { take(connection, bytes: .max) }
            case .close(let connection, let code, _): closed[connection] = code
            }
        }
    }

    /// Takes deliveries as an edge with so much room does. Returns whether there are more.
    @discardableResult
    mutating func take(_ connection: ConnectionID, bytes: Int) -> Bool {
        var taken: [SyncResponse] = []
        let more = core.deliver(to: connection, bytes: bytes) { delivery in
            switch delivery {
            case .entry(let head, let body):
                let message = head + body + SyncDelivery.tail
                if let response = try? SyncResponse(decoding: message) { taken.append(response) }
            case .end(let response): taken.append(response)
            }
        }
        received[connection, default: []] += taken
        return more
    }

    // MARK: What they saw

    func contents(_ connection: ConnectionID, _ id: String) -> [SyncResponse.Content] {
        (received[connection] ?? []).filter { $0.id == id }.map(\.content)
    }

    /// The payloads delivered to a subscription.
    func entries(_ connection: ConnectionID, _ id: String) -> [String] {
        contents(connection, id).compactMap {
            guard case .entry(let payload) = $0 else { return nil }
            return String(decoding: payload, as: UTF8.self)
        }
    }

    /// The errors a request was answered with.
    func errors(_ connection: ConnectionID, _ id: String) -> [String] {
        contents(connection, id).compactMap {
            guard case .failed(let message) = $0 else { return nil }
            return message
        }
    }
}

struct Refused: Error {}

func publish(_ topic: String, _ payload: String) -> SyncRequest.Operation {
    .publish(topic: topic, payload: Array(payload.utf8))
}
