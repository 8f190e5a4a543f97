// Where a builder keeps what it makes, below its work directory:
//
//     builds/<plan>/<build key>/    scratch space of one build: staged sources, products, record.json
//     artifacts/<plan>/<hash>/      finished artifacts; never written again, so that a running plan is safe
//     locks/<plan>/<build key>      held while the build's scratch space is in use
//
// BuildPlace.swift      paths, the record of the last build, purging
// BuildLock.swift       one build at a time in a scratch space, across processes
// StagedTree.swift      copies of sources
// ArtifactStore.swift   finished artifacts

import Execution
import Foundation
import LinuxSystem
import TestgroundModel

/// The scratch space of one plan's build with one key.
struct BuildPlace: Sendable {
    let plan: String
    let workDirectory: String
    /// Scratch space.
    let directory: String
    let lock: String
    let store: ArtifactStore

    init(_ request: BuildRequest) {
        plan = request.sources.plan
        workDirectory = request.workDirectory
        let plan = Self.name(plan)
        let key = Self.name(request.build.key)
        directory = "\(workDirectory)/builds/\(plan)/\(key)"
        lock = "\(workDirectory)/locks/\(plan)/\(key)"
        store = ArtifactStore(directory: "\(workDirectory)/artifacts/\(plan)")
    }

    private var recordFile: String { "\(directory)/record.json" }

    func makeDirectories() throws {
        for path in [directory, "\(workDirectory)/locks/\(Self.name(plan))", store.directory] {
            try Directories.make(path)
        }
    }

    /// What the last build left; an empty record when there was none or it cannot be read.
    func record() -> BuildRecord {
        guard let data = FileManager.default.contents(atPath: recordFile),
            let record = try? JSONDecoder().decode(BuildRecord.self, from: data)
        else { return BuildRecord() }
        return record
    }

    func save(_ record: BuildRecord) throws {
        try JSONEncoder().encode(record).write(to: URL(filePath: recordFile), options: .atomic)
    }

    /// Removes all scratch space and artifacts of a plan, waiting for builds that are under way.
    static func purge(plan: String, workDirectory: String, progress: any ProgressSink) async throws {
        try await explainingFiles(workDirectory) {
            try await purgeAll(plan, workDirectory, progress)
        }
    }

    private static func purgeAll(
        _ plan: String, _ workDirectory: String, _ progress: any ProgressSink
    ) async throws {
        let name = name(plan)
        let builds = "\(workDirectory)/builds/\(name)"
        let keys = (try? FileManager.default.contentsOfDirectory(atPath: builds)) ?? []
        for key in keys {
            try await BuildLock.hold("\(workDirectory)/locks/\(name)/\(key)") {
                progress.report(.note("waiting for a build of plan \"\(plan)\" to end before removing it"))
            } body: {
                try await onThread("purge") { try remove("\(builds)/\(key)") }
            }
        }
        try await onThread("purge") {
            for path in [builds, "\(workDirectory)/artifacts/\(name)"] { try remove(path) }
        }
    }

    private static func remove(_ path: String) throws {
        guard Directories.exists(path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    /// A plan's name or a key as the name of a folder: distinct for distinct names, never hidden nor `..`.
    static func name(_ text: String) -> String {
        let plain = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            // `+`, since tools take a `%` in a path for a pattern (clang's index store does).
            default: "+" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
        return plain.hasPrefix(".") || plain.isEmpty ? "+2e" + plain.dropFirst() : plain
    }
}

/// What a build leaves for the next one in its scratch space.
struct BuildRecord: Codable, Sendable {
    /// Staged sources, by the name of their folder.
    var staged: [String: StageRecord] = [:]
    /// The tool's product when it was last published, and what was published; nil after a build that failed.
    var product: FileStamp?
    var artifact: String?
    /// Dependencies that are replaced in a SwiftPM package's scratch space.
    var replacements: [SwiftReplacement] = []
}

/// Says in plain words which file work in a directory stumbled over.
func explainingFiles<Value>(
    _ directory: String, _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as SystemError {
        throw ExecutionError(.system, "work in \(directory) failed: \(error)")
    } catch let error as CocoaError {
        let path = error.filePath.map { " (\($0))" } ?? ""
        throw ExecutionError(.system, "work in \(directory) failed: \(error.fileReason)\(path)")
    }
}

/// Does blocking work on a thread of its own, so that the cooperative pool never waits for a disk.
func onThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            try NamedThread.start(name) { continuation.resume(with: Result(catching: body)) }.detach()
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
