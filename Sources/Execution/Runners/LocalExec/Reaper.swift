// Ends what earlier runs left on this machine: processes, temporary directories, ledgers.

import Execution
import LinuxSystem

/// What was found and ended.
struct ReapResult: Sendable, Hashable {
    /// Runs of which something was left.
    var runs: [String] = []
    /// Processes ended.
    var processes = 0
    /// Instances ended: processes that a runner had started itself.
    var instances = 0
    /// Processes that did not end.
    var survivors: [Int32] = []
}

enum Reaper {
    enum Scope: Sendable {
        /// Runs whose program is gone.
        case abandoned
        /// Also runs that other programs, or this one, are carrying out.
        case everything
    }

    /// Time processes of live runs get between SIGTERM and SIGKILL.
    static let terminateGrace = Duration.seconds(5)
    /// Time for killed processes to vanish.
    static let killAllowance = Duration.seconds(5)

    /// Blocks for as long as ending takes: `terminateGrace` and `killAllowance` at most.
    static func reap(workDirectory: String, _ scope: Scope) -> ReapResult {
        var result = ReapResult()
        let (ledgers, unreadable) = RunLedger.all(workDirectory)
        for path in unreadable { Directories.removeFile(path) }
        let boot = ProcessTable.bootID()
        for ledger in ledgers {
            let alive = ledger.ownerIsAlive
            if alive, case .abandoned = scope { continue }
            result.runs.append(ledger.header.runID)
            // Nothing survives a reboot but files.
            if ledger.header.owner.bootID == boot { end(ledger, gently: alive, &result) }
            // The files of a live run are its program's to remove.
            guard !alive else { continue }
            Directories.removeTree(ledger.header.temporaryDirectory)
            if result.survivors.isEmpty { Directories.removeFile(ledger.path) }
        }
        return result
    }

    /// Every process of the run that is left.
    static func processes(of ledger: RunLedger.Found) -> [ProcessEntry] {
        let entries = ProcessTable.entries().filter { !$0.isZombie && $0.processID != ProcessTable.ownID }
        // A group or session still means the run's while its first process is there with the start time that
        // was noted.
        let leaders = Set(
            ledger.processes.filter { ProcessTable.entry($0.key)?.startTime == $0.value }.map(\.key))
        return entries.filter { entry in
            if ledger.processes[entry.processID] == entry.startTime { return true }
            if leaders.contains(entry.groupID) || leaders.contains(entry.sessionID) { return true }
            return InstanceMark.outputsPath(of: entry.processID).map {
                InstanceMark.lies($0, in: ledger.header.outputsDirectory)
            } ?? false
        }
    }

    private static func end(_ ledger: RunLedger.Found, gently: Bool, _ result: inout ReapResult) {
        var left = processes(of: ledger)
        result.processes += left.count
        result.instances += left.count { ledger.processes[$0.processID] == $0.startTime }
        if gently {
            for process in left { ProcessTable.send(.terminate, to: process) }
            ProcessTable.waitForEnd(of: left, atMost: terminateGrace)
            left = processes(of: ledger)
        }
        // Twice, since a process may fork between being seen and being killed.
        for _ in 0..<2 where !left.isEmpty {
            for process in left { ProcessTable.send(.kill, to: process) }
            ProcessTable.waitForEnd(of: left, atMost: killAllowance)
            left = processes(of: ledger)
        }
        result.survivors += left.map(\.processID)
    }
}

/// How a process is known to belong to an instance, wherever it has moved: by the environment it inherited.
enum InstanceMark {
    static let variable = "TEST_OUTPUTS_PATH"

    static func outputsPath(of processID: Int32) -> String? {
        ProcessTable.environment(processID)?[variable]
    }

    static func lies(_ path: String, in directory: String) -> Bool { path.hasPrefix(directory + "/") }
}
