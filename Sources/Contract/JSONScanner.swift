// One pass over JSON text without building a tree of it. What every wire message is parsed with: the sync
// service does so some hundred thousand times a second, where a tree (Foundation's, 4 µs and 30 allocations
// a message) would cost more than all the rest.
//
// The scanner holds a position only; the text is an argument of every call, since a type that stores a
// `Span` is still an experiment of the language. Map: objects and values (this file), strings
// (JSONScanner+Strings), numbers (JSONScanner+Numbers).

/// Reads JSON (RFC 8259) from front to back, and rejects everything that is not valid.
package struct JSONScanner: Sendable {
    /// Deepest nesting of arrays and objects. The scanner recurses on the thread's stack, so it needs a
    /// limit; sync payloads nest a handful of levels.
    package static let maximumDepth = 128

    /// Offset of the next byte to read.
    package var position: Int

    package init(at position: Int = 0) {
        self.position = position
    }

    // MARK: Whole texts

    /// Checks that the bytes are one JSON value and nothing else.
    package static func validate(_ bytes: Span<UInt8>) throws(SyncMessageError) {
        var scanner = JSONScanner()
        try scanner.skipValue(in: bytes)
        try scanner.end(of: bytes)
    }

    /// Consumes trailing white space; anything else is an error.
    package mutating func end(of bytes: Span<UInt8>) throws(SyncMessageError) {
        skipWhiteSpace(in: bytes)
        if position != bytes.count { throw unexpected(in: bytes, wanted: "the end of the text") }
    }

    // MARK: Objects

    /// Consumes `{` and the first key with its colon; nil when the object is empty, and then `}` is
    /// consumed too.
    package mutating func firstKey(in bytes: Span<UInt8>) throws(SyncMessageError) -> String? {
        guard try peek(in: bytes) == UInt8(ascii: "{") else {
            throw typeMismatch(in: bytes, wanted: "an object")
        }
        position += 1
        if try peek(in: bytes) == UInt8(ascii: "}") {
            position += 1
            return nil
        }
        return try key(in: bytes)
    }

    /// Consumes the comma after a value and the next key with its colon; nil at the end of the object.
    package mutating func nextKey(in bytes: Span<UInt8>) throws(SyncMessageError) -> String? {
        switch try peek(in: bytes) {
        case UInt8(ascii: ","):
            position += 1
            return try key(in: bytes)
        case UInt8(ascii: "}"):
            position += 1
            return nil
        default:
            throw unexpected(in: bytes, wanted: "\",\" or \"}\"")
        }
    }

    private mutating func key(in bytes: Span<UInt8>) throws(SyncMessageError) -> String {
        guard try peek(in: bytes) == UInt8(ascii: "\"") else { throw unexpected(in: bytes, wanted: "a key") }
        let key = try string(in: bytes)
        guard try peek(in: bytes) == UInt8(ascii: ":") else { throw unexpected(in: bytes, wanted: "\":\"") }
        position += 1
        return key
    }

    // MARK: Values

    /// Consumes `null` when that is the next value, and says so.
    package mutating func null(in bytes: Span<UInt8>) throws(SyncMessageError) -> Bool {
        guard try peek(in: bytes) == UInt8(ascii: "n") else { return false }
        try literal("null", in: bytes)
        return true
    }

    package mutating func boolean(in bytes: Span<UInt8>) throws(SyncMessageError) -> Bool {
        switch try peek(in: bytes) {
        case UInt8(ascii: "t"):
            try literal("true", in: bytes)
            return true
        case UInt8(ascii: "f"):
            try literal("false", in: bytes)
            return false
        default:
            throw typeMismatch(in: bytes, wanted: "true or false")
        }
    }

    /// Consumes one value of any type and returns where its text lies.
    package mutating func value(in bytes: Span<UInt8>) throws(SyncMessageError) -> Range<Int> {
        skipWhiteSpace(in: bytes)
        let start = position
        try skipValue(in: bytes)
        return start..<position
    }

    /// Consumes one value of any type, checking it.
    package mutating func skipValue(in bytes: Span<UInt8>, depth: Int = 0) throws(SyncMessageError) {
        guard depth <= Self.maximumDepth else {
            throw SyncMessageError(
                .tooDeep, "JSON nested deeper than \(Self.maximumDepth) levels at byte \(position)")
        }
        switch try peek(in: bytes) {
        case UInt8(ascii: "{"):
            var key = try firstKey(in: bytes)
            while key != nil {
                try skipValue(in: bytes, depth: depth + 1)
                key = try nextKey(in: bytes)
            }
        case UInt8(ascii: "["):
            try skipArray(in: bytes, depth: depth)
        case UInt8(ascii: "\""):
            _ = try stringToken(in: bytes)
        case UInt8(ascii: "t"):
            try literal("true", in: bytes)
        case UInt8(ascii: "f"):
            try literal("false", in: bytes)
        case UInt8(ascii: "n"):
            try literal("null", in: bytes)
        default:
            _ = try numberToken(in: bytes)
        }
    }

    private mutating func skipArray(in bytes: Span<UInt8>, depth: Int) throws(SyncMessageError) {
        position += 1
        if try peek(in: bytes) == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            try skipValue(in: bytes, depth: depth + 1)
            switch try peek(in: bytes) {
            case UInt8(ascii: ","):
                position += 1
            case UInt8(ascii: "]"):
                position += 1
                return
            default:
                throw unexpected(in: bytes, wanted: "\",\" or \"]\"")
            }
        }
    }

    private mutating func literal(_ text: String, in bytes: Span<UInt8>) throws(SyncMessageError) {
        for byte in text.utf8 {
            guard position < bytes.count, bytes[position] == byte else {
                throw unexpected(in: bytes, wanted: text)
            }
            position += 1
        }
    }

    // MARK: Bytes

    /// The next byte that is no white space; it stays.
    package mutating func peek(in bytes: Span<UInt8>) throws(SyncMessageError) -> UInt8 {
        skipWhiteSpace(in: bytes)
        guard position < bytes.count else { throw unexpected(in: bytes, wanted: "more") }
        return bytes[position]
    }

    private mutating func skipWhiteSpace(in bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    // MARK: Errors

    func unexpected(in bytes: Span<UInt8>, wanted: String) -> SyncMessageError {
        guard position < bytes.count else {
            return SyncMessageError(
                .invalidJSON, "the JSON text ends at byte \(position), where \(wanted) should stand")
        }
        let byte = bytes[position]
        let found =
            (0x21...0x7E).contains(byte) ? "\"\(Character(Unicode.Scalar(byte)))\"" : "the byte \(byte)"
        return SyncMessageError(
            .invalidJSON, "invalid JSON: \(found) at byte \(position), where \(wanted) should stand")
    }

    /// The next value is of another type, or is no value at all.
    func typeMismatch(in bytes: Span<UInt8>, wanted: String) -> SyncMessageError {
        var ahead = self
        do { try ahead.skipValue(in: bytes) } catch { return error }
        return SyncMessageError(.wrongType, "the value at byte \(position) should be \(wanted)")
    }
}
