// Files, limits and the machine's resources.

import Foundation
import LinuxSystem
import Testing

@Suite("Captured files, limits and the machine")
struct CaptureFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "\(NSTemporaryDirectory())/testground-files-\(UUID().uuidString)"
        try Directories.make(folder)
        defer { Directories.removeTree(folder) }
        try body(folder)
    }

    @Test("a capture file is made once, keeps all bytes and knows what others wrote")
    func capture() throws {
        try withFolder { folder in
            let file = try #require(try CaptureFile.create("\(folder)/a"))
            #expect(try CaptureFile.create("\(folder)/a") == nil)
            #expect(file.append(Array("hello world".utf8), count: 5).written == 5)
            #expect(file.size == 5)
            let other = try OutputFile(path: "\(folder)/a", mode: .append)
            try other.write("!")
            #expect(file.size == 6)
            #expect(Directories.text(of: "\(folder)/a") == "hello!")
            #expect(throws: SystemError.self) { try CaptureFile.create("\(folder)/none/a") }
        }
    }

    @Test("files are compared by their bytes")
    func comparison() throws {
        try withFolder { folder in
            for (name, text) in [("a", "same"), ("b", "same"), ("c", "SAME"), ("d", "same and more")] {
                let file = try OutputFile(path: "\(folder)/\(name)")
                try file.write(text)
            }
            #expect(CaptureFile.haveEqualContents("\(folder)/a", "\(folder)/b"))
            #expect(!CaptureFile.haveEqualContents("\(folder)/a", "\(folder)/c"))
            #expect(!CaptureFile.haveEqualContents("\(folder)/a", "\(folder)/d"))
            #expect(!CaptureFile.haveEqualContents("\(folder)/a", "\(folder)/none"))
        }
    }

    @Test("a tree is removed without following links, and with its closed directories")
    func removal() throws {
        try withFolder { folder in
            try Directories.make("\(folder)/tree/closed/deep")
            try Directories.make("\(folder)/kept")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/tree/link", withDestinationPath: "\(folder)/kept")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0], ofItemAtPath: "\(folder)/tree/closed")
            Directories.removeTree("\(folder)/tree")
            #expect(Directories.names(in: folder) == ["kept"])
        }
    }

    @Test("a directory is tried out, not just looked at")
    func usable() throws {
        try withFolder { folder in
            try Directories.makeUsable("\(folder)/new")
            #expect(Directories.names(in: "\(folder)/new") == [])
            #expect(throws: SystemError.self) { try Directories.use("/proc") }
            #expect(throws: SystemError.self) { try Directories.use("\(folder)/none") }
        }
    }

    @Test("executables are told from what execve would refuse")
    func executables() throws {
        try withFolder { folder in
            func inspect(_ bytes: String, mode: Int = 0o755) throws -> ExecutableFile {
                let path = "\(folder)/file"
                try Data(bytes.utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                return ExecutableFile.inspect(path)
            }
            let examples: [(String, ExecutableFile)] = [
                ("#!/bin/sh -e\nexit 0\n", .script(interpreter: "/bin/sh")),
                ("#! /usr/bin/env python3\n", .script(interpreter: "/usr/bin/env")),
                ("#!\n", .script(interpreter: "")), ("echo hi\n", .unknown), ("", .unknown),
                ("\u{7f}ELF..", .truncatedProgram),
            ]
            for (text, kind) in examples {
                let found = try inspect(text)
                #expect(found == kind, "\(text)")
            }
            let closed = try inspect("#!/bin/sh\n", mode: 0o644)
            #expect(closed == .notExecutable)
            #expect(ExecutableFile.inspect(folder) == .directory)
            #expect(ExecutableFile.inspect("\(folder)/none") == .missing)
            #expect(ExecutableFile.inspect("/bin/sh") == .program)
        }
    }

    @Test("a limit is raised to what is wanted, never lowered")
    func limits() throws {
        let before = try ResourceLimit.current(.descriptors)
        #expect(try ResourceLimit.raise(.descriptors, to: 1) == before)
        let wanted = min(before.hard, before.soft + 1)
        #expect(try ResourceLimit.raise(.descriptors, to: wanted).soft == wanted)
        #expect(try ResourceLimit.raise(.descriptors, to: .max).soft == before.hard)
    }

    @Test("the machine tells its space, memory and processes")
    func machine() throws {
        #expect(try MachineResources.freeSpace(at: "/tmp").bytes > 0)
        #expect(throws: SystemError.self) { try MachineResources.freeSpace(at: "/nowhere") }
        #expect(try #require(MachineResources.availableMemory()) > 1 << 20)
        #expect(try #require(MachineResources.mostProcesses()) > MachineResources.processCount())
        #expect(ProcessTable.bootID().count == 36)
        let own = try #require(ProcessTable.entry(ProcessTable.ownID))
        #expect(own.processID == getpid() && own.parentID == getppid() && own.startTime > 0)
    }
}
