// The bytes of a template, with the way from an offset to a line and column.

/// A template's text as it was written.
struct TemplateSource: Sendable {
    let file: String
    let bytes: [UInt8]
    /// Offsets at which lines begin.
    private let lineStarts: [Int]

    init(_ text: String, file: String) {
        self.file = file
        bytes = Array(text.utf8)
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(offset + 1)
        }
        lineStarts = starts
    }

    /// The place of a byte. Columns count Unicode scalars, as editors and the TOML parser do.
    func location(at offset: Int) -> SourceLocation {
        let offset = min(max(offset, 0), bytes.count)
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let scalars = bytes[lineStarts[low]..<offset].count { $0 & 0xC0 != 0x80 }
        return SourceLocation(file: file, line: low + 1, column: scalars + 1)
    }

    /// The byte at a place; what is beyond a line's or the text's end stands for that end.
    func offset(line: Int, column: Int) -> Int {
        guard line >= 1 else { return 0 }
        guard line <= lineStarts.count else { return bytes.count }
        var offset = lineStarts[line - 1]
        let end = line < lineStarts.count ? lineStarts[line] - 1 : bytes.count
        var remaining = column - 1
        while remaining > 0, offset < end {
            offset += 1
            while offset < end, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
            remaining -= 1
        }
        return offset
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The text of a range for a message, cut where it would make the message unreadable.
    func excerpt(_ range: Range<Int>) -> String {
        let limit = 60
        let blanks = bytes[range].reversed().prefix { $0 == 0x20 || (0x09...0x0D).contains($0) }.count
        let text = text(range.lowerBound..<range.upperBound - blanks)
        return text.count <= limit ? text : text.prefix(limit) + "…"
    }

    /// The same in quotes; a text with quotes of its own stays readable.
    func quotedExcerpt(_ range: Range<Int>) -> String {
        let excerpt = excerpt(range)
        return excerpt.contains("\"") ? "'\(excerpt)'" : "\"\(excerpt)\""
    }

    func error(at offset: Int, _ message: String, remedy: String? = nil) -> TemplateError {
        TemplateError(at: location(at: offset), message, remedy: remedy)
    }
}
