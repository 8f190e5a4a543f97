// The record on disk of what a run has started, from which a later start ends what a kill -9 left behind.
//
// `<work>/runs/<run>.jsonl`: the first line names the run, its owner and its directories, each further line
// one process. Lines are appended as processes start, before anything else is done with them; the file goes
// when the run is over.

import Execution
import InstanceContract
import LinuxSystem

final class RunLedger: Sendable {
    let path: String
    private let file: OutputFile

    private init(path: String) throws(SystemError) {
        self.path = path
        file = try OutputFile(path: path, mode: .append)
    }

    static func directory(_ workDirectory: String) -> String { "\(workDirectory)/runs" }

    /// Opens the ledger of a run that begins.
    static func begin(_ header: Header, workDirectory: String) throws(SystemError) -> RunLedger {
        let directory = directory(workDirectory)
        try Directories.make(directory)
        let path = "\(directory)/\(header.runID).jsonl"
        let ledger = try RunLedger(path: path)
        try ledger.file.write(header.line + "\n")
        return ledger
    }

    /// Notes a process that was just started.
    func note(_ process: ProcessEntry) throws(SystemError) {
        try file.write(
            JSONValue.object([
                .init("pid", .integer(process.processID)), .init("start", .integer(process.startTime)),
            ]).text + "\n")
    }

    /// The run is over and nothing of it is left.
    func end() { Directories.removeFile(path) }
}

extension RunLedger {
    /// The first line.
    struct Header: Sendable, Hashable {
        var runID: String
        var owner: TaskOwner
        var outputsDirectory: String
        var temporaryDirectory: String

        var line: String {
            JSONValue.object([
                .init("run", .string(runID)),
                .init(
                    "owner",
                    .object([
                        .init("pid", .integer(owner.processID)), .init("start", .integer(owner.startTime)),
                        .init("boot", .string(owner.bootID)),
                    ])), .init("outputs", .string(outputsDirectory)),
                .init("temporary", .string(temporaryDirectory)),
            ]).text
        }

        init(runID: String, owner: TaskOwner, outputsDirectory: String, temporaryDirectory: String) {
            self.runID = runID
            self.owner = owner
            self.outputsDirectory = outputsDirectory
            self.temporaryDirectory = temporaryDirectory
        }

        init?(line: Substring) {
            guard let value = try? JSONValue(parsing: String(line)), let run = value["run"]?.stringValue,
                let outputs = value["outputs"]?.stringValue, let owner = value["owner"],
                let temporary = value["temporary"]?.stringValue,
                let pid = owner["pid"]?.integerValue.flatMap({ Int32(exactly: $0) }),
                let start = owner["start"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
                let boot = owner["boot"]?.stringValue
            else { return nil }
            self.init(
                runID: run, owner: TaskOwner(processID: pid, startTime: start, bootID: boot),
                outputsDirectory: outputs, temporaryDirectory: temporary)
        }
    }

    /// A ledger found on disk.
    struct Found: Sendable, Hashable {
        var path: String
        var header: Header
        /// Start times of its processes by their ids.
        var processes: [Int32: UInt64]

        /// Whether the program that wrote it still runs.
        var ownerIsAlive: Bool {
            guard header.owner.bootID == ProcessTable.bootID(),
                let entry = ProcessTable.entry(header.owner.processID)
            else { return false }
            return entry.startTime == header.owner.startTime && !entry.isZombie
        }
    }

    /// Every ledger in the work directory. One whose first line was not written whole (a full disk) is
    /// answered by path alone in `unreadable`.
    static func all(_ workDirectory: String) -> (found: [Found], unreadable: [String]) {
        var found: [Found] = []
        var unreadable: [String] = []
        let directory = directory(workDirectory)
        for name in Directories.names(in: directory).sorted() where name.hasSuffix(".jsonl") {
            let path = "\(directory)/\(name)"
            guard let text = Directories.text(of: path) else { continue }
            let lines = text.split(separator: "\n")
            guard let first = lines.first, let header = Header(line: first) else {
                unreadable.append(path)
                continue
            }
            var processes: [Int32: UInt64] = [:]
            for line in lines.dropFirst() {
                // The last line may have been cut by the end of its writer.
                guard let value = try? JSONValue(parsing: String(line)),
                    let pid = value["pid"]?.integerValue.flatMap({ Int32(exactly: $0) }),
                    let start = value["start"]?.integerValue.flatMap({ UInt64(exactly: $0) })
                else { continue }
                processes[pid] = start
            }
            found.append(Found(path: path, header: header, processes: processes))
        }
        return (found, unreadable)
    }
}
