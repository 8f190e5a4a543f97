// Whether the kernel could start a file, told before an instance tries. execve(2), elf(5).

import Execution
import Foundation
import LinuxSystem

/// A file that can be started.
struct ExecutableFile: Sendable {
    enum Kind: Sendable, Hashable { case binary, script }

    /// Where the file really is, symbolic links followed.
    let path: String
    let kind: Kind

    /// Magic bytes of executables: ELF, and Mach-O of one or several architectures.
    private static let magics: [[UInt8]] = [
        [0x7f, 0x45, 0x4c, 0x46], [0xcf, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe],
    ]
    /// An ELF header of a 32-bit machine, in bytes; a shorter file was not written to its end.
    private static let shortestBinary = 52

    /// - Parameters:
    ///   - name: what the person calls the file.
    ///   - environment: where `#!/usr/bin/env` will look for the interpreter.
    ///   - fail: makes an error of a reason.
    init(
        at path: String, named name: String, environment: [String: String],
        fail: (String) -> ExecutionError
    ) throws {
        self.path = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        guard let stamp = try FileStamp(path: self.path) else {
            throw fail("there is no artifact \(name) after the build: correct `artifact` or `build`")
        }
        guard stamp.kind == .file else { throw fail("the artifact \(name) is no file") }
        guard stamp.isExecutable else {
            throw fail("the artifact \(name) is not executable: `chmod +x \(name)`")
        }
        let handle = try FileHandle(forReadingFrom: URL(filePath: self.path))
        defer { try? handle.close() }
        // Linux reads a script's first line from its first 256 bytes (BINPRM_BUF_SIZE).
        let head = [UInt8](try handle.read(upToCount: 256) ?? Data())
        if Self.magics.contains(where: { head.starts(with: $0) }) {
            guard head.count >= Self.shortestBinary else {
                throw fail("the artifact \(name) is a broken executable of \(head.count) bytes")
            }
            kind = .binary
            return
        }
        guard head.starts(with: Array("#!".utf8)) else {
            throw fail(
                "the artifact \(name) is no executable: it is no binary of this machine, and no script whose "
                    + "first line names its interpreter (`#!/bin/sh`)")
        }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        if let missing = Self.missingInterpreter(line, environment) {
            let hint = line.hasSuffix("\r") ? " (its first line ends in CR LF: use LF)" : ""
            throw fail("the artifact \(name) needs the interpreter \"\(missing)\", which is not there\(hint)")
        }
        kind = .script
    }

    /// The interpreter that a script's first line names in vain.
    private static func missingInterpreter(_ line: String, _ environment: [String: String]) -> String? {
        let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
        let interpreter = words.first ?? ""
        guard interpreter.hasPrefix("/"), Directories.exists(interpreter) else { return interpreter }
        // env(1) looks for the program itself; its options come first.
        guard interpreter.hasSuffix("/env"),
            let program = words.dropFirst().first(where: { !$0.hasPrefix("-") && !$0.contains("=") }),
            let search = environment["PATH"]
        else { return nil }
        let isThere =
            program.hasPrefix("/")
            ? Directories.exists(program)
            : search.split(separator: ":").contains { Directories.exists("\($0)/\(program)") }
        return isThere ? nil : program
    }
}
