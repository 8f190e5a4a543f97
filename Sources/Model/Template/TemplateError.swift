// What is wrong with a template or the data it met: where in the template, the offending text, the remedy.

/// A template that cannot be parsed or rendered.
package struct TemplateError: Error, Hashable, CustomStringConvertible {
    /// The place in the template, not in the rendered text.
    package var location: SourceLocation
    /// One sentence with the offending text.
    package var message: String
    /// How to mend it.
    package var remedy: String?

    package init(at location: SourceLocation, _ message: String, remedy: String? = nil) {
        self.location = location
        self.message = message
        self.remedy = remedy
    }

    package var diagnostic: Diagnostic { Diagnostic(.error, at: location, message, remedy: remedy) }

    /// `file:line:column: message (remedy)`.
    package var description: String {
        "\(location.file):\(location.line):\(location.column): \(message)" + (remedy.map { " (\($0))" } ?? "")
    }
}
