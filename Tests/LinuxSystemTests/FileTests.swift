// Stamps and locks of files.

import Foundation
import LinuxSystem
import Testing

@Suite("File stamps and locks")
struct FileTests {
    private let path = "\(NSTemporaryDirectory())/testground-file-\(UUID().uuidString)"

    @Test("a stamp tells contents and attributes that changed, and nothing where nothing is")
    func stamps() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try FileStamp(path: path) == nil)
        #expect(try FileStamp(path: "/dev/null/x") == nil)
        try Data("one".utf8).write(to: URL(filePath: path))
        let first = try #require(try FileStamp(path: path))
        #expect(first.kind == .file && first.size == 3 && !first.isExecutable)
        #expect(try FileStamp(path: path) == first)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let second = try #require(try FileStamp(path: path))
        #expect(second != first && second.isExecutable && second.modified == first.modified)
        #expect(second.age(at: max(second.changed, second.modified) + 5) == 5)
    }

    @Test("a link is stamped itself, even when it points nowhere")
    func links() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "nowhere")
        #expect(try FileStamp(path: path)?.kind == .symbolicLink)
    }

    @Test("a lock excludes a second one, also of the same process, until it goes away")
    func locks() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        func isFree() throws -> Bool {
            guard let lock = try FileLock.tryAcquire(path) else { return false }
            return lock.path == path
        }
        #expect(try isFree())
        let lock = try FileLock.acquire(path)
        #expect(try !isFree())
        _ = consume lock
        #expect(try isFree())
    }

    @Test("a lock in a directory that is not there says which path")
    func noDirectory() {
        #expect {
            _ = try FileLock.acquire("/nowhere/at/all")
        } throws: { error in
            "\(error)".contains("/nowhere/at/all")
        }
    }
}
