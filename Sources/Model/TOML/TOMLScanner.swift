// The structure of a TOML document: where its keys stand, which the parser in use does not say, and whether
// its brackets, keys and strings are in order, without which that parser ends the program (toml++ asserts
// that a header begins with a key and that a value begins with one).
//
// What is inside numbers, dates and escapes, and whether keys repeat, is left to the parser.

/// Finds the offsets of a document's tables, keys and array elements.
struct TOMLScanner {
    /// Arrays and inline tables inside one another; the parser takes 256, people write a handful.
    private static let deepestNesting = 64

    private let bytes: [UInt8]
    private var index = 0
    private var nesting = 0
    private var tablesInArrays: [TOMLPath: Int] = [:]
    /// Offset of each table's header, each key and each element of an array; the first where there are
    /// several.
    private(set) var offsets: [TOMLPath: Int] = [:]

    /// What is out of order.
    struct Failure: Error {
        var message: String
        var offset: Int
    }

    /// Scans a whole document.
    init(_ bytes: [UInt8]) throws(Failure) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        var table = TOMLPath.root
        skipBlanks(alsoLines: true)
        while let byte = current {
            if byte == UInt8(ascii: "[") { table = try scanHeader() } else { try scanMember(of: table) }
            skipBlanks(alsoLines: false)
            if let byte = current, byte != UInt8(ascii: "#"), byte != UInt8(ascii: "\n"),
                byte != UInt8(ascii: "\r")
            {
                throw unexpected("the end of the line")
            }
            skipBlanks(alsoLines: true)
        }
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func byte(after count: Int) -> UInt8? {
        index + count < bytes.count ? bytes[index + count] : nil
    }

    private mutating func note(_ path: TOMLPath, at offset: Int) {
        if offsets[path] == nil { offsets[path] = offset }
    }

    private func unexpected(_ expected: String) -> Failure {
        let found: String
        switch current {
        case nil: found = "the text ends"
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): found = "the line ends"
        default:
            let rest = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self)
            found = "\(quoted(String(rest.prefix(1)))) stands"
        }
        return Failure(message: "\(found) where \(expected) must follow", offset: index)
    }

    private mutating func expect(_ byte: UInt8, _ noun: String) throws(Failure) {
        guard current == byte else { throw unexpected(noun) }
        index += 1
    }

    // MARK: Headers and keys

    /// `[a.b]` or `[[a.b]]`; returns the table that the following keys belong to.
    private mutating func scanHeader() throws(Failure) -> TOMLPath {
        let start = index
        let isArray = byte(after: 1) == UInt8(ascii: "[")
        index += isArray ? 2 : 1
        let keys = try scanKey()
        try expect(UInt8(ascii: "]"), "\"]\"")
        if isArray { try expect(UInt8(ascii: "]"), "a second \"]\"") }
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
    private mutating func scanMember(of table: TOMLPath) throws(Failure) {
        var path = table
        for key in try scanKey() {
            path = path.key(key.text)
            note(path, at: key.offset)
        }
        try expect(UInt8(ascii: "="), "\"=\"")
        skipBlanks(alsoLines: false)
        try scanValue(path)
    }

    /// A dotted key with the offset of each of its parts.
    private mutating func scanKey() throws(Failure) -> [(text: String, offset: Int)] {
        var parts: [(text: String, offset: Int)] = []
        while true {
            skipBlanks(alsoLines: false)
            let start = index
            switch current {
            case UInt8(ascii: "\""):
                try scanString(isKey: true)
                parts.append((Self.unescaped(bytes[start + 1..<index - 1]), start))
            case UInt8(ascii: "'"):
                try scanString(isKey: true)
                parts.append((text(start + 1..<index - 1), start))
            default:
                while let byte = current, TOMLText.isBare(byte) { index += 1 }
                guard index > start else { throw unexpected("a key") }
                parts.append((text(start..<index), start))
            }
            skipBlanks(alsoLines: false)
            guard current == UInt8(ascii: ".") else { return parts }
            index += 1
        }
    }

    // MARK: Values

    private mutating func scanValue(_ path: TOMLPath) throws(Failure) {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.deepestNesting else {
            throw Failure(message: "values are nested more than \(Self.deepestNesting) deep", offset: index)
        }
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): try scanString(isKey: false)
        case UInt8(ascii: "["): try scanArray(path)
        case UInt8(ascii: "{"): try scanInlineTable(path)
        default:
            let start = index
            skipWord()
            guard index > start else { throw unexpected("a value") }
            if isTimeAfterDate(from: start) {
                index += 1
                skipWord()
            }
        }
    }

    /// Moves behind a number, a date, or whatever stands in their place.
    private mutating func skipWord() {
        while let byte = current, !" \t\r\n,]}#=".utf8.contains(byte) { index += 1 }
    }

    /// Whether a date begins at the offset and a blank and a time follow it here: `1979-05-27 07:32:00`.
    private func isTimeAfterDate(from start: Int) -> Bool {
        func matches(_ shape: String, _ range: Range<Int>) -> Bool {
            range.upperBound <= bytes.count
                && zip(shape.utf8, bytes[range]).allSatisfy { shape, byte in
                    shape == UInt8(ascii: "0") ? (48...57).contains(byte) : shape == byte
                }
        }
        return index - start == 10 && matches("0000-00-00", start..<index)
            && matches(" 00:", index..<index + 4)
    }

    private mutating func scanArray(_ path: TOMLPath) throws(Failure) {
        let start = index
        index += 1
        var count = 0
        while true {
            skipBlanks(alsoLines: true)
            if current == UInt8(ascii: "]") || current == nil { break }
            note(path.index(count), at: index)
            try scanValue(path.index(count))
            count += 1
            skipBlanks(alsoLines: true)
            guard current == UInt8(ascii: ",") else { break }
            index += 1
        }
        // The end of the text says less about a forgotten bracket than the place it belongs to.
        if current == nil { throw Failure(message: "an array begins here and does not end", offset: start) }
        try expect(UInt8(ascii: "]"), "\",\" or \"]\"")
    }

    private mutating func scanInlineTable(_ path: TOMLPath) throws(Failure) {
        index += 1
        skipBlanks(alsoLines: false)
        if current != UInt8(ascii: "}") {
            while true {
                try scanMember(of: path)
                skipBlanks(alsoLines: false)
                guard current == UInt8(ascii: ",") else { break }
                index += 1
            }
        }
        try expect(UInt8(ascii: "}"), "\",\" or \"}\"")
    }

    /// Moves behind a string of any of the four kinds.
    private mutating func scanString(isKey: Bool) throws(Failure) {
        let start = index
        guard let quote = current else { throw unexpected("a string") }
        let isLong = byte(after: 1) == quote && byte(after: 2) == quote
        guard !isLong || !isKey else {
            throw Failure(message: "a key cannot be a string of several lines", offset: start)
        }
        index += isLong ? 3 : 1
        while let byte = current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try refuseNull()
                index += 2
            } else if byte != quote {
                if byte == UInt8(ascii: "\n"), !isLong { break }
                index += 1
            } else if !isLong {
                index += 1
                return
            } else if self.byte(after: 1) == quote, self.byte(after: 2) == quote {
                index += 3
                // Up to two quotes may stand right before the closing three.
                for _ in 0..<2 where current == quote { index += 1 }
                return
            } else {
                index += 1
            }
        }
        throw Failure(message: "a string begins here and does not end", offset: start)
    }

    /// The parser in use hands strings on as C strings, which end at the first NUL.
    private func refuseNull() throws(Failure) {
        let escape = text(index..<min(index + 10, bytes.count))
        if escape.hasPrefix("\\u0000") || escape == "\\U00000000" {
            throw Failure(message: "strings cannot hold U+0000", offset: index)
        }
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
                while let byte = current, byte != UInt8(ascii: "\n") { index += 1 }
            default: return
            }
        }
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
