// The life of one instance: created → attached → started → initialised → running → finished, as a pure state
// machine.
//
// RunSupervisor feeds it what happens and carries its actions out. Whatever order events arrive in (an exit
// before the network is up, a stop before the start, anything after the end), the record is made exactly
// once.

import Execution
import InstanceContract

struct InstanceLife: Sendable {
    /// A process that has been started.
    struct Process: Sendable, Hashable {
        var processID: Int32
        /// Seconds since the run's start.
        var startedAt: Double
    }

    /// How the process ended.
    struct Ending: Sendable, Hashable {
        /// Nil when it outlived SIGKILL and was given up on.
        var exit: ProcessExit?
        var at: Double
        var resources: ResourceUse?
    }

    enum State: Sendable, Hashable {
        /// Nothing is there yet.
        case created
        /// It has its network, and waits for its turn to start.
        case attached
        /// Its process runs.
        case started(Process)
        /// Its network is up, and it may know.
        case initialised(Process)
        /// It has reported a first event.
        case running(Process)
        /// It was told to end.
        case stopping(Process, StopCause)
        /// Its process has ended; what it wrote is being read to the end.
        case draining(Process, StopCause?, Ending)
        case finished(InstanceRecord)
    }

    enum Event: Sendable, Hashable {
        case attached
        case attachmentFailed(reason: String)
        case spawned(processID: Int32, at: Double)
        case spawnFailed(reason: String)
        case networkInitialised
        /// It reported an event, the first one or a later one.
        case reported
        case stop(StopCause)
        case exited(Ending)
        /// All it wrote has been read and kept, or is lost.
        case drained(InstanceTestimony, OutputLoss?)
    }

    enum Action: Sendable, Hashable {
        /// Start the process when its turn comes.
        case start
        /// Tell it, and whoever asks the sync service, that its network is up.
        case announceNetwork
        /// Ask the process and its group to end.
        case terminate
        /// End the process and its group at once.
        case kill
        /// Tell the sync service that it will not come to barriers any more.
        case announceEnd(EndNotice)
        /// End what it left behind and read its output to the end.
        case drain
        case finish(InstanceRecord)
    }

    let instance: InstanceReference
    private(set) var state = State.created

    init(_ instance: InstanceReference) { self.instance = instance }

    var isFinished: Bool {
        if case .finished = state { true } else { false }
    }

    /// The process, while there is one to signal.
    var process: Process? {
        switch state {
        case .started(let process), .initialised(let process), .running(let process),
            .stopping(let process, _):
            process
        case .created, .attached, .draining, .finished: nil
        }
    }

    mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.created, .attached):
            state = .attached
            return [.start]
        case (.created, .attachmentFailed(let reason)), (.attached, .spawnFailed(let reason)):
            return finish(InstanceVerdict(outcome: .neverStarted, reason: reason))
        case (.attached, .spawned(let processID, let time)):
            state = .started(Process(processID: processID, startedAt: time))
            return [.announceNetwork]
        case (.created, .stop(let cause)), (.attached, .stop(let cause)):
            return finish(Self.unstarted(cause))
        case (.started(let process), .networkInitialised):
            state = .initialised(process)
            return []
        // One that reports before it is told that the network is up is running all the same.
        case (.started(let process), .reported), (.initialised(let process), .reported):
            state = .running(process)
            return []
        case (.started(let process), .stop(let cause)), (.initialised(let process), .stop(let cause)),
            (.running(let process), .stop(let cause)):
            state = .stopping(process, cause)
            return [cause.leavesGrace ? .terminate : .kill]
        case (.started(let process), .exited(let ending)), (.initialised(let process), .exited(let ending)),
            (.running(let process), .exited(let ending)):
            return end(process, nil, ending)
        case (.stopping(let process, let cause), .exited(let ending)):
            return end(process, cause, ending)
        case (.draining(let process, let cause, let ending), .drained(let testimony, let loss)):
            let verdict = InstanceVerdict.decide(testimony, exit: ending.exit, stop: cause, loss: loss)
            return finish(verdict, process, ending, testimony)
        case (.created, _), (.attached, _), (.started, _), (.initialised, _), (.running, _), (.stopping, _),
            (.draining, _), (.finished, _):
            // Late or out of place: the first cause, the first end and the one record stand.
            return []
        }
    }

    private mutating func end(_ process: Process, _ cause: StopCause?, _ ending: Ending) -> [Action] {
        state = .draining(process, cause, ending)
        return [.announceEnd(EndNotice(ending.exit)), .drain]
    }

    private mutating func finish(_ verdict: InstanceVerdict) -> [Action] {
        let record = InstanceRecord(instance: instance, outcome: verdict.outcome, reason: verdict.reason)
        state = .finished(record)
        return [.announceEnd(.neverStarted), .finish(record)]
    }

    private mutating func finish(
        _ verdict: InstanceVerdict, _ process: Process, _ ending: Ending, _ testimony: InstanceTestimony
    ) -> [Action] {
        let record = InstanceRecord(
            instance: instance, outcome: verdict.outcome, reason: verdict.reason, exit: ending.exit,
            processID: process.processID, startedAt: process.startedAt, endedAt: ending.at,
            openStages: testimony.openStages, lastMessage: testimony.lastMessage,
            resources: ending.resources)
        state = .finished(record)
        return [.finish(record)]
    }

    private static func unstarted(_ cause: StopCause) -> InstanceVerdict {
        switch cause {
        case .timeLimit(let limit):
            InstanceVerdict(
                outcome: .neverStarted, reason: "not started within the time limit of \(limit.short)")
        case .canceled:
            InstanceVerdict(outcome: .canceled, reason: "canceled before it was started")
        case .networkFailure(let reason, _):
            InstanceVerdict(outcome: .neverStarted, reason: "its network could not be made: \(reason)")
        }
    }
}

/// How an instance's end is told to the sync service, whose errors read
/// `2 of 10 can no longer arrive: miners[3] crashed, miners[7] exited 1`.
package struct EndNotice: Sendable, Hashable {
    /// Completes "miners[3] …".
    package var how: String
    /// It ended as an instance should: others need not be told that it is missing.
    package var orderly: Bool

    static let neverStarted = EndNotice(how: "never started", orderly: false)

    /// - Parameter exit: nil for a process that was given up on.
    init(_ exit: ProcessExit?) {
        switch exit {
        case .status(let status): self.init(how: "exited \(status)", orderly: status == 0)
        case .signal: self.init(how: "crashed", orderly: false)
        case nil: self.init(how: "hangs", orderly: false)
        }
    }

    private init(how: String, orderly: Bool) {
        self.how = how
        self.orderly = orderly
    }
}
