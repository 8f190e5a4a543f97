// What a template became, with the way back: which place of the template each part of the text came from.

/// A rendered template.
package struct RenderedTemplate: Sendable {
    /// The rendered text.
    package let text: String
    /// Actions that had no value, whose text is therefore `<no value>`.
    package let warnings: [Diagnostic]
    private let source: TemplateSource
    private let rendered: TemplateSource
    private let segments: [Segment]

    /// From here to the next segment, the output came from one place.
    struct Segment: Sendable {
        var outputOffset: Int
        var sourceOffset: Int
        /// Copied from the template byte by byte, rather than the value of an action that stands there.
        var isVerbatim: Bool
    }

    init(_ output: TemplateOutput, source: TemplateSource, warnings: [Diagnostic]) {
        self.warnings = warnings
        text = String(decoding: output.bytes, as: UTF8.self)
        rendered = TemplateSource(text, file: source.file)
        segments = output.segments
        self.source = source
    }

    /// The place of the template that a place of the rendered text came from: the same character for text,
    /// the action's first for a value. Line and column count from 1, columns in Unicode scalars; what is
    /// beyond the
    /// text's end stands for its end.
    package func location(line: Int, column: Int) -> SourceLocation {
        source.location(at: sourceOffset(ofOutput: rendered.offset(line: line, column: column)))
    }

    private func sourceOffset(ofOutput offset: Int) -> Int {
        var low = 0
        var high = segments.count
        guard high > 0 else { return source.bytes.count }
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].outputOffset <= offset { low = middle } else { high = middle }
        }
        let segment = segments[low]
        return segment.sourceOffset + (segment.isVerbatim ? offset - segment.outputOffset : 0)
    }
}

/// Rendered bytes under construction.
struct TemplateOutput {
    private(set) var bytes: [UInt8] = []
    private(set) var segments: [RenderedTemplate.Segment] = []

    mutating func append(_ text: ArraySlice<UInt8>, from sourceOffset: Int, isVerbatim: Bool) {
        guard !text.isEmpty else { return }
        segments.append(
            RenderedTemplate.Segment(
                outputOffset: bytes.count, sourceOffset: sourceOffset, isVerbatim: isVerbatim))
        bytes += text
    }
}
