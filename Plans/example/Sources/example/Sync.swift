// Coordination: instances find each other through a topic, and wait for each other at barriers.

import Testground

func sync(_ run: RunEnvironment) async throws {
    // Waits for the network, and gives each instance a number of its own.
    let sequence = try await run.initialise()

    struct Introduction: Codable {
        var number: Int
        var group: String
    }
    let introductions = Topic<Introduction>("introductions")
    try await run.sync.publish(
        Introduction(number: sequence.global, group: run.group), to: introductions)
    // Every instance sees the same entries in the same order.
    let everybody = try await run.sync.subscribe(to: introductions).first(run.instanceCount)
    let numbers = everybody.map(\.number).sorted()
    guard numbers == Array(1...run.instanceCount) else {
        throw WidgetError(description: "the numbers of all instances are \(numbers)")
    }

    if everybody[0].number == sequence.global {
        run.recordMessage("I lead \(run.instanceCount - 1) followers")
        try await run.sync.barrier("ready", target: run.instanceCount - 1)
        run.recordMessage("ready, set, go!")
        try await run.sync.signal("start")
    } else {
        run.recordMessage("I follow number \(everybody[0].number) of \(everybody[0].group)")
        try await run.sync.signal("ready")
        // When the leader dies, the barrier fails at once and says so; the limit is for a leader that hangs.
        try await withTimeout(.seconds(60), "waiting for the start") {
            try await run.sync.barrier("start", target: 1)
        }
        run.recordMessage("started")
    }
}
