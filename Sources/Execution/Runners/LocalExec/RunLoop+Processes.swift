// The supervisor's hands: starting processes, taking their exits, ending what they left.

import Execution
import LinuxSystem

extension RunLoop {
    /// Starts some of the instances whose turn has come.
    mutating func startSome() {
        for _ in 0..<Self.startsInARow {
            guard let index = startQueue.popFirst() else { return }
            // It may have been stopped while it waited for its turn.
            guard case .attached = lives[index].state, let network = networks.removeValue(forKey: index)
            else {
                continue
            }
            start(index, network)
        }
    }

    private mutating func start(_ index: Int, _ network: AttachedNetwork) {
        let launch = supervisor.order.launches[index]
        var process = launch.process(network)
        let child: ChildProcess
        var control: MessageSocket?
        do {
            if let namespaces = network.launch { control = try process.launch(through: namespaces) }
            child = try spawn(launch, process)
            // The launcher has its end now; ours must not keep it open.
            process.passed = []
        } catch {
            let bytes = process.environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
            return feed(
                index, .spawnFailed(reason: ExecutableCheck.explain(error, environmentBytes: bytes)))
        }
        children[index] = child
        if let control { watchGate(index, control) }
        strays.instanceStarted(index, processID: child.processID, outputsPath: launch.outputsPath)
        note(child)
        schedule.firstInstanceStarted(at: SystemClock.monotonic())
        phases.pass(.started, at: now)
        feed(index, .spawned(processID: child.processID, at: now))
    }

    private func spawn(_ launch: InstanceLaunch, _ process: ProcessLaunch) throws(SystemError) -> ChildProcess
    {
        let output = try OwnedDescriptor.pipe()
        let error = try OwnedDescriptor.pipe()
        let child = try ChildProcess.start(
            process, input: nothing, output: output.writing, error: error.writing)
        do {
            try poller.add(child.descriptor, token: UInt64(launch.index))
        } catch let failure {
            // Nobody would hear of its end.
            child.sendToGroup(.kill)
            ProcessTable.waitForEnd(
                of: [child.processID].compactMap(ProcessTable.entry), atMost: Self.strayAllowance)
            _ = try? child.waitWithoutBlocking()
            throw failure
        }
        pump(of: launch.index).add(
            CaptureSource(
                index: launch.index, instance: launch.instance, runID: supervisor.order.runID,
                directory: launch.outputsPath), output: output.reading, error: error.reading)
        return child
    }

    /// Writes down that the process is there, for whoever must end it should this program be killed.
    private mutating func note(_ child: ChildProcess) {
        guard let entry = ProcessTable.entry(child.processID) else { return }
        do {
            try supervisor.ledger.note(entry)
        } catch {
            let warning = "processes could not be recorded in \(supervisor.ledger.path): \(error)"
            guard !warnings.contains(where: { $0.hasPrefix("processes could not be recorded") }) else {
                return
            }
            warnings.append(warning)
            supervisor.progress.report(.note(warning))
        }
    }

    /// A process that the poller watches has ended.
    mutating func processEnded(_ token: UInt64) {
        if token >= Self.strayToken { return strayEnded(token) }
        processEnded(index: Int(token))
    }

    mutating func processEnded(index: Int) {
        guard let child = children[index], mayEnd(index, child) else { return }
        // It is a zombie until it is waited for, so its group's id is still its own.
        child.sendToGroup(.kill)
        let ending: InstanceLife.Ending
        do {
            guard let end = try child.waitWithoutBlocking() else { return }
            ending = InstanceLife.Ending(
                exit: end.exit, at: now,
                resources: ResourceUse(
                    userSeconds: Double(end.userNanoseconds) / 1e9,
                    systemSeconds: Double(end.systemNanoseconds) / 1e9,
                    maximumResidentBytes: ownPeak(end.maximumResidentBytes)))
        } catch {
            // Somebody else has waited for it: how it ended cannot be known any more.
            ending = InstanceLife.Ending(exit: nil, at: now, resources: nil)
        }
        poller.remove(child.descriptor)
        children[index] = nil
        feed(index, .exited(ending))
    }

    /// The peak of the instance itself. A process starts out with the peak of the one that started it
    /// (exec_mmap of the kernel hands it on), so that a smaller figure than ours says nothing about the
    /// instance.
    private func ownPeak(_ bytes: Int64) -> Int64? {
        bytes > ProcessUsage.current().peakResidentBytes ? bytes : nil
    }

    // MARK: Strays

    mutating func planSweep() { sweepAt = sweepAt ?? max(SystemClock.monotonic(), nextSweep) }

    mutating func sweepIfDue() {
        guard let due = sweepAt, SystemClock.monotonic() >= due else { return }
        sweepAt = nil
        sweep()
    }

    private mutating func sweep() {
        let began = SystemClock.monotonic()
        for child in strays.sweep() {
            // Without the watch its exit is taken at the run's end.
            try? poller.add(child.descriptor, token: Self.strayToken | UInt64(child.processID))
        }
        let ended = SystemClock.monotonic()
        nextSweep = ended + max(Self.sweepInterval.nanoseconds, (ended - began) * Self.sweepShare)
    }

    private mutating func strayEnded(_ token: UInt64) {
        guard let child = strays.reap(Int32(truncatingIfNeeded: token & ~Self.strayToken)) else { return }
        poller.remove(child.descriptor)
        // Its own children are this program's now.
        planSweep()
    }

    /// Ends all that is left of the run, and waits for it, within limits.
    mutating func endStrays() {
        let deadline = SystemClock.monotonic() + Self.strayAllowance.nanoseconds
        repeat {
            sweep()
            while !strays.dying.isEmpty, SystemClock.monotonic() < deadline {
                for token in poller.wait(until: deadline) where token < Self.gateToken {
                    processEnded(token)
                }
                for processID in strays.dying.keys { _ = strays.reap(processID) }
            }
            // Those that ended may have left children in turn.
        } while sweepAt != nil && takeSweep() && SystemClock.monotonic() < deadline
        leftBehind = leftBehind || !strays.dying.isEmpty
    }

    private mutating func takeSweep() -> Bool {
        defer { sweepAt = nil }
        return sweepAt != nil
    }
}

extension ProcessEnd {
    var exit: ProcessExit {
        switch cause {
        case .status(let status): .status(status)
        case .signal(let number): .signal(number)
        }
    }
}
