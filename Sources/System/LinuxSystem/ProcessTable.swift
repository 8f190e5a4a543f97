// The machine's processes, as /proc shows them. proc_pid_stat(5), proc_pid_environ(5)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One process at the moment it was looked at.
package struct ProcessEntry: Sendable, Hashable {
    package var processID: Int32
    package var parentID: Int32
    package var groupID: Int32
    package var sessionID: Int32
    /// Ended, and not yet waited for by its parent.
    package var isZombie: Bool
    /// Clock ticks between boot and start: with the id and the boot it names a process for good.
    package var startTime: UInt64
}

package enum ProcessTable {
    package static var ownID: Int32 { getpid() }

    /// Ids of all processes there are.
    package static func processIDs() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var result: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { strtol($0, nil, 10) }
            }
            if name > 0 { result.append(Int32(name)) }
        }
        return result
    }

    /// The process with that id; nil when there is none.
    package static func entry(_ processID: Int32) -> ProcessEntry? {
        guard let text = SmallFile.read("/proc/\(processID)/stat"),
            // The second field is the program's name in parentheses, and may hold any character.
            let end = text.utf8.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = text.utf8[end...].dropFirst(2).split(separator: UInt8(ascii: " "))
        // From field 3, the state, to field 22, the start time.
        guard fields.count > 19, let parent = Int32(Substring(fields[1])),
            let group = Int32(Substring(fields[2])), let session = Int32(Substring(fields[3])),
            let start = UInt64(Substring(fields[19]))
        else { return nil }
        let state = Substring(fields[0])
        return ProcessEntry(
            processID: processID, parentID: parent, groupID: group, sessionID: session,
            isZombie: state == "Z" || state == "X", startTime: start)
    }

    /// Every process there is.
    package static func entries() -> [ProcessEntry] { processIDs().compactMap(entry) }

    /// The process's environment as it was started with; nil when it is gone or not ours to look at.
    package static func environment(_ processID: Int32) -> [String: String]? {
        guard let bytes = SmallFile.bytes("/proc/\(processID)/environ") else { return nil }
        var result: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            result[String(decoding: entry[..<sign], as: UTF8.self)] = String(
                decoding: entry[(sign + 1)...], as: UTF8.self)
        }
        return result
    }

    /// Sends a signal to one process, if it is still the one that was looked at.
    ///
    /// - Returns: whether it was.
    @discardableResult
    package static func send(_ signal: ProcessSignal, to process: ProcessEntry) -> Bool {
        // The descriptor pins the process; only then does its start time tell that it is the right one.
        guard let child = try? ChildProcess.adopt(process.processID),
            entry(process.processID)?.startTime == process.startTime
        else { return false }
        return child.send(signal)
    }

    /// Identifies the machine's current boot; empty where /proc does not tell.
    package static func bootID() -> String {
        SmallFile.read("/proc/sys/kernel/random/boot_id")?.trimmed ?? ""
    }
}

extension ProcessTable {
    /// Blocks until all the processes have ended (zombies count as ended), or the time is over.
    package static func waitForEnd(of processes: [ProcessEntry], atMost time: Duration) {
        guard let poller = try? Poller() else { return }
        let deadline = SystemClock.monotonic() + time.components.seconds * 1_000_000_000
        var waiting: [UInt64: ChildProcess] = [:]
        for process in processes {
            guard let child = try? ChildProcess.adopt(process.processID),
                entry(process.processID)?.startTime == process.startTime,
                (try? poller.add(child.descriptor, token: UInt64(process.processID))) != nil
            else { continue }
            waiting[UInt64(process.processID)] = child
        }
        while !waiting.isEmpty, SystemClock.monotonic() < deadline {
            for token in poller.wait(until: deadline) {
                if let ended = waiting.removeValue(forKey: token) { poller.remove(ended.descriptor) }
            }
        }
    }
}
