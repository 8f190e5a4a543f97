// Whether anything stays: many runs in one program, its descriptors, threads and memory counted after the first few and
// after the last; and namespaces and devices of the machine before and after. proc(5).

import Foundation

struct Leaks: Sendable {
    /// More than after the first few runs.
    var descriptors: Int
    var threads: Int
    /// Mebibytes.
    var resident: Double
    /// More on the machine than before.
    var namespaces: Int
    var devices: Int
}

extension Laboratory {
    /// Runs after which the program has everything that it keeps: pools of threads, buffers, caches.
    private static let settled = 10

    func leaks(runs: Int) throws -> Leaks {
        let groups = (0..<runs).map { "[[runs]]\nid = \"r\($0)\"\n[[runs.groups]]\nid = \"g\"\n" }.joined()
        let text = """
            [global]
            plan = "probe"
            case = "nothing"
            builder = "exec:generic"
            runner = "local:exec"
            [[groups]]
            id = "g"
            instances = { count = 20 }
            [groups.run]
            artifact = "\(nothing)"
            \(groups)
            """
        let file = "\(home)/leaks.toml"
        try Data(text.utf8).write(to: URL(filePath: file))
        let before = (Self.namespaces(), Self.devices())
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["run", "composition", "-f", file, "--json"]
        process.environment = ProcessInfo.processInfo.environment.merging(["TESTGROUND_HOME": home]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var results = 0
        var (early, late): (Sample?, Sample?)
        var rest = Data()
        while true {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest = rest[rest.index(after: end)...]
                guard line.contains("\"kind\":\"result\"") else { continue }
                guard line.contains("\"outcome\":\"success\"") else {
                    throw LaboratoryError(description: "a run failed: \(line)")
                }
                results += 1
                // The next run has begun by now: both samples are taken in the middle of one.
                if results == Self.settled { early = Sample(of: process.processIdentifier) }
                if results == runs - 1 { late = Sample(of: process.processIdentifier) }
            }
        }
        process.waitUntilExit()
        guard let early, let late else { throw LaboratoryError(description: "only \(results) runs ended") }
        // The kernel takes its time to end namespaces; nothing of them is seen by then.
        return Leaks(
            descriptors: late.descriptors - early.descriptors, threads: late.threads - early.threads,
            resident: (late.resident - early.resident) / 1_048_576, namespaces: Self.namespaces() - before.0,
            devices: Self.devices() - before.1)
    }

    /// What a process holds.
    private struct Sample {
        var descriptors: Int
        var threads: Int
        var resident: Double

        init(of process: Int32) {
            func count(_ folder: String) -> Int {
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/\(folder)"))?.count
                    ?? -1
            }
            descriptors = count("fd")
            threads = count("task")
            let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
            resident = (line.split(separator: " ").compactMap { Double($0) }.first ?? .nan) * 1_024
        }
    }

    /// Network namespaces that a process is in.
    private static func namespaces() -> Int {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let names = processes.filter { Int($0) != nil }.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/ns/net")
        }
        return Set(names).count
    }

    private static func devices() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net"))?.count ?? -1
    }
}
