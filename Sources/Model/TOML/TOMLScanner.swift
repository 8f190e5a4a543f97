// Where the keys of a TOML document stand: the parser in use does not say.
//
// The scanner runs over text that the parser has accepted, so it looks only at what it needs: headers, keys,
// brackets and the ends of strings. On text that is no TOML it terminates and finds less.

/// Finds the offsets of a document's tables, keys and array elements.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var index = 0
    /// Offset of each table's header, each key and each element of an array; the first where there are
    /// several.
    private(set) var offsets: [TOMLPath: Int] = [:]
    /// Offset of an escaped U+0000, which strings of the parser in use cannot hold.
    private(set) var nullEscape: Int?
    private var tablesInArrays: [TOMLPath: Int] = [:]

    /// Scans a whole document.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        var table = TOMLPath.root
        skipBlanks(alsoLines: true)
        while let byte = current {
            let start = index
            if byte == UInt8(ascii: "[") { table = scanHeader() } else { scanMember(of: table) }
            skipToEndOfLine()
            skipBlanks(alsoLines: true)
            if index == start { index += 1 }
        }
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func byte(after count: Int) -> UInt8? {
        index + count < bytes.count ? bytes[index + count] : nil
    }

    private mutating func note(_ path: TOMLPath, at offset: Int) {
        if offsets[path] == nil { offsets[path] = offset }
    }

    // MARK: Headers and keys

    /// `[a.b]` or `[[a.b]]`; returns the table that the following keys belong to.
    private mutating func scanHeader() -> TOMLPath {
        let start = index
        let isArray = byte(after: 1) == UInt8(ascii: "[")
        index += isArray ? 2 : 1
        let keys = scanKey()
        var path = TOMLPath.root
        for (position, key) in keys.enumerated() {
            path = path.key(key.text)
            if isArray, position == keys.count - 1 {
                note(path, at: start)
                let count = tablesInArrays[path, default: 0]
                tablesInArrays[path] = count + 1
                path = path.index(count)
            } else if let count = tablesInArrays[path] {
                path = path.index(count - 1)
            }
            note(path, at: start)
        }
        return path
    }

    /// `a.b = value`.
    private mutating func scanMember(of table: TOMLPath) {
        var path = table
        for key in scanKey() {
            path = path.key(key.text)
            note(path, at: key.offset)
        }
        guard current == UInt8(ascii: "=") else { return }
        index += 1
        skipBlanks(alsoLines: false)
        scanValue(path)
    }

    /// A dotted key with the offset of each of its parts.
    private mutating func scanKey() -> [(text: String, offset: Int)] {
        var parts: [(text: String, offset: Int)] = []
        while true {
            skipBlanks(alsoLines: false)
            let start = index
            switch current {
            case UInt8(ascii: "\""):
                scanString()
                parts.append((Self.unescaped(bytes[start + 1..<max(start + 1, index - 1)]), start))
            case UInt8(ascii: "'"):
                scanString()
                parts.append((text(start + 1..<max(start + 1, index - 1)), start))
            default:
                while let byte = current, !" \t\r\n.=]#".utf8.contains(byte) { index += 1 }
                if index > start { parts.append((text(start..<index), start)) }
            }
            skipBlanks(alsoLines: false)
            guard current == UInt8(ascii: ".") else { return parts }
            index += 1
        }
    }

    // MARK: Values

    private mutating func scanValue(_ path: TOMLPath) {
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): scanString()
        case UInt8(ascii: "["): scanArray(path)
        case UInt8(ascii: "{"): scanInlineTable(path)
        default: while let byte = current, !",]}#\n".utf8.contains(byte) { index += 1 }
        }
    }

    private mutating func scanArray(_ path: TOMLPath) {
        index += 1
        var count = 0
        while true {
            skipBlanks(alsoLines: true)
            let start = index
            switch current {
            case nil: return
            case UInt8(ascii: "]"):
                index += 1
                return
            case UInt8(ascii: ","): index += 1
            default:
                note(path.index(count), at: index)
                scanValue(path.index(count))
                count += 1
                if index == start { return }
            }
        }
    }

    private mutating func scanInlineTable(_ path: TOMLPath) {
        index += 1
        while true {
            skipBlanks(alsoLines: true)
            let start = index
            switch current {
            case nil: return
            case UInt8(ascii: "}"):
                index += 1
                return
            case UInt8(ascii: ","): index += 1
            default:
                scanMember(of: path)
                if index == start { return }
            }
        }
    }

    /// Moves behind a string of any of the four kinds.
    private mutating func scanString() {
        guard let quote = current else { return }
        let isLong = byte(after: 1) == quote && byte(after: 2) == quote
        index += isLong ? 3 : 1
        while let byte = current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                let escape = text(index..<min(index + 10, bytes.count))
                if escape.hasPrefix("\\u0000") || escape == "\\U00000000" { nullEscape = nullEscape ?? index }
                index += 2
            } else if byte != quote {
                if byte == UInt8(ascii: "\n"), !isLong { return }
                index += 1
            } else if !isLong {
                index += 1
                return
            } else if self.byte(after: 1) == quote, self.byte(after: 2) == quote {
                index += 3
                // Up to two quotes may stand right before the closing three.
                while current == quote { index += 1 }
                return
            } else {
                index += 1
            }
        }
        index = min(index, bytes.count)
    }

    // MARK: Blanks

    private mutating func skipBlanks(alsoLines: Bool) {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): index += 1
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                guard alsoLines else { return }
                index += 1
            case UInt8(ascii: "#"):
                guard alsoLines else { return }
                skipToEndOfLine()
            default: return
            }
        }
    }

    private mutating func skipToEndOfLine() {
        while let byte = current, byte != UInt8(ascii: "\n") { index += 1 }
    }

    // MARK: Text

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// A quoted key with its escapes resolved.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var result = ""
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let character = rest.popFirst() {
            guard character == "\\", let escape = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch escape {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case "r": result.append("\r")
            case "b": result.append("\u{8}")
            case "f": result.append("\u{C}")
            case "u", "U":
                let digits = rest.prefix(escape == "u" ? 4 : 8)
                rest = rest.dropFirst(digits.count)
                if let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) {
                    result.unicodeScalars.append(scalar)
                }
            default: result.append(escape)
            }
        }
        return result
    }
}
