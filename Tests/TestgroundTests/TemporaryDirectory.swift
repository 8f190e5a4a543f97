// Directories for tests, and what stands in them.

import Foundation

enum TemporaryDirectory {
    /// Holds all of them, and goes when the tests have ended.
    private static let root: URL = {
        let url = FileManager.default.temporaryDirectory.appending(path: "testground-tests-\(UUID())")
        atexit { try? FileManager.default.removeItem(at: TemporaryDirectory.root) }
        return url
    }()

    /// Makes a new directory and answers its absolute path.
    static func make(_ name: String) throws -> String {
        let url = root.appending(path: "\(name)-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path(percentEncoded: false)
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: URL(filePath: path), encoding: .utf8)
    }

    static func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    /// Every file below a directory, with its size.
    static func sizes(below path: String) throws -> [String: Int] {
        var sizes: [String: Int] = [:]
        for name in FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? [] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            if attributes[.type] as? FileAttributeType == .typeRegular {
                sizes[name] = attributes[.size] as? Int
            }
        }
        return sizes
    }
}
