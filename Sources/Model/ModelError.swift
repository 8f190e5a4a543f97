// What is wrong with a manifest, a composition, a configuration file or a flag: all of it at once.

/// Something a person wrote that cannot be used.
package struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The text is no TOML, or no template.
        case syntax
        case manifest
        case composition
        /// `.env.toml`.
        case configuration
        case flag
        /// Each part is well formed, but they do not go together.
        case preparation
    }

    package var code: Code
    /// Everything that is wrong, in the order of the text; warnings found on the way stand among them.
    package var diagnostics: [Diagnostic]

    package init(_ code: Code, _ diagnostics: [Diagnostic]) {
        self.code = code
        self.diagnostics = diagnostics
    }

    /// One diagnostic a line.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// A value, where its parts were written, and what looks wrong with it.
package struct Parsed<Value: Sendable>: Sendable {
    package var value: Value
    /// nil for a value that no file holds, such as a composition made of flags.
    package var locations: DocumentLocations?
    package var warnings: [Diagnostic]

    package init(_ value: Value, locations: DocumentLocations? = nil, warnings: [Diagnostic] = []) {
        self.value = value
        self.locations = locations
        self.warnings = warnings
    }

    /// Where a value stands, if it stands in a file.
    func location(of path: TOMLPath) -> SourceLocation? { locations?.location(of: path) }
}
