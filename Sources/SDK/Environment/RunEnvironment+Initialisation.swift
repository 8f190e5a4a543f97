// The beginning that most plans share: a network, and a number for every instance.

import Synchronization

/// Numbers that no other instance has, from 1, in the order the instances came.
public struct SequenceNumbers: Sendable, Hashable {
    /// Number among all instances of the run.
    public let global: Int
    /// Number among the instances of the group.
    public let group: Int
}

extension RunEnvironment {
    /// Waits for the network of all instances, then takes this instance's numbers. Later calls answer the
    /// same numbers.
    ///
    /// ```swift
    /// let sequence = try await run.initialise()
    /// if sequence.group == 1 { … }   // the group's leader
    /// ```
    ///
    /// - Throws: ``TestgroundError`` when the sync service cannot be reached, or an instance has died
    ///   before its network was there.
    @discardableResult
    public func initialise() async throws -> SequenceNumbers {
        let task = initialisation.withLock { task in
            let current = task ?? Task { try await takeSequenceNumbers() }
            task = current
            return current
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func takeSequenceNumbers() async throws -> SequenceNumbers {
        recordMessage("waiting for network to initialize")
        try await network.waitUntilInitialised()
        recordMessage("network initialization complete")
        let numbers = SequenceNumbers(
            global: try await sync.signal(Self.initialisedGlobal),
            group: try await sync.signal(initialisedGroup))
        recordMessage(
            "claimed sequence numbers; global=\(numbers.global), group(\(group))=\(numbers.group)")
        return numbers
    }

    /// Waits until every instance of the run has called ``initialise()``.
    public func waitForAllInstances() async throws {
        try await sync.barrier(Self.initialisedGlobal, target: instanceCount)
    }

    /// Waits until every instance of this instance's group has called ``initialise()``.
    public func waitForGroupInstances() async throws {
        try await sync.barrier(initialisedGroup, target: groupInstanceCount)
    }

    private static var initialisedGlobal: String { "initialized_global" }
    private var initialisedGroup: String { "initialized_group_\(group)" }
}
