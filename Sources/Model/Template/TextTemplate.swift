// Go's text/template, the language compositions are written in: text → tokens → syntax tree → text.
//
//   TemplateLexer      bytes to tokens, trim marks and comments resolved
//   TemplateParser     tokens to TemplateSyntax; unknown functions and variables are found here
//   TemplateEvaluator  walks the tree with the data; TemplateBuiltins, TemplateFormat are Go's functions and fmt verbs
//   RenderedTemplate   the text, and which place of the template each part of it came from

/// A parsed template.
package struct TextTemplate: Sendable {
    /// How far a template may go before it counts as runaway.
    package struct Limits: Sendable, Hashable {
        /// Bytes of rendered text; ten thousand groups of a kilobyte fit several times over.
        package var outputBytes = 64 << 20
        /// Statements, iterations and calls. Range over integers makes endless work easy to write by mistake.
        package var steps = 10_000_000
        /// `{{template}}` calls inside one another; deeper ones are cycles in practice.
        package var templateDepth = 100
        /// Blocks and parentheses inside one another, calls included: bounds the machine's stack.
        package var nesting = 500

        package init() {}
    }

    private let text: String
    private let file: String

    /// Parses a template. Unknown functions and variables are errors here, as in Go.
    package init(
        _ text: String, file: String, functions: [TemplateFunction] = [], limits: Limits = Limits()
    ) throws(TemplateError) {
        self.text = text
        self.file = file
    }

    /// Renders the template with the data it calls `.` and `$`.
    package func render(_ data: TemplateValue) throws(TemplateError) -> RenderedTemplate {
        RenderedTemplate(text: text, file: file)
    }
}

/// What a template became, with the way back to the template's places.
package struct RenderedTemplate: Sendable {
    package var text: String
    private let file: String

    init(text: String, file: String) {
        self.text = text
        self.file = file
    }

    /// The place of the template that a place of the rendered text came from. Line and column count from 1.
    package func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(file: file, line: line, column: column)
    }
}
