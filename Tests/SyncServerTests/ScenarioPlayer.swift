// Interprets the conformance table with our own client.

import SyncClient
import Testing

struct Scenario: Decodable {
    struct Step: Decodable {
        var op: String
        var client: Int
        var state: String?
        var topic: String?
        var `as`: String?
        var payload: String?
        var fill: Int?
        var target: Int?
        var expect: Int?
        var count: Int?
        var entries: [String]?

        /// A string of `fill` bytes on delivery, where each quote takes two.
        var text: String { payload ?? "\"\(String(repeating: "x", count: (fill ?? 4) - 4))\"" }
    }

    var name: String
    var steps: [Step]
}

/// One client of a scenario.
final class ScenarioPlayer {
    private let client: SyncClient
    private let prefix: String
    private var subscriptions: [String: SyncSubscription.AsyncIterator] = [:]
    private var barriers: [String: Task<Void, any Error>] = [:]
    private var met: [String: Met] = [:]

    /// Whether a barrier was answered.
    private actor Met {
        private(set) var value = false
        func set() { value = true }
    }

    init(port: Int, prefix: String) {
        client = SyncClient(host: "127.0.0.1", port: UInt16(port))
        self.prefix = prefix
    }

    func close() async {
        for barrier in barriers.values { barrier.cancel() }
        subscriptions = [:]
        await client.close()
    }

    func play(_ step: Scenario.Step, of name: String) async throws {
        let state = prefix + (step.state ?? "")
        let topic = prefix + (step.topic ?? "")
        let wait = step.as ?? ""
        switch step.op {
        case "signal": #expect(try await client.signal(state: state) == step.expect, "\(name)")
        case "pipeline":
            for number in 1...(step.count ?? 1) {
                #expect(try await client.signal(state: state) == number, "\(name)")
            }
        case "publish":
            #expect(try await client.publish(topic: topic, payload: step.text) == step.expect, "\(name)")
        case "refused":
            let error = await #expect(throws: SyncClientError.self, "\(name)") {
                try await client.publish(topic: topic, payload: step.text)
            }
            #expect("\(try #require(error))".contains("limit"))
        case "flood":
            // The first connects, the others are pipelined; their order shows when they are read.
            #expect(try await client.publish(topic: topic, payload: "0") == 1, "\(name)")
            for number in 1..<(step.count ?? 1) { client.post(topic: topic, payload: "\(number)") }
        case "subscribe": subscriptions[wait] = client.subscribe(topic: topic).makeAsyncIterator()
        case "receive":
            try await receive((step.fill == nil ? [] : [step.text]) + (step.entries ?? []), wait, name)
        case "drain": try await receive((0..<(step.count ?? 0)).map(String.init), wait, name)
        case "barrier": begin(wait, state: state, target: step.target ?? 0)
        case "met": try await barriers[wait]?.value
        case "cancel":
            subscriptions[wait] = nil
            barriers[wait]?.cancel()
        case "settle": try await settle()
        case "waiting":
            try await settle()
            #expect(await met[wait]?.value != true, "\(name): \(wait) was answered")
        default: Issue.record("unknown step \(step.op)")
        }
    }

    private func receive(_ entries: [String], _ wait: String, _ name: String) async throws {
        for entry in entries {
            let iterator = try #require(subscriptions[wait])
            #expect(try await iterator.next() == entry, "\(name)")
        }
    }

    private func begin(_ wait: String, state: String, target: Int) {
        let flag = Met()
        met[wait] = flag
        barriers[wait] = Task { [client] in
            try await client.barrier(state: state, target: target)
            await flag.set()
        }
    }

    /// Returns when everything asked before has taken effect.
    private func settle() async throws {
        _ = try await client.signal(state: prefix + "scratch")
    }
}
