// Finished artifacts of a plan, each in a folder named after its contents and never written again.

import Execution
import Foundation
import LinuxSystem

struct ArtifactStore: Sendable {
    let directory: String

    /// Artifacts kept for a plan. Compositions name artifacts by path, so old ones stay long, yet not for
    /// ever.
    private static let limit = 50

    /// Publishes a copy of one file.
    ///
    /// - Returns: absolute path of the copy.
    func publish(file: String, as name: String) throws -> String {
        try publish(hash: ContentHash.file(file)) { folder in
            try Directories.make(folder)
            try FileManager.default.copyItem(atPath: file, toPath: "\(folder)/\(name)")
        } + "/\(name)"
    }

    /// Publishes a copy of a whole directory.
    ///
    /// - Returns: absolute path of the copy.
    func publish(directory tree: String) throws -> String {
        try publish(hash: ContentHash.directory(tree)) { folder in
            try FileManager.default.copyItem(atPath: tree, toPath: folder)
        }
    }

    private func publish(hash: String, _ copy: (String) throws -> Void) throws -> String {
        let folder = "\(directory)/\(hash)"
        if Directories.exists(folder) { return folder }
        // Made under another name, so that nobody ever sees half of it.
        let unfinished = "\(directory)/.\(UUID().uuidString)"
        do {
            try copy(unfinished)
            try FileManager.default.moveItem(atPath: unfinished, toPath: folder)
        } catch {
            try? FileManager.default.removeItem(atPath: unfinished)
            // Another build may have published the same meanwhile.
            guard Directories.exists(folder) else { throw error }
        }
        try removeOldest(except: hash)
        return folder
    }

    private func removeOldest(except newest: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0 != newest && !$0.hasPrefix(".") }
        guard names.count >= Self.limit else { return }
        let aged = try names.map { ($0, try FileStamp(path: "\(directory)/\($0)")?.changed ?? 0) }
        for (name, _) in aged.sorted(by: { $0.1 < $1.1 }).prefix(names.count + 1 - Self.limit) {
            try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }
}

/// Names contents: 64-bit FNV-1a in hexadecimal. It tells apart what one author's builds make; it is no guard
/// against somebody who wants two artifacts to look alike.
struct ContentHash: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Bytes read at once.
    private static let chunk = 1 << 20

    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    mutating func add(file path: String) throws {
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? handle.close() }
        while let data = try handle.read(upToCount: Self.chunk), !data.isEmpty { add([UInt8](data)) }
    }

    static func file(_ path: String) throws -> String {
        var hash = ContentHash()
        try hash.add(file: path)
        return hash.text
    }

    /// Of paths, permissions, links and contents.
    static func directory(_ root: String) throws -> String {
        var hash = ContentHash()
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        for path in paths.sorted() {
            guard let stamp = try FileStamp(path: "\(root)/\(path)") else { continue }
            // A zero byte ends each part: paths and contents cannot run into each other.
            hash.add(Array("\(path)\0\(stamp.kind.rawValue)\0\(stamp.mode)\0\(stamp.size)\0".utf8))
            switch stamp.kind {
            case .file: try hash.add(file: "\(root)/\(path)")
            case .symbolicLink:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/\(path)")
                hash.add(Array("\(target)\0".utf8))
            case .directory, .other: break
            }
        }
        return hash.text
    }
}
