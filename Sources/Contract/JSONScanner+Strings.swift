// Strings: escapes and UTF-8, checked byte by byte.

/// Where a string's content lies, quotes excluded.
package struct JSONStringToken: Sendable {
    package var content: Range<Int>
    package var hasEscapes: Bool
}

extension JSONScanner {
    /// Consumes a string and decodes it. A lone surrogate escape becomes U+FFFD, as Go's `encoding/json`
    /// has it.
    package mutating func string(in bytes: Span<UInt8>) throws(SyncMessageError) -> String {
        let token = try stringToken(in: bytes)
        guard token.hasEscapes else { return Self.text(bytes.extracting(token.content)) }
        return String(decoding: Self.unescaped(token, in: bytes), as: UTF8.self)
    }

    /// Consumes a string and returns its decoded UTF-8.
    package mutating func stringBytes(in bytes: Span<UInt8>) throws(SyncMessageError) -> [UInt8] {
        let token = try stringToken(in: bytes)
        return token.hasEscapes
            ? Self.unescaped(token, in: bytes) : Self.copy(bytes.extracting(token.content))
    }

    /// Consumes a string, checking it.
    package mutating func stringToken(in bytes: Span<UInt8>) throws(SyncMessageError) -> JSONStringToken {
        guard try peek(in: bytes) == UInt8(ascii: "\"") else {
            throw typeMismatch(in: bytes, wanted: "a string")
        }
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return JSONStringToken(content: start..<(position - 1), hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape(in: bytes)
            case 0x20...0x7F:
                position += 1
            case 0x80...0xFF:
                try skipMultibyteScalar(in: bytes)
            default:
                throw unexpected(in: bytes, wanted: "an escape (control characters must be escaped)")
            }
        }
        throw unexpected(in: bytes, wanted: "the end of a string")
    }

    private mutating func skipEscape(in bytes: Span<UInt8>) throws(SyncMessageError) {
        position += 1
        guard position < bytes.count else { throw unexpected(in: bytes, wanted: "an escape") }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard position < bytes.count, Self.hexadecimal(bytes[position]) != nil else {
                    throw unexpected(in: bytes, wanted: "four hexadecimal digits")
                }
                position += 1
            }
        default:
            throw unexpected(in: bytes, wanted: "an escape")
        }
    }

    /// Consumes a scalar of two to four bytes: no overlong form, no surrogate, nothing past U+10FFFF
    /// (Unicode 15, table 3-7).
    private mutating func skipMultibyteScalar(in bytes: Span<UInt8>) throws(SyncMessageError) {
        let first = bytes[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw unexpected(in: bytes, wanted: "UTF-8")
        }
        position += 1
        for index in 1..<length {
            let allowed = index == 1 ? second : 0x80...0xBF
            guard position < bytes.count, allowed.contains(bytes[position]) else {
                throw unexpected(in: bytes, wanted: "UTF-8")
            }
            position += 1
        }
    }

    // MARK: Decoding

    /// Decodes a checked string that has escapes.
    private static func unescaped(_ token: JSONStringToken, in bytes: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(token.content.count)
        var index = token.content.lowerBound
        while index < token.content.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                output.append(bytes[index])
                index += 1
                continue
            }
            switch bytes[index + 1] {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                index = appendScalar(at: index, end: token.content.upperBound, in: bytes, to: &output)
                continue
            case let same: output.append(same)
            }
            index += 2
        }
        return output
    }

    /// Decodes `\uXXXX`, or a pair of them, and returns the index behind.
    private static func appendScalar(
        at index: Int, end: Int, in bytes: Span<UInt8>, to output: inout [UInt8]
    ) -> Int {
        let high = codeUnit(at: index + 2, in: bytes)
        var next = index + 6
        var value = UInt32(high)
        if (0xD800...0xDBFF).contains(high), next + 6 <= end, bytes[next] == UInt8(ascii: "\\"),
            bytes[next + 1] == UInt8(ascii: "u")
        {
            let low = codeUnit(at: next + 2, in: bytes)
            if (0xDC00...0xDFFF).contains(low) {
                value = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
                next += 6
            }
        }
        output.append(contentsOf: Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8))
        return next
    }

    private static func codeUnit(at index: Int, in bytes: Span<UInt8>) -> UInt16 {
        (index..<(index + 4)).reduce(into: 0) { unit, digit in
            unit = unit << 4 | UInt16(hexadecimal(bytes[digit]) ?? 0)
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    // Hot path: a `Span` is no `Sequence`, and `String(copying: UTF8Span)` needs a newer macOS than we ask
    // for. Appending byte by byte would cost more than the scan itself; these are the only places that lend
    // a pointer to the standard library, for the length of one call.

    static func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes as an array.
    package static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        bytes.withUnsafeBufferPointer { Array($0) }
    }
}
