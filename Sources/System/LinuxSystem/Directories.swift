// Directories of outputs and assets. mkdir(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum Directories {
    /// Makes a directory and those above it that are missing. `mkdir -p`
    ///
    /// - Throws: `SystemError` with the path that could not be made.
    package static func make(_ path: String) throws(SystemError) {
        var current = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            current += "/" + part
            guard mkdir(current, 0o755) != 0, errno != EEXIST, errno != EISDIR else { continue }
            throw .last("mkdir", current)
        }
    }

    /// Whether something exists at the path.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
