// What kind of file a path names, as execve(2) will see it. stat(2), access(2), elf(5)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum ExecutableFile: Sendable, Hashable {
    case missing, directory, notExecutable
    /// It may be executed, but not read: execve will tell.
    case unreadable
    case program, truncatedProgram
    case script(interpreter: String)
    /// Neither ELF nor `#!`: execve answers ENOEXEC.
    case unknown

    /// Bytes of the header of the smallest ELF file (32 bits).
    private static let elfHeaderBytes = 52
    /// The kernel reads as much of a `#!` line.
    private static let longestScriptLine = 256

    package static func inspect(_ path: String) -> ExecutableFile {
        var information = stat()
        guard stat(path, &information) == 0 else { return .missing }
        if information.st_mode & S_IFMT == S_IFDIR { return .directory }
        // For root access(2) answers yes when any execute bit is set, as execve does.
        guard access(path, X_OK) == 0 else { return .notExecutable }
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return .unreadable }
        let file = OwnedDescriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: longestScriptLine)
        guard case .bytes(let count)? = try? file.read(into: &bytes) else { return .unknown }
        return kind(bytes[..<count])
    }

    private static func kind(_ bytes: ArraySlice<UInt8>) -> ExecutableFile {
        if bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
            return bytes.count < elfHeaderBytes ? .truncatedProgram : .program
        }
        guard bytes.starts(with: "#!".utf8) else { return .unknown }
        let line = bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        let word = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.first
        return .script(interpreter: String(decoding: word ?? [], as: UTF8.self))
    }
}
