// Listing, reading and removing what runs leave. readdir(3), unlink(2), rmdir(2)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Directories {
    /// Names in a directory, without `.` and `..`; none when it cannot be read.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// A small file's text; nil when it cannot be read.
    package static func text(of path: String) -> String? { SmallFile.read(path) }

    package static func removeFile(_ path: String) { unlink(path) }

    /// Removes a directory and everything below it; follows no symbolic link. What cannot be removed stays.
    package static func removeTree(_ path: String) {
        // Not recursive: a plan may nest its directories deeper than a thread's stack is.
        var pending = [path]
        var directories: [String] = []
        while let path = pending.popLast() {
            var information = stat()
            guard lstat(path, &information) == 0 else { continue }
            guard information.st_mode & S_IFMT == S_IFDIR else {
                unlink(path)
                continue
            }
            // A plan may have taken its own permissions away; ours are needed to look inside.
            if information.st_mode & S_IRWXU != S_IRWXU { chmod(path, information.st_mode | S_IRWXU) }
            directories.append(path)
            pending += names(in: path).map { "\(path)/\($0)" }
        }
        for directory in directories.reversed() { rmdir(directory) }
    }
}

extension Directories {
    /// Makes a directory if it is missing, and uses it.
    package static func makeUsable(_ path: String) throws(SystemError) {
        try make(path)
        try use(path)
    }

    /// Tries a directory out: writes a file, reads it back, deletes it.
    ///
    /// - Throws: what failed, e.g. `ENOSPC` on a full disk or `EROFS` on one that cannot be written to.
    package static func use(_ path: String) throws(SystemError) {
        let probe = "\(path)/.probe-\(getpid())-\(SystemClock.monotonic())"
        defer { unlink(probe) }
        let text = "testground\n"
        do {
            let file = try OutputFile(path: probe)
            try file.write(text)
        }
        guard self.text(of: probe) == text else {
            throw SystemError(call: "read", code: EIO, subject: probe)
        }
    }
}
