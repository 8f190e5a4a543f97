// Go's literals: quoted, raw and character constants, integers of every base, decimal and hexadecimal floats.
// https://go.dev/ref/spec#Lexical_elements

extension TemplateParser {
    // MARK: Strings

    func stringLiteral(_ token: TemplateToken) throws(TemplateError) -> String {
        let inside = token.range.lowerBound + 1..<token.range.upperBound - 1
        if token.kind == .rawString {
            return String(decoding: source.bytes[inside].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
        return String(decoding: try unescape(inside, in: token), as: UTF8.self)
    }

    private func unescape(_ inside: Range<Int>, in token: TemplateToken) throws(TemplateError) -> [UInt8] {
        var bytes: [UInt8] = []
        var offset = inside.lowerBound
        while offset < inside.upperBound {
            let byte = source.bytes[offset]
            if byte == UInt8(ascii: "\\") {
                let escape = try readEscape(at: offset, before: inside.upperBound, in: token)
                bytes += escape.bytes
                offset += escape.length
            } else {
                bytes.append(byte)
                offset += 1
            }
        }
        return bytes
    }

    /// The escape whose backslash is at `offset`.
    private func readEscape(
        at offset: Int, before end: Int, in token: TemplateToken
    ) throws(TemplateError) -> (bytes: [UInt8], length: Int) {
        let quote: UInt8 = token.kind == .character ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        let kind = offset + 1 < end ? source.bytes[offset + 1] : 0
        let simple: UInt8? =
            switch kind {
            case UInt8(ascii: "a"): 7
            case UInt8(ascii: "b"): 8
            case UInt8(ascii: "f"): 12
            case UInt8(ascii: "n"): 10
            case UInt8(ascii: "r"): 13
            case UInt8(ascii: "t"): 9
            case UInt8(ascii: "v"): 11
            case UInt8(ascii: "\\"), quote: kind
            default: nil
            }
        if let simple { return ([simple], 2) }
        let digits: (count: Int, radix: Int, start: Int) =
            switch kind {
            case UInt8(ascii: "x"): (2, 16, offset + 2)
            case UInt8(ascii: "u"): (4, 16, offset + 2)
            case UInt8(ascii: "U"): (8, 16, offset + 2)
            default: (3, 8, offset + 1)
            }
        let stop = min(digits.start + digits.count, end)
        let text = source.text(min(digits.start, end)..<stop)
        // An integer's initializer takes a sign, an escape does not.
        guard text.utf8.count == digits.count, text.first?.isHexDigit == true,
            let value = UInt32(text, radix: digits.radix)
        else { throw invalidEscape(offset..<min(offset + 2, end)) }
        let length = digits.start + digits.count - offset
        if kind == UInt8(ascii: "u") || kind == UInt8(ascii: "U") {
            guard let scalar = Unicode.Scalar(value) else { throw invalidEscape(offset..<offset + length) }
            return (Array(String(scalar).utf8), length)
        }
        guard let byte = UInt8(exactly: value) else { throw invalidEscape(offset..<offset + length) }
        // In a character constant \xHH and \OOO stand for the code point.
        if token.kind == .character { return (Array(String(Unicode.Scalar(byte)).utf8), length) }
        return ([byte], length)
    }

    private func invalidEscape(_ range: Range<Int>) -> TemplateError {
        source.error(
            at: range.lowerBound, "invalid escape \(source.text(range)) in a quoted string",
            remedy: #"write \\ for a backslash, or use a raw string between backquotes"#)
    }

    // MARK: Numbers

    /// An integer or a double by what the text looks like, as Go's ideal constants are.
    func numberLiteral(_ token: TemplateToken) throws(TemplateError) -> TemplateValue {
        let text = source.text(token.range)
        if token.kind == .character { return try characterLiteral(token) }
        if text.hasSuffix("i"), !text.lowercased().contains("0x") {
            throw source.error(at: token.range.lowerBound, "complex number \(text) is not supported")
        }
        guard text.contains(where: \.isHexDigit), Self.hasProperUnderscores(text) else {
            throw badNumber(text, token)
        }
        let plain = text.filter { $0 != "_" }.lowercased()
        if let value = Self.integer(plain) { return .integer(value) }
        let isHexadecimal = plain.contains("x")
        let looksFloating = plain.contains { $0 == "." || $0 == "p" || ($0 == "e" && !isHexadecimal) }
        guard looksFloating else {
            let isLong =
                !plain.hasPrefix("0") && plain.drop { "+-".contains($0) }.allSatisfy { "0"..."9" ~= $0 }
            throw isLong || Double(plain).map { $0.magnitude > 0x1p62 } == true
                ? source.error(
                    at: token.range.lowerBound, "integer overflow: \(text)", remedy: "integers have 64 bits")
                : badNumber(text, token)
        }
        // Go wants an exponent on hexadecimal floats.
        guard !isHexadecimal || plain.contains("p"), let value = Double(Self.completed(plain)), value.isFinite
        else { throw badNumber(text, token) }
        return .double(value)
    }

    private func badNumber(_ text: String, _ token: TemplateToken) -> TemplateError {
        source.error(at: token.range.lowerBound, "bad number syntax: \(quoted(text))")
    }

    private func characterLiteral(_ token: TemplateToken) throws(TemplateError) -> TemplateValue {
        let inside = token.range.lowerBound + 1..<token.range.upperBound - 1
        let text = String(decoding: try unescape(inside, in: token), as: UTF8.self)
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw source.error(
                at: token.range.lowerBound,
                "malformed character constant: \(source.excerpt(token.range))",
                remedy: "write one character between ', or a string between \"")
        }
        return .integer(Int64(scalar.value))
    }

    /// An integer with Go's prefixes: `0x`, `0o`, `0b`, and `0` for octal.
    private static func integer(_ text: String) -> Int64? {
        let sign = text.first == "-" || text.first == "+" ? String(text.prefix(1)) : ""
        let digits = text.dropFirst(sign.count)
        guard digits.first?.isHexDigit == true else { return nil }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            guard digits.dropFirst(2).first?.isHexDigit == true else { return nil }
            return Int64(sign + digits.dropFirst(2), radix: radix)
        }
        return Int64(sign + digits, radix: digits.count > 1 && digits.hasPrefix("0") ? 8 : 10)
    }

    /// Underscores only between digits, or between a base prefix and a digit.
    private static func hasProperUnderscores(_ text: String) -> Bool {
        let characters = Array(text.lowercased())
        for (index, character) in characters.enumerated() where character == "_" {
            guard index > 0, index + 1 < characters.count, characters[index + 1].isHexDigit else {
                return false
            }
            let before = characters[index - 1]
            let isPrefix = "xob".contains(before) && index > 1 && characters[index - 2] == "0"
            guard before.isHexDigit || isPrefix else { return false }
        }
        return true
    }

    /// `.5` and `5.` are Go's; Swift's parser wants digits on both sides of the point.
    private static func completed(_ text: String) -> String {
        var result = ""
        var previous: Character = " "
        for character in text {
            if character == ".", !previous.isHexDigit { result += "0" }
            if previous == ".", !character.isHexDigit { result += "0" }
            if previous == ".", character == "e" { result += "0" }
            result.append(character)
            previous = character
        }
        return previous == "." ? result + "0" : result
    }
}
