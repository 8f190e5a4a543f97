// Text that came from an instance or a tool, made safe and measurable for a terminal.
//
// VisibleText.escaped   what must not reach a terminal becomes visible
// VisibleText.columns   how wide a text stands
// VisibleText.cut       a text cut to a width

enum VisibleText {
    /// A tab's width; terminals' own stops would break the alignment.
    private static let tab = "    "

    /// One line with every control character made visible, so that no instance can move the cursor, set
    /// the title or reorder text. Colour sequences (`ESC [ … m`) are dropped: tools write them by the
    /// thousand and they say nothing.
    static func escaped(_ text: Substring) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(text) }
        var result = ""
        result.reserveCapacity(text.utf8.count)
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            if scalar == "\u{1b}", let end = endOfColour(in: scalars, from: index) {
                index = end
                continue
            }
            index = scalars.index(after: index)
            switch scalar.value {
            case 0x09: result += tab
            case 0x0d where index == scalars.endIndex: break
            case 0x00..<0x20, 0x7f..<0xa0:
                result += "\\x" + hexadecimal(scalar.value, digits: 2)
            // Marks that reorder or break lines: UAX #9, and the line and paragraph separators.
            case 0x200e, 0x200f, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069, 0xfeff:
                result += "\\u{" + hexadecimal(scalar.value, digits: 4) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func escaped(_ text: String) -> String { escaped(text[...]) }

    /// A text's lines, escaped; the line feed is the only control character that keeps its meaning.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped($0) }
    }

    /// Columns a text without control characters takes, by wcwidth(3)'s rules for the common scripts.
    static func columns(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + columns($1) }
    }

    /// The text cut to a width, with an ellipsis where something is missing.
    static func cut(_ text: String, to width: Int) -> String {
        guard columns(text) > width else { return text }
        guard width > 1 else { return width == 1 ? "…" : "" }
        var result = ""
        var used = 0
        for character in text {
            let next = columns(character)
            if used + next > width - 1 { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    /// The text filled up with spaces to a width.
    static func padded(_ text: String, to width: Int, alignRight: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - columns(text)))
        return alignRight ? space + text : text + space
    }

    /// The index after a colour sequence that begins here, ECMA-48 SGR; nil when it is anything else.
    private static func endOfColour(
        in scalars: Substring.UnicodeScalarView, from start: Substring.UnicodeScalarView.Index
    ) -> Substring.UnicodeScalarView.Index? {
        var index = scalars.index(after: start)
        guard index < scalars.endIndex, scalars[index] == "[" else { return nil }
        index = scalars.index(after: index)
        while index < scalars.endIndex {
            let scalar = scalars[index]
            index = scalars.index(after: index)
            switch scalar {
            case "0"..."9", ";", ":": continue
            case "m": return index
            default: return nil
            }
        }
        return nil
    }

    private static func columns(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.properties.isEmojiPresentation { return 2 }
        switch scalar.value {
        case 0x0300...0x036f, 0x200b...0x200d, 0xfe00...0xfe0f: return 0
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff,
            0xa000...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
