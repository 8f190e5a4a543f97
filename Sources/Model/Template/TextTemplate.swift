// Go's text/template, the language compositions are written in: text → tokens → syntax tree → text.
//
//   TemplateLexer      bytes to tokens, trim marks and comments resolved
//   TemplateParser     tokens to TemplateSyntax; unknown functions and variables are found here
//   TemplateEvaluator  walks the tree with the data; +Pipelines computes values
//   TemplateBuiltins   Go's predefined functions; TemplateFormat is fmt with its verbs
//   RenderedTemplate   the text, and which place of the template each part of it came from
//
// Reference: https://pkg.go.dev/text/template and https://pkg.go.dev/fmt; the tests compare with Go itself.

/// A parsed template.
package struct TextTemplate: Sendable {
    /// How far a template may go before it counts as runaway.
    package struct Limits: Sendable, Hashable {
        /// Bytes of rendered text, and of any one string; ten thousand groups of a kilobyte fit in.
        package var outputBytes = 64 << 20
        /// Statements, iterations and calls. Range over integers makes endless work easy to write by mistake.
        package var steps = 10_000_000
        /// `{{template}}` calls inside one another; deeper ones are cycles in practice.
        package var templateDepth = 100
        /// Blocks and parentheses inside one another, calls included: a debug build needs less than 1 MiB of
        /// stack for as many, of the 8 MiB that threads have.
        package var nesting = 200

        package init() {}
    }

    private let source: TemplateSource
    private let syntax: TemplateSyntax
    private let limits: Limits

    /// Parses a template. Unknown functions and variables are errors here, as in Go.
    package init(
        _ text: String, file: String, functions: [TemplateFunction] = [], limits: Limits = Limits()
    ) throws(TemplateError) {
        source = TemplateSource(text, file: file)
        syntax = try TemplateParser.parse(source, functions: functions, limits: limits)
        self.limits = limits
    }

    /// Renders the template with the data it calls `.` and `$`.
    package func render(_ data: TemplateValue) throws(TemplateError) -> RenderedTemplate {
        var evaluator = TemplateEvaluator(source: source, definitions: syntax.definitions, limits: limits)
        let output = try evaluator.render(syntax.main, data: data)
        return RenderedTemplate(output, source: source, warnings: evaluator.warnings)
    }
}
