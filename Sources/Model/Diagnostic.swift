// What is wrong, or looks wrong, in a file a person wrote: where it is and how to mend it.

/// A position in a file that a person wrote.
package struct SourceLocation: Sendable, Hashable {
    /// The file, as the person named it.
    package var file: String
    /// Line, counted from 1.
    package var line: Int
    /// Column in characters, counted from 1.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// A warning or an error about what a person wrote.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable, Hashable { case warning, error }

    package var severity: Severity
    /// Where it stands; nil when it concerns no single place (a command-line flag, say).
    package var location: SourceLocation?
    /// One sentence with the offending value.
    package var message: String
    /// How to mend it.
    package var remedy: String?

    package init(
        _ severity: Severity, at location: SourceLocation? = nil, _ message: String, remedy: String? = nil
    ) {
        self.severity = severity
        self.location = location
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        let place = location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return "\(place)\(severity.rawValue): \(message)" + (remedy.map { " (\($0))" } ?? "")
    }

    /// Diagnostics by file, in the order the files come up, and by place; each only once. A template writes
    /// many groups in one place, and what is wrong with one of them is wrong with all.
    static func inOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        var files: [String: Int] = [:]
        var seen: Set<Diagnostic> = []
        let once = diagnostics.filter { seen.insert($0).inserted }
        for case let file? in once.map(\.location?.file) where files[file] == nil {
            files[file] = files.count
        }
        func rank(_ entry: (offset: Int, element: Diagnostic)) -> (Int, Int, Int, Int) {
            guard let location = entry.element.location else { return (-1, 0, 0, entry.offset) }
            return (files[location.file] ?? 0, location.line, location.column, entry.offset)
        }
        return once.enumerated().sorted { rank($0) < rank($1) }.map(\.element)
    }
}
