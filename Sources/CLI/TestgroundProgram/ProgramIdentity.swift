// Who this process is, and the ids it makes.

import Execution
import LinuxSystem
import Synchronization

final class ProgramIdentity: Sendable {
    let owner: TaskOwner?
    private let generator: Mutex<XIDGenerator>

    init() {
        let processID = ProcessTable.ownID
        owner = ProcessTable.entry(processID).map {
            TaskOwner(processID: processID, startTime: $0.startTime, bootID: ProcessTable.bootID())
        }
        // FNV-1a: equal on one machine, most likely different on others.
        let machine = ThisProcess.hostName.utf8.reduce(UInt32(0x811c_9dc5)) {
            ($0 ^ UInt32($1)) &* 0x0100_0193
        }
        generator = Mutex(
            XIDGenerator(
                machine: machine, processID: UInt32(truncatingIfNeeded: processID),
                counter: .random(in: 0 ... .max)))
    }

    /// A new xid.
    @Sendable func makeID() -> String {
        let seconds = UInt32(truncatingIfNeeded: SystemClock.wall() / 1_000_000_000)
        return generator.withLock { $0.next(unixSeconds: seconds).text }
    }

    /// Whether a task's process still lives: a pid alone could be another's by now.
    @Sendable static func isAlive(_ owner: TaskOwner) -> Bool {
        guard owner.bootID == ProcessTable.bootID(), let entry = ProcessTable.entry(owner.processID) else {
            return false
        }
        return entry.startTime == owner.startTime && !entry.isZombie
    }
}
