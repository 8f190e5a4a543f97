// The rules of the house that neither compiler nor formatter checks.

import Foundation
import Testing

/// Swift sources below a folder of the repository, with their text.
private struct SourceFile: CustomTestStringConvertible {
    var path: String
    var text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var testDescription: String { path }
}

private enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sources(in folder: String) -> [SourceFile] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path(percentEncoded: false))
        return (names?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap {
            guard let text = try? String(contentsOf: base.appending(path: $0), encoding: .utf8) else {
                return nil
            }
            return SourceFile(path: "\(folder)/\($0)", text: text)
        }
    }
}

/// Every target with its folder, in the order of the architecture: a target imports only what stands above it.
private let house: [(target: String, folder: String)] = [
    ("TestgroundModel", "Sources/Model"),
    ("InstanceContract", "Sources/Contract"),
    ("CLinux", "Sources/System/CLinux"),
    ("LinuxSystem", "Sources/System/LinuxSystem"),
    ("InstanceLauncher", "Sources/System/InstanceLauncher"),
    ("CArchive", "Sources/System/CArchive"),
    ("Archives", "Sources/System/Archives"),
    ("LinkModel", "Sources/Network/LinkModel"),
    ("NetworkEmulator", "Sources/Network/NetworkEmulator"),
    ("SyncCore", "Sources/Sync/SyncCore"),
    ("SyncServer", "Sources/Sync/SyncServer"),
    ("SyncClient", "Sources/Sync/SyncClient"),
    ("Testground", "Sources/SDK"),
    ("Execution", "Sources/Execution/Execution"),
    ("Engine", "Sources/Execution/Engine"),
    ("Builders", "Sources/Execution/Builders"),
    ("Runners", "Sources/Execution/Runners"),
    ("TaskStorage", "Sources/Execution/TaskStorage"),
    ("RunResults", "Sources/Results/RunResults"),
    ("RunReport", "Sources/Results/RunReport"),
    ("Commands", "Sources/CLI/Commands"),
    ("TestgroundProgram", "Sources/CLI/TestgroundProgram"),
]

/// Targets that a plan is linked with: nothing but the toolchain may be imported.
private let leanTargets: Set<String> = ["InstanceContract", "LinuxSystem", "SyncClient", "Testground"]
private let toolchain: Set<String> = [
    "FoundationEssentials", "Foundation", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
]

/// Modules that decide purely: no socket, clock or device.
private let pureTargets: Set<String> = ["TestgroundModel", "InstanceContract", "LinkModel", "SyncCore"]

private func imports(of file: SourceFile) -> [String] {
    file.lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 2, words.count > index + 1,
            words[..<index].allSatisfy({
                $0.hasPrefix("@") || ["package", "public", "private", "internal"].contains($0)
            })
        else { return nil }
        return String(words[index + 1].prefix { $0 != "." })
    }
}

@Suite("The house rules")
struct HouseRules {
    @Test("every folder of Sources belongs to a target of the table")
    func tableIsComplete() {
        let all = Set(Repository.sources(in: "Sources").map(\.path))
        let known = Set(house.flatMap { Repository.sources(in: $0.folder) }.map(\.path))
        #expect(!all.isEmpty)
        #expect(all.subtracting(known).sorted() == [])
    }

    @Test("a target imports only targets that stand above it", arguments: house.indices)
    func importsGoUpwards(index: Int) {
        let above = Set(house[..<index].map(\.target))
        let ours = Set(house.map(\.target))
        for file in Repository.sources(in: house[index].folder) {
            let wrong = imports(of: file).filter { ours.contains($0) && !above.contains($0) }
            #expect(wrong == [], "\(file.path)")
        }
    }

    @Test("what a plan links imports no third-party package")
    func leanTargetsStayLean() {
        for entry in house where leanTargets.contains(entry.target) {
            let allowed = toolchain.union(house.map(\.target))
            for file in Repository.sources(in: entry.folder) {
                #expect(imports(of: file).filter { !allowed.contains($0) } == [], "\(file.path)")
            }
        }
    }

    @Test("pure targets read no clock and draw no randomness")
    func pureTargetsArePure() {
        let forbidden = [
            "ContinuousClock", "SuspendingClock", "Date()", "Date.now", ".random(",
            "SystemRandomNumberGenerator",
            "UUID()", "ProcessInfo", "FileManager", "Task.sleep",
        ]
        for entry in house where pureTargets.contains(entry.target) {
            for file in Repository.sources(in: entry.folder) {
                #expect(forbidden.filter { file.text.contains($0) } == [], "\(file.path)")
            }
        }
    }

    @Test("`public` stands only in the SDK")
    func publicIsForPlanAuthors() {
        for entry in house where entry.target != "Testground" {
            for file in Repository.sources(in: entry.folder) {
                let found = file.lines.filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix("public ") }
                #expect(found == [], "\(file.path)")
            }
        }
    }

    @Test("no forced try, no leftover note, no printing outside the command line")
    func nothingSloppy() {
        let markers = ["try" + "!", "FIX" + "ME", "TO" + "DO"]
        for file in Repository.sources(in: "Sources") {
            #expect(markers.filter { file.text.contains($0) } == [], "\(file.path)")
            guard !file.path.hasPrefix("Sources/CLI/") else { continue }
            let prints = file.lines.filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix("print(") }
            #expect(prints == [], "\(file.path)")
        }
    }

    @Test("pointers and libc live in System")
    func unsafeCodeHasOneHome() {
        let markers = [
            "UnsafePointer", "UnsafeMutable", "UnsafeRaw", "withUnsafe", "import Glibc", "import Musl",
        ]
        for file in Repository.sources(in: "Sources") where !file.path.hasPrefix("Sources/System/") {
            let found = markers.filter { file.text.contains($0) }
            // A hot path may use them where a benchmark shows the gain; the file must say so.
            guard !file.text.contains("Hot path:") else { continue }
            #expect(found == [], "\(file.path)")
        }
    }

    @Test("a file opens with its purpose, keeps to 110 columns and to a readable length")
    func filesAreReadable() {
        for folder in ["Sources", "Tests"] {
            for file in Repository.sources(in: folder) {
                #expect(file.text.hasPrefix("//"), "\(file.path) does not open with a comment")
                let long = file.lines.enumerated().filter { $0.element.count > 110 }.map { $0.offset + 1 }
                #expect(folder == "Tests" || long == [], "\(file.path) has lines over 110 columns")
                #expect(
                    folder == "Tests" || file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines"
                )
            }
        }
    }
}
