// Processes that instances leave behind: children in the background, daemons that forked twice and made
// sessions of their own.
//
// This program is a subreaper, so the orphans of its instances become its children. They are told from other
// children (a builder's compiler, say) by their group or session, which an instance's process leads, or by
// the environment that they inherited. One that has given up both, while it lives, cannot be told and is left
// alone.
//
// Belongs to a supervisor's thread.

import LinuxSystem

struct Strays {
    /// Directory of the run's outputs: what `TEST_OUTPUTS_PATH` of its processes lies in.
    private let outputsDirectory: String
    private let ownSession: Int32
    /// Numbers of instances by their outputs directories and by their processes.
    private var instancesByPath: [String: Int] = [:]
    private var instancesByProcess: [Int32: Int] = [:]
    /// Instances whose own process has ended.
    private var ended: Set<Int> = []
    /// Killed, and to be waited for.
    private(set) var dying: [Int32: ChildProcess] = [:]

    init(outputsDirectory: String) {
        self.outputsDirectory = outputsDirectory
        ownSession = ProcessTable.entry(ProcessTable.ownID)?.sessionID ?? 0
    }

    mutating func instanceStarted(_ index: Int, processID: Int32, outputsPath: String) {
        instancesByPath[outputsPath] = index
        instancesByProcess[processID] = index
    }

    mutating func instanceEnded(_ index: Int) { ended.insert(index) }

    /// Looks at the machine's processes and kills those that ended instances left.
    ///
    /// - Returns: the killed ones, whose descriptors tell when they are gone.
    mutating func sweep() -> [ChildProcess] {
        var killed: [ChildProcess] = []
        // The bulk of processes are instances: they are not even looked at.
        for processID in ProcessTable.processIDs()
        where dying[processID] == nil && !ChildProcess.isAwaited(processID) {
            guard let entry = ProcessTable.entry(processID), entry.parentID == ProcessTable.ownID,
                isStray(entry), let child = try? ChildProcess.adopt(entry.processID),
                // Still the same process, now that the descriptor pins it.
                ProcessTable.entry(entry.processID)?.startTime == entry.startTime,
                !ChildProcess.isAwaited(entry.processID)
            else { continue }
            child.send(.kill)
            dying[entry.processID] = child
            killed.append(child)
        }
        return killed
    }

    /// Takes the exit of a dying stray; nil when it is none, or not gone yet.
    mutating func reap(_ processID: Int32) -> ChildProcess? {
        guard let child = dying[processID] else { return nil }
        do {
            guard try child.waitWithoutBlocking() != nil else { return nil }
        } catch {
            // Another run's supervisor in this program has taken it; it is gone all the same.
        }
        dying[processID] = nil
        return child
    }

    private func isStray(_ entry: ProcessEntry) -> Bool {
        if let index = instancesByProcess[entry.groupID] ?? instancesByProcess[entry.sessionID] {
            return ended.contains(index)
        }
        if entry.isZombie {
            // A zombie has no environment left to tell it by, and harms nobody but the process table. In a
            // session of its own it descends from an instance, unless somebody else starts children now.
            return entry.sessionID != ownSession && !ForeignChildren.mayExist
        }
        guard let path = InstanceMark.outputsPath(of: entry.processID),
            InstanceMark.lies(path, in: outputsDirectory), let index = instancesByPath[path]
        else { return false }
        return ended.contains(index)
    }
}
