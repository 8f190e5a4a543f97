// Bytes to tokens. Trim marks and comments are resolved here; what follows never sees them.
// Semantics: https://pkg.go.dev/text/template#hdr-Text_and_spaces and the sections after it.

/// Cuts a template into tokens; the last one is `.end` or `.failure`.
struct TemplateLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var tokens: [TemplateToken] = []
    private var openParentheses: [Int] = []
    /// Where the action being read begins: its `{{`.
    private var actionStart = 0
    private var isDone = false

    static func tokens(of source: TemplateSource) -> [TemplateToken] {
        var lexer = TemplateLexer(bytes: source.bytes)
        while !lexer.isDone { lexer.readText() }
        return lexer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Text, delimiters and comments

    private mutating func readText() {
        let start = position
        guard let open = firstIndex(of: "{{", from: position) else {
            emit(.text, start..<bytes.count)
            emit(.end, bytes.count..<bytes.count)
            isDone = true
            return
        }
        actionStart = open
        position = open + 2
        let trims = byte(0) == UInt8(ascii: "-") && isSpace(byte(1))
        var end = open
        if trims {
            position += 2
            while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        }
        emit(.text, start..<end)
        if matches("/*", at: position) { return readComment() }
        emit(.leftDelimiter, open..<position)
        openParentheses = []
        while !isDone {
            if let length = rightDelimiterLength() {
                if let parenthesis = openParentheses.last {
                    return fail(at: parenthesis, "unclosed left parenthesis", remedy: "close it with \")\"")
                }
                return readRightDelimiter(length)
            }
            readInsideAction()
        }
    }

    private mutating func readComment() {
        guard let close = firstIndex(of: "*/", from: position + 2) else {
            return fail(at: actionStart, "unclosed comment", remedy: "close it with */}}")
        }
        position = close + 2
        guard let length = rightDelimiterLength() else {
            return fail(
                at: close, "comment ends before closing delimiter",
                remedy: "a comment is an action of its own: {{/* … */}}")
        }
        skipRightDelimiter(length)
    }

    /// Bytes of `}}` or ` -}}` when one stands here.
    private func rightDelimiterLength() -> Int? {
        if isSpace(byte(0)), byte(1) == UInt8(ascii: "-"), matches("}}", at: position + 2) { return 4 }
        return matches("}}", at: position) ? 2 : nil
    }

    private mutating func readRightDelimiter(_ length: Int) {
        emit(.rightDelimiter, position..<position + length)
        skipRightDelimiter(length)
    }

    private mutating func skipRightDelimiter(_ length: Int) {
        position += length
        guard length == 4 else { return }
        while isSpace(byte(0)) { position += 1 }
    }

    // MARK: Inside an action

    private mutating func readInsideAction() {
        let start = position
        guard let first = byte(0) else { return failUnclosedAction() }
        switch first {
        case _ where isSpace(first): readSpace()
        case UInt8(ascii: "="): emitByte(.assign)
        case UInt8(ascii: ":"):
            guard byte(1) == UInt8(ascii: "=") else { return fail(at: start, "expected := after a variable") }
            position += 2
            emit(.declare, start..<position)
        case UInt8(ascii: "|"): emitByte(.pipe)
        case UInt8(ascii: ","): emitByte(.comma)
        case UInt8(ascii: "("):
            openParentheses.append(start)
            emitByte(.leftParenthesis)
        case UInt8(ascii: ")"):
            guard openParentheses.popLast() != nil else {
                return fail(at: start, "unexpected right parenthesis")
            }
            emitByte(.rightParenthesis)
        case UInt8(ascii: "\""): readQuoted(.quotedString, "quoted string")
        case UInt8(ascii: "'"): readQuoted(.character, "character constant")
        case UInt8(ascii: "`"): readRawString()
        case UInt8(ascii: "$"): readName(.variable, alone: .variable)
        case UInt8(ascii: "."):
            if isDigit(byte(1)) { readNumber() } else { readName(.field, alone: .dot) }
        case UInt8(ascii: "+"), UInt8(ascii: "-"): readNumber()
        case _ where isDigit(first): readNumber()
        default: readWordOrOther()
        }
    }

    /// A run of spaces. The last one may belong to ` -}}`.
    private mutating func readSpace() {
        let start = position
        while isSpace(byte(0)), rightDelimiterLength() == nil { position += 1 }
        emit(.space, start..<position)
    }

    private mutating func readQuoted(_ kind: TemplateToken.Kind, _ noun: String) {
        let start = position
        let quote = bytes[start]
        position += 1
        while let next = byte(0), next != UInt8(ascii: "\n") {
            position += 1
            if next == quote { return emit(kind, start..<position) }
            if next == UInt8(ascii: "\\") {
                guard let escaped = byte(0), escaped != UInt8(ascii: "\n") else { break }
                position += 1
            }
        }
        fail(
            at: start, "unterminated \(noun)",
            remedy: "close it with \(Unicode.Scalar(quote)) on the same line")
    }

    private mutating func readRawString() {
        let start = position
        guard let close = firstIndex(of: "`", from: start + 1) else {
            return fail(at: start, "unterminated raw string", remedy: "close it with `")
        }
        position = close + 1
        emit(.rawString, start..<position)
    }

    /// The rest of a field or a variable after its `.` or `$`.
    private mutating func readName(_ kind: TemplateToken.Kind, alone: TemplateToken.Kind) {
        let start = position
        position += 1
        if isAtTerminator() { return emit(alone, start..<position) }
        skipAlphanumerics()
        guard isAtTerminator() else { return failBadCharacter() }
        emit(kind, start..<position)
    }

    private mutating func readWordOrOther() {
        let start = position
        skipAlphanumerics()
        guard position > start else {
            let (scalar, length) = scalar()
            guard scalar.isASCII, scalar.value > 0x20, scalar.value < 0x7F else {
                return fail(at: start, "unrecognized character in action: \(describe(scalar))")
            }
            return emit(.other, start..<advance(length))
        }
        guard isAtTerminator() else { return failBadCharacter() }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        let kind: TemplateToken.Kind =
            switch word {
            case "true": .boolean(true)
            case "false": .boolean(false)
            case "nil": .null
            default: TemplateToken.Keyword(rawValue: word).map { .keyword($0) } ?? .identifier
            }
        emit(kind, start..<position)
    }

    /// What may be a number; its syntax is checked when the parser takes its value.
    private mutating func readNumber() {
        let start = position
        var isHexadecimal = false
        var previous: UInt8 = 0
        repeat {
            previous = bytes[position] | 0x20
            isHexadecimal = isHexadecimal || previous == UInt8(ascii: "x")
            position += scalar().length
        } while continuesNumber(after: previous, isHexadecimal)
        emit(.number, start..<position)
    }

    private func continuesNumber(after previous: UInt8, _ isHexadecimal: Bool) -> Bool {
        let exponentMark = UInt8(ascii: isHexadecimal ? "p" : "e")
        return switch byte(0) {
        case UInt8(ascii: "."): true
        case UInt8(ascii: "+"), UInt8(ascii: "-"): previous == exponentMark
        default: isAlphanumericHere()
        }
    }

    // MARK: Characters

    private func byte(_ ahead: Int) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private func matches(_ text: String, at offset: Int) -> Bool {
        bytes[min(offset, bytes.count)...].starts(with: text.utf8)
    }

    private func firstIndex(of text: String, from start: Int) -> Int? {
        guard let first = text.utf8.first else { return nil }
        var offset = min(start, bytes.count)
        while let found = bytes[offset...].firstIndex(of: first) {
            if matches(text, at: found) { return found }
            offset = found + 1
        }
        return nil
    }

    /// The scalar here and its bytes; the source is valid UTF-8, for it was a String.
    private func scalar() -> (scalar: Unicode.Scalar, length: Int) {
        var decoder = UTF8()
        var iterator = bytes[position...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return ("\u{FFFD}", 1) }
        return (scalar, UTF8.width(scalar))
    }

    private mutating func advance(_ length: Int) -> Int {
        position += length
        return position
    }

    private func isAlphanumericHere() -> Bool {
        guard let first = byte(0) else { return false }
        if first == UInt8(ascii: "_") { return true }
        switch scalar().scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber:
            return true
        default: return false
        }
    }

    private mutating func skipAlphanumerics() {
        while isAlphanumericHere() { position += scalar().length }
    }

    /// Whether a name may end here: `$x+2` is an error, not an addition.
    private func isAtTerminator() -> Bool {
        guard let next = byte(0) else { return true }
        return isSpace(next) || ".,|:()".utf8.contains(next) || matches("}}", at: position)
    }

    private func isSpace(_ byte: UInt8?) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false }

    // MARK: Results

    private mutating func emitByte(_ kind: TemplateToken.Kind) {
        position += 1
        emit(kind, position - 1..<position)
    }

    private mutating func emit(_ kind: TemplateToken.Kind, _ range: Range<Int>) {
        if range.isEmpty, kind == .text || kind == .space { return }
        tokens.append(TemplateToken(kind: kind, range: range))
    }

    private mutating func fail(at offset: Int, _ message: String, remedy: String? = nil) {
        tokens.append(
            TemplateToken(kind: .failure(message: message, remedy: remedy), range: offset..<offset))
        isDone = true
    }

    private mutating func failUnclosedAction() {
        let line = bytes[actionStart...].prefix { $0 != UInt8(ascii: "\n") }.prefix(40)
        let excerpt = String(decoding: line, as: UTF8.self)
        fail(at: actionStart, "unclosed action \(quoted(excerpt))", remedy: "close it with }}")
    }

    private mutating func failBadCharacter() {
        fail(at: position, "bad character \(describe(scalar().scalar)) in a name")
    }

    private func describe(_ scalar: Unicode.Scalar) -> String {
        let hexadecimal = String(scalar.value, radix: 16, uppercase: true)
        let code = String(repeating: "0", count: max(0, 4 - hexadecimal.count)) + hexadecimal
        return scalar.value < 0x20 ? "U+\(code)" : "U+\(code) '\(scalar)'"
    }
}
