// What the machine has left: space, memory, process ids. statvfs(3), proc_meminfo(5), proc_sys_kernel(5)

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum MachineResources {
    /// Bytes and files (inodes) that the caller may still write to the file system at the path.
    package static func freeSpace(at path: String) throws(SystemError) -> (bytes: UInt64, files: UInt64) {
        var information = statvfs()
        guard fileSystem(path, &information) == 0 else { throw .last("statvfs", path) }
        // File systems without inodes (btrfs) say 0 of 0.
        let files = information.f_files == 0 ? UInt64.max : UInt64(information.f_favail)
        return (UInt64(information.f_bavail) * UInt64(information.f_frsize), files)
    }

    /// Bytes of memory that programs can get without swapping (`MemAvailable`); nil where /proc does not
    /// tell.
    package static func availableMemory() -> UInt64? {
        for line in (SmallFile.read("/proc/meminfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first == "MemAvailable:", words.count > 1 else { continue }
            return UInt64(words[1]).map { $0 * 1024 }
        }
        return nil
    }

    /// Most processes and threads the machine has at once; nil where /proc does not tell.
    package static func mostProcesses() -> UInt64? {
        let limits = ["pid_max", "threads-max"].compactMap { name in
            SmallFile.read("/proc/sys/kernel/\(name)").flatMap { text in UInt64(text.trimmed) }
        }
        return limits.min()
    }

    /// Processes there are now.
    package static func processCount() -> UInt64 { UInt64(ProcessTable.processIDs().count) }
}

private func fileSystem(_ path: String, _ information: inout statvfs) -> Int32 {
    statvfs(path, &information)
}

/// Files of /proc: small, made up at each read.
enum SmallFile {
    /// More than any file read this way has; what an environment has beyond it is not looked at.
    private static let mostBytes = 4 << 20

    static func read(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    static func bytes(_ path: String) -> [UInt8]? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = OwnedDescriptor(owning: number)
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while result.count < mostBytes, case .bytes(let count)? = try? file.read(into: &buffer) {
            result.append(contentsOf: buffer[..<count])
        }
        return result
    }
}

extension String {
    /// Without the newline that files of /proc end with.
    var trimmed: String { String(self.prefix { $0 != "\n" }) }
}
