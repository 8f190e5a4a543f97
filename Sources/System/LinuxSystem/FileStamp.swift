// What tells that a file has changed, without reading it. lstat(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file's identity and age.
///
/// Equal stamps of one path mean equal contents, unless the file was written twice within one tick of the
/// kernel's clock around the time the first stamp was taken (see `age(at:)`).
package struct FileStamp: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        case file, directory, symbolicLink, other
    }

    package var kind: Kind
    /// Permission bits, with set-id and sticky.
    package var mode: UInt32
    /// Size in bytes.
    package var size: Int64
    package var inode: UInt64
    /// Unix time in nanoseconds of the last change of the contents.
    package var modified: Int64
    /// Unix time in nanoseconds of the last change of contents or attributes; cannot be set at will.
    package var changed: Int64

    /// The stamp of what the path names, a symbolic link itself; nil when there is nothing.
    package init?(path: String) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .last("lstat", path)
        }
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        mode = UInt32(status.st_mode & 0o7777)
        size = Int64(status.st_size)
        inode = UInt64(status.st_ino)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    /// Nanoseconds since the last change at a time (Unix, nanoseconds). A stamp younger than a tick of the
    /// kernel's clock (10 ms at CONFIG_HZ=100) may hide a later change.
    package func age(at unixNanoseconds: Int64) -> Int64 { unixNanoseconds - max(modified, changed) }

    package var isExecutable: Bool { kind == .file && mode & 0o111 != 0 }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
