// The service under test: its process, its CPU time, its memory.

import Foundation

/// A sync service in a process of its own.
final class ServiceProcess {
    let process = Process()
    let port: UInt16

    /// - Parameter command: a program with its arguments, where `%p` stands for the port.
    init(_ command: [String], port: UInt16) throws {
        self.port = port
        let words = command.map { $0.replacingOccurrences(of: "%p", with: String(port)) }
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while !answers() { usleep(10_000) }
    }

    private func answers() -> Bool {
        guard process.isRunning else { fail("the service has ended") }
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Nanoseconds of CPU used by all threads (proc(5), schedstat).
    var cpu: Int {
        let folder = "/proc/\(process.processIdentifier)/task"
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return tasks.reduce(0) { sum, task in
            let text = (try? String(contentsOfFile: "\(folder)/\(task)/schedstat", encoding: .utf8)) ?? ""
            return sum + (text.split(separator: " ").first.flatMap { Int($0) } ?? 0)
        }
    }

    /// Resident bytes (proc(5), statm).
    var memory: Int {
        let text =
            (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}

/// Nanoseconds of CPU that this process has used.
func ownCPU() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
