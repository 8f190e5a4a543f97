// Directories as compressed tar archives, by libarchive(3): streamed, so that an output of many gigabytes
// never passes through memory.

import CArchive

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes directory trees into one `.tgz` file.
package struct DirectoryArchive {
    /// A directory to pack and the name its entries start with.
    package struct Root: Sendable, Hashable {
        package var directory: String
        package var name: String

        package init(directory: String, name: String) {
            self.directory = directory
            self.name = name
        }
    }

    /// Bytes moved at a time.
    private static let blockBytes = 256 * 1024

    /// Packs the roots, in order, into a gzip-compressed pax tar file.
    ///
    /// Symbolic links are stored as links. Devices and sockets are left out. A file that shrinks meanwhile is
    /// padded with zeros.
    ///
    /// - Parameters:
    ///   - path: the archive; it must not exist. Removed again when packing fails.
    ///   - entry: called with each entry's name and size in bytes.
    /// - Throws: `ArchiveError`, or `CancellationError` when the task is cancelled.
    package static func write(
        _ roots: [Root], to path: String, entry: (String, Int64) -> Void = { _, _ in }
    ) throws {
        guard let archive = archive_write_new() else { throw ArchiveError(message: "out of memory") }
        defer { archive_write_free(archive) }
        try check(archive_write_add_filter_gzip(archive), archive, path)
        try check(archive_write_set_format_pax_restricted(archive), archive, path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ArchiveError(message: "\(path): \(String(cString: strerror(errno)))")
        }
        do {
            defer { close(descriptor) }
            try check(archive_write_open_fd(archive, descriptor), archive, path)
            for root in roots { try append(root, to: archive, path: path, entry: entry) }
            try check(archive_write_close(archive), archive, path)
        } catch {
            unlink(path)
            throw error
        }
    }

    private static func append(
        _ root: Root, to archive: OpaquePointer, path: String, entry report: (String, Int64) -> Void
    ) throws {
        guard let disk = archive_read_disk_new(), let entry = archive_entry_new() else {
            throw ArchiveError(message: "out of memory")
        }
        defer {
            archive_entry_free(entry)
            archive_read_free(disk)
        }
        archive_read_disk_set_symlink_physical(disk)
        try check(archive_read_disk_open(disk, root.directory), disk, root.directory)
        var buffer = [UInt8](repeating: 0, count: blockBytes)
        while true {
            try Task.checkCancellation()
            let status = archive_read_next_header2(disk, entry)
            if status == ARCHIVE_EOF { return }
            try check(status, disk, root.directory)
            archive_read_disk_descend(disk)
            let source = String(cString: archive_entry_pathname(entry))
            let type = archive_entry_filetype(entry)
            guard type == S_IFREG || type == S_IFDIR || type == S_IFLNK else { continue }
            let name = root.name + source.dropFirst(root.directory.count)
            archive_entry_set_pathname(entry, name)
            // Owners mean nothing on another machine.
            archive_entry_set_uname(entry, nil)
            archive_entry_set_gname(entry, nil)
            try check(archive_write_header(archive, entry), archive, path)
            report(name, archive_entry_size(entry))
            if type == S_IFREG { try copy(source, to: archive, path: path, buffer: &buffer) }
        }
    }

    /// Copies a file's bytes; what is written beyond the header's size is ignored by libarchive.
    private static func copy(
        _ source: String, to archive: OpaquePointer, path: String, buffer: inout [UInt8]
    ) throws {
        let descriptor = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw ArchiveError(message: "\(source): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        while true {
            try Task.checkCancellation()
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError(message: "\(source): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return }
            if archive_write_data(archive, buffer, count) < 0 {
                throw ArchiveError(message: "\(path): \(reason(archive))")
            }
        }
    }

    private static func check(_ status: Int32, _ archive: OpaquePointer, _ path: String) throws {
        // A warning (a name that is no UTF-8, say) leaves the entry usable.
        guard status < ARCHIVE_WARN else { return }
        throw ArchiveError(message: "\(path): \(reason(archive))")
    }

    private static func reason(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "libarchive gives no reason"
    }
}
