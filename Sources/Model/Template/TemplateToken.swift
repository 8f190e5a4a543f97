// The tokens of a template.

/// A piece of a template's text, by its place in the source.
struct TemplateToken: Sendable {
    enum Kind: Sendable, Equatable {
        /// Text between actions, trimmed where a trim mark asks for it.
        case text
        case leftDelimiter
        case rightDelimiter
        case space
        case identifier
        case keyword(Keyword)
        /// `.Name`, one step of a chain.
        case field
        /// `$` or `$name`.
        case variable
        case dot
        case null
        case boolean(Bool)
        case number
        case character
        case quotedString
        case rawString
        case assign
        case declare
        case pipe
        case leftParenthesis
        case rightParenthesis
        case comma
        /// Another printable character, which no construct accepts.
        case other
        case end
        /// The text cannot go on here; it counts only when the parser gets this far.
        case failure(message: String, remedy: String?)
    }

    enum Keyword: String, Sendable, CaseIterable {
        case `if`, `else`, end, range, with, template, define, block, `break`, `continue`
    }

    var kind: Kind
    var range: Range<Int>
}
