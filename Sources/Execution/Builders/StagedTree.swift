// Copies of source directories, kept up to date between builds.
//
// A build that writes beside its sources works in a copy, so that a plan's directory stays as its author left
// it, and what the tool made stays for the next build.

import Execution
import Foundation
import LinuxSystem

/// What was copied the last time.
struct StageRecord: Codable, Sendable, Hashable {
    var source: String
    /// Unix time in nanoseconds at which the stamps were taken.
    var takenAt: Int64
    /// By path within the tree.
    var entries: [String: StageEntry]
}

/// A file, directory or link and its copy, as they were after copying.
struct StageEntry: Codable, Sendable, Hashable {
    var source: FileStamp
    var copy: FileStamp?
}

/// A source directory and its copy.
struct StagedTree: Sendable {
    let source: String
    let destination: String
    /// Directory that is never copied: the builders' own, should it lie in the plan.
    let workDirectory: String

    /// Version control's own folders, and the cache that SwiftPM keeps beside its sources.
    private static let excluded: Set<String> = [".git", ".hg", ".svn", ".build"]

    /// More files than this are hardly a plan, rather somebody's home directory.
    private static let fileLimit = 200_000

    /// A stamp taken within this time after a file's last change may hide a later change (see `FileStamp`):
    /// its contents are compared. Generous, since network file systems have clocks of their own.
    private static let doubtful: Int64 = 2_000_000_000

    /// Makes the copy like the source: copies what is new or changed, removes what is gone, restores what a
    /// tool altered. What a tool added to the copy stays.
    ///
    /// - Parameter now: Unix time in nanoseconds.
    /// - Returns: the new record, and whether the source has changed since the last time.
    func synchronise(_ previous: StageRecord?, now: Int64) throws -> (StageRecord, changed: Bool) {
        let stamps = try list()
        let known = previous?.source == source ? previous : nil
        var changed = false
        for path in (previous?.entries.keys.sorted() ?? []) where stamps[path] == nil {
            changed = true
            try remove("\(destination)/\(path)")
        }
        try Directories.make(destination)
        // A directory comes before what it holds.
        var entries: [String: StageEntry] = [:]
        for (path, stamp) in stamps.sorted(by: { $0.key < $1.key }) {
            if try update(path, stamp, known) { changed = true }
            entries[path] = StageEntry(source: stamp, copy: try FileStamp(path: "\(destination)/\(path)"))
        }
        return (StageRecord(source: source, takenAt: now, entries: entries), changed)
    }

    /// Stamps of everything in the source, by path within it.
    private func list() throws -> [String: FileStamp] {
        var entries: [String: FileStamp] = [:]
        var directories = [""]
        while let directory = directories.popLast() {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(source)/\(directory)")
            for name in names where !Self.excluded.contains(name) {
                let path = directory.isEmpty ? name : "\(directory)/\(name)"
                guard "\(source)/\(path)" != workDirectory,
                    let stamp = try FileStamp(path: "\(source)/\(path)")
                else { continue }
                switch stamp.kind {
                case .directory: directories.append(path)
                case .file, .symbolicLink: break
                case .other: continue
                }
                entries[path] = stamp
                guard entries.count <= Self.fileLimit else {
                    throw ExecutionError(
                        .buildFailed,
                        "\(source) holds more than \(Self.fileLimit) files, which is no plan's directory: "
                            + "give the plan a directory of its own")
                }
            }
        }
        return entries
    }

    /// Whether the source has changed.
    private func update(_ path: String, _ stamp: FileStamp, _ known: StageRecord?) throws -> Bool {
        let copy = "\(destination)/\(path)"
        let present = try FileStamp(path: copy)
        switch stamp.kind {
        case .directory:
            if present?.kind == .directory { return false }
            try remove(copy)
            try Directories.make(copy)
            return true
        case .symbolicLink:
            let target = try target(of: path)
            if present?.kind == .symbolicLink,
                try FileManager.default.destinationOfSymbolicLink(atPath: copy) == target
            {
                return false
            }
            try remove(copy)
            try FileManager.default.createSymbolicLink(atPath: copy, withDestinationPath: target)
            return true
        case .file, .other:
            let entry = known?.entries[path]
            let isDoubtful = stamp.age(at: known?.takenAt ?? 0) < Self.doubtful
            let isSame = entry?.source == stamp && !isDoubtful
            if isSame, present == entry?.copy { return false }
            if present?.kind == .file, present?.mode == stamp.mode, present?.size == stamp.size,
                FileManager.default.contentsEqual(atPath: "\(source)/\(path)", andPath: copy)
            {
                return false
            }
            try remove(copy)
            try FileManager.default.copyItem(atPath: "\(source)/\(path)", toPath: copy)
            return !isSame
        }
    }

    /// Where a link points, seen from the copy: a relative path that leads out of the tree is made absolute.
    private func target(of path: String) throws -> String {
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: "\(source)/\(path)")
        guard !target.hasPrefix("/") else { return target }
        let directory = URL(filePath: "\(source)/\(path)").deletingLastPathComponent()
        let absolute = directory.appending(path: target).standardizedFileURL.path(percentEncoded: false)
        return absolute == source || absolute.hasPrefix("\(source)/") ? target : absolute
    }

    private func remove(_ path: String) throws {
        guard try FileStamp(path: path) != nil else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}

/// The folder that holds a plan's sources as builders that stage see them: `plan`, `sdk` and `extra`.
struct StagedSources: Sendable {
    let directory: String
    var plan: String { "\(directory)/plan" }
    var sdk: String { "\(directory)/sdk" }
    var extra: String { "\(directory)/extra" }

    /// Brings all copies up to date and notes them in the record.
    ///
    /// - Returns: whether anything differed from the last time.
    func synchronise(_ request: BuildRequest, _ record: inout BuildRecord, now: Int64) throws -> Bool {
        var trees = [("plan", request.sources.directory)]
        if let sdk = request.sources.sdk { trees.append(("sdk", sdk)) }
        for path in request.sources.extra {
            trees.append(("extra/\(URL(filePath: path).lastPathComponent)", path))
        }
        let names = Set(trees.map(\.0))
        guard names.count == trees.count else {
            throw ExecutionError(
                .configuration,
                "extra_sources of plan \"\(request.sources.plan)\" name two folders alike: "
                    + request.sources.extra.joined(separator: ", "))
        }
        var changed = false
        for name in record.staged.keys where !names.contains(name) {
            record.staged[name] = nil
            changed = true
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        for (name, source) in trees {
            let tree = StagedTree(
                source: source, destination: "\(directory)/\(name)", workDirectory: request.workDirectory)
            let (stage, treeChanged) = try tree.synchronise(record.staged[name], now: now)
            record.staged[name] = stage
            changed = changed || treeChanged
        }
        return changed
    }
}
