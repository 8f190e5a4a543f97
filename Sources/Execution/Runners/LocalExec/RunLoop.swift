// The supervisor's loop: waits for messages, ends of processes and deadlines, feeds the state machines, acts.
//
// Starting a process is in RunLoop+Processes.swift, as is ending what is left.

import Execution
import InstanceContract
import LinuxSystem

struct RunLoop {
    /// Output is read by as many threads as keep two busy cores fed.
    static let pumpCount = 2
    /// Processes started before ends and messages are looked at again.
    static let startsInARow = 16
    /// Looking for strays reads all of /proc: this often at most, and at most one part in so many of the
    /// time.
    static let sweepInterval = Duration.milliseconds(100)
    static let sweepShare: Int64 = 10
    /// Time for killed strays to vanish at the run's end.
    static let strayAllowance = Duration.seconds(5)
    /// What the poller calls the mailbox; instances are called by their numbers, strays by their ids above
    /// `strayToken`.
    static let mailboxToken = UInt64.max
    static let strayToken: UInt64 = 1 << 40
    /// Gates are called by their instances' numbers above this.
    static let gateToken: UInt64 = 1 << 41

    let supervisor: RunSupervisor
    let poller: Poller
    let nothing: OwnedDescriptor
    let pumps: [OutputPump]
    let pumpThreads: [NamedThread]

    var lives: [InstanceLife]
    var networks: [Int: AttachedNetwork] = [:]
    /// Attached instances whose turn to start has not come, first come first.
    var startQueue: ArraySlice<Int> = []
    var children: [Int: ChildProcess] = [:]
    /// Instances that wait for a network of their own, or have just been let through.
    var gates: [Int: Gate] = [:]
    var schedule: StopSchedule
    var strays: Strays
    /// When to look for strays; nil while nothing has ended.
    var sweepAt: Int64?
    /// Not before, however much ends.
    var nextSweep = Int64.min
    var phases: PhaseCounts
    var unfinished: Int
    var canceled = false
    var leftBehind = false
    var warnings: [String] = []

    init(_ supervisor: RunSupervisor) throws {
        let order = supervisor.order
        self.supervisor = supervisor
        poller = try Poller()
        nothing = try OwnedDescriptor.nothing()
        try supervisor.mailbox.watch(with: poller, token: Self.mailboxToken)
        lives = order.launches.map { InstanceLife($0.instance) }
        schedule = StopSchedule(start: order.start, limit: order.timeLimit, grace: order.grace)
        strays = Strays(outputsDirectory: order.outputsDirectory)
        phases = PhaseCounts(total: order.launches.count)
        unfinished = order.launches.count
        let mailbox = supervisor.mailbox
        var pumps: [OutputPump] = []
        var threads: [NamedThread] = []
        do {
            for number in 0..<Self.pumpCount {
                let pump = try OutputPump(progress: supervisor.progress) { mailbox.post(.output($0)) }
                pumps.append(pump)
                threads.append(try NamedThread.start("output-\(number)") { pump.run() })
            }
        } catch {
            for pump in pumps { pump.stop() }
            for thread in threads { thread.join() }
            throw error
        }
        self.pumps = pumps
        pumpThreads = threads
    }

    mutating func run() -> SupervisedRun {
        while unfinished > 0 {
            // With starts to do there is nothing to wait for: only look.
            let tokens = poller.wait(until: startQueue.isEmpty ? deadline : 0)
            if tokens.contains(Self.mailboxToken) { takeMessages() }
            for token in tokens where token != Self.mailboxToken { ready(token) }
            keepTime()
            startSome()
            sweepIfDue()
            phases.report(to: supervisor.progress)
        }
        endStrays()
        for pump in pumps { pump.stop() }
        for thread in pumpThreads { thread.join() }
        return SupervisedRun(
            instances: lives.compactMap { life in
                if case .finished(let record) = life.state { record } else { nil }
            }, phases: phases.records, warnings: warnings, canceled: canceled, leftBehind: leftBehind)
    }

    private mutating func ready(_ token: UInt64) {
        if token >= Self.gateToken {
            gateReady(Int(token & ~Self.gateToken))
        } else {
            processEnded(token)
        }
    }

    var deadline: Int64? { [schedule.deadline, sweepAt].compactMap(\.self).min() }

    /// Seconds since the run's start.
    var now: Double { Double(SystemClock.monotonic() - supervisor.order.start) / 1e9 }

    // MARK: Events

    private mutating func takeMessages() {
        for message in supervisor.mailbox.take() {
            switch message {
            case .attached(let index, let network):
                networks[index] = network
                if case .created = lives[index].state { phases.pass(.scheduled, at: now) }
                feed(index, .attached)
            case .attachmentFailed(let index, let reason):
                feed(index, .attachmentFailed(reason: reason))
            case .connected(let index): connected(index)
            case .connectionFailed(let index, let reason): connectionFailed(index, reason)
            case .requestFailed(let index, let reason):
                feed(index, .stop(.networkFailure(reason, hadStarted: true)))
            case .output(.reported(let index)):
                feed(index, .reported)
            case .output(.drained(let index, let testimony, let loss)):
                feed(index, .drained(testimony, loss))
            case .cancel:
                act(schedule.cancel(at: SystemClock.monotonic()))
            case .kill:
                act(schedule.kill(at: SystemClock.monotonic()))
            }
        }
    }

    private mutating func keepTime() { act(schedule.tick(at: SystemClock.monotonic())) }

    mutating func feed(_ index: Int, _ event: InstanceLife.Event) {
        for action in lives[index].handle(event) { act(index, action) }
    }

    // MARK: Actions

    private mutating func act(_ actions: [StopSchedule.Action]) {
        for action in actions {
            switch action {
            case .stopAll(let cause):
                if case .canceled = cause { canceled = true }
                for index in lives.indices { feed(index, .stop(cause)) }
            case .killAll:
                for child in children.values { child.sendToGroup(.kill) }
            case .giveUp:
                let ending = InstanceLife.Ending(exit: nil, at: now, resources: nil)
                leftBehind = leftBehind || !children.isEmpty
                for (index, child) in children {
                    poller.remove(child.descriptor)
                    feed(index, .exited(ending))
                }
                children = [:]
            }
        }
    }

    private mutating func act(_ index: Int, _ action: InstanceLife.Action) {
        let instance = lives[index].instance
        switch action {
        case .start:
            startQueue.append(index)
        case .announceNetwork:
            // The host's network is up before the process is; one of its own comes through the gate.
            if gates[index] == nil { networkIsUp(index) }
        case .terminate:
            children[index]?.sendToGroup(.terminate)
        case .kill:
            children[index]?.sendToGroup(.kill)
        case .announceEnd(let notice):
            supervisor.notify.yield(.ended(instance, notice))
        case .drain:
            strays.instanceEnded(index)
            planSweep()
            pump(of: index).conclude(index)
        case .finish(let record):
            unfinished -= 1
            phases.pass(.finished, at: now)
            supervisor.progress.report(.instanceEnded(record))
        }
    }

    func pump(of index: Int) -> OutputPump { pumps[index % pumps.count] }
}
