// A TOML document as a person wrote it: its values, and where each of them stands.

/// Where the values of a document stand; in the template, where the document came from one.
package struct DocumentLocations: Sendable {
    private let source: TemplateSource
    private let offsets: [TOMLPath: Int]
    private let rendered: RenderedTemplate?

    /// The place of a value's key, of a table's header, or of an array's element. What was not written stands
    /// where the nearest table around it does.
    package func location(of path: TOMLPath) -> SourceLocation {
        var path = path
        while true {
            if let offset = offsets[path] { return location(at: offset) }
            guard let parent = path.parent else { return location(at: 0) }
            path = parent
        }
    }

    /// The order in which things were written; nil for what was not.
    func order(of path: TOMLPath) -> Int? { offsets[path] }

    private func location(at offset: Int) -> SourceLocation {
        let place = source.location(at: offset)
        return rendered?.location(line: place.line, column: place.column) ?? place
    }

    fileprivate init(source: TemplateSource, offsets: [TOMLPath: Int], rendered: RenderedTemplate?) {
        self.source = source
        self.offsets = offsets
        self.rendered = rendered
    }
}

/// A parsed TOML document.
package struct TOMLDocument: Sendable {
    package let root: ConfigurationTable
    package let locations: DocumentLocations

    /// Parses TOML text as it is.
    ///
    /// Throws `ModelError` with the code `syntax` when it is no TOML.
    package init(_ text: String, file: String) throws(ModelError) {
        try self.init(text, file: file, rendered: nil)
    }

    /// Parses what a template became; places are those of the template.
    init(_ rendered: RenderedTemplate, file: String) throws(ModelError) {
        try self.init(rendered.text, file: file, rendered: rendered)
    }

    private init(_ text: String, file: String, rendered: RenderedTemplate?) throws(ModelError) {
        let source = TemplateSource(text, file: file)
        do {
            let document = try TOMLText.parse(source)
            root = document.table
            locations = DocumentLocations(source: source, offsets: document.offsets, rendered: rendered)
        } catch {
            throw Self.syntaxError(error, source, rendered)
        }
    }

    private static func syntaxError(
        _ error: TOMLText.SyntaxError, _ source: TemplateSource, _ rendered: RenderedTemplate?
    ) -> ModelError {
        let start = source.offset(line: error.line, column: 1)
        let end = source.offset(line: error.line, column: .max)
        let line = source.quotedExcerpt(firstNonBlank(start..<end, in: source)..<end)
        let place =
            rendered?.location(line: error.line, column: error.column)
            ?? SourceLocation(file: source.file, line: error.line, column: error.column)
        let origin = rendered == nil ? "the line" : "the rendered line"
        let message = "no valid TOML: \(error.message), in \(origin) \(line)"
        return ModelError(.syntax, [Diagnostic(.error, at: place, message)])
    }

    private static func firstNonBlank(_ range: Range<Int>, in source: TemplateSource) -> Int {
        source.bytes[range].firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            ?? range.upperBound
    }
}
