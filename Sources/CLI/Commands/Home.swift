// Places in the home directory that the commands add to the model's.

package import TestgroundModel

extension TestgroundHome {
    /// The task store.
    package var database: String { "\(daemon)/tasks.db" }

    /// The home as an absolute path.
    ///
    /// - Parameter currentDirectory: what a relative `TESTGROUND_HOME` is relative to.
    package func absolute(in currentDirectory: String, _ environment: [String: String]) -> TestgroundHome {
        TestgroundHome(path: AbsolutePath.make(path, in: currentDirectory, environment))
    }
}

enum AbsolutePath {
    /// Makes a path absolute: `~` is the user's home, and `.` and `..` are resolved by their text.
    static func make(_ path: String, in directory: String, _ environment: [String: String]) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/"), let user = environment["HOME"] {
            path = user + path.dropFirst()
        }
        if !path.hasPrefix("/") { path = directory + "/" + path }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
