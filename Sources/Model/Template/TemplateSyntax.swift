// The syntax tree of a template. Ranges are of bytes in the source: for errors and for the source map.

/// A parsed text: the statements outside every `define`, and the named templates.
struct TemplateSyntax: Sendable {
    var main: [TemplateStatement]
    /// Templates of `define` and `block` by name.
    var definitions: [String: [TemplateStatement]]
}

/// What stands in the text or in one pair of delimiters, with its body.
indirect enum TemplateStatement: Sendable {
    case text(Range<Int>)
    case action(TemplatePipeline)
    case condition(TemplateBranch)
    case with(TemplateBranch)
    case range(TemplateBranch)
    /// `{{template "name" data}}`; the range is that of the name.
    case invocation(name: String, data: TemplatePipeline?, range: Range<Int>)
    case breakLoop
    case continueLoop

    /// Whether it leaves nothing behind: blank text. A definition made of such may be replaced by another.
    func isBlank(in source: TemplateSource) -> Bool {
        guard case .text(let range) = self else { return false }
        return source.text(range).allSatisfy(\.isWhitespace)
    }
}

/// `if`, `with` or `range` with both its bodies.
struct TemplateBranch: Sendable {
    var pipeline: TemplatePipeline
    var body: [TemplateStatement]
    var alternative: [TemplateStatement]
}

/// Commands separated by `|`, each the last argument of the next, with the variables that take the result.
struct TemplatePipeline: Sendable {
    var variables: [String]
    /// `=` rather than `:=`.
    var isAssignment: Bool
    var commands: [TemplateCommand]
    var range: Range<Int>
}

/// Operands separated by spaces; the first may be a function and the others its arguments.
struct TemplateCommand: Sendable {
    var operands: [TemplateOperand]
}

/// A term with its place.
struct TemplateOperand: Sendable {
    indirect enum Term: Sendable {
        case null
        case constant(TemplateValue)
        case dot
        /// `.A.B`: fields of dot.
        case fields([String])
        /// `$x.A.B`.
        case variable(String, fields: [String])
        case function(TemplateCallee)
        case pipeline(TemplatePipeline)
        /// `(pipeline).A.B`, or a function's result.
        case chain(TemplateOperand, fields: [String])
    }

    var term: Term
    var range: Range<Int>
}

/// A function, found by name when the template is parsed.
enum TemplateCallee: Sendable {
    case builtin(TemplateBuiltin)
    case custom(TemplateFunction)
}

/// Go's predefined functions.
enum TemplateBuiltin: String, Sendable, CaseIterable {
    case and, call, html, index, slice, js, len, not, or, print, printf, println, urlquery
    case eq, ge, gt, le, lt, ne

    /// How many arguments it takes, at least.
    var arity: Int {
        switch self {
        case .html, .js, .print, .println, .urlquery: 0
        case .and, .or, .call, .index, .slice, .len, .not, .printf, .eq: 1
        case .ge, .gt, .le, .lt, .ne: 2
        }
    }

    /// Whether it takes more.
    var isVariadic: Bool {
        switch self {
        case .len, .not, .ge, .gt, .le, .lt, .ne: false
        case .and, .call, .html, .index, .slice, .js, .or, .print, .printf, .println, .urlquery, .eq: true
        }
    }
}
