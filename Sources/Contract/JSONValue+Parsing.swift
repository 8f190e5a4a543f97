// Reading JSON text into a tree, with the scanner that reads sync messages without one.

/// Why a text is not JSON.
package struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where reading stopped, in bytes from the start.
    package var offset: Int
    /// What stands there, and what should.
    package var description: String
}

extension JSONValue {
    /// Deepest nesting that is read: far beyond any payload of a plan, and nothing to the stack of whoever
    /// reads.
    package static let maximumDepth = JSONScanner.maximumDepth

    /// Parses one JSON value with nothing but white space around it.
    package init(parsing text: String) throws(JSONSyntaxError) {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner()
        do throws(SyncMessageError) {
            let value = try scanner.tree(in: bytes.span, depth: 0)
            try scanner.end(of: bytes.span)
            self = value
        } catch {
            throw JSONSyntaxError(offset: scanner.position, description: error.message)
        }
    }

    /// Parses bytes. What is no UTF-8 in them is repaired with U+FFFD: an instance's message in another
    /// encoding is better read with a blemish than not at all.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONSyntaxError) {
        try self.init(parsing: String(decoding: Array(bytes), as: UTF8.self))
    }
}

extension JSONScanner {
    /// Consumes the next value.
    fileprivate mutating func tree(in bytes: Span<UInt8>, depth: Int) throws(SyncMessageError) -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw SyncMessageError(.tooDeep, "the JSON is nested deeper than \(Self.maximumDepth) levels")
        }
        switch try peek(in: bytes) {
        case UInt8(ascii: "{"): return try object(in: bytes, depth: depth)
        case UInt8(ascii: "["): return try array(in: bytes, depth: depth)
        case UInt8(ascii: "\""): return .string(try string(in: bytes))
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try boolean(in: bytes))
        case UInt8(ascii: "n"):
            // False is impossible here: other words are an error.
            _ = try null(in: bytes)
            return .null
        default: return .number(Self.text(bytes.extracting(try numberToken(in: bytes))))
        }
    }

    private mutating func object(in bytes: Span<UInt8>, depth: Int) throws(SyncMessageError) -> JSONValue {
        var members: [JSONValue.Member] = []
        var key = try firstKey(in: bytes)
        while let name = key {
            members.append(JSONValue.Member(name, try tree(in: bytes, depth: depth + 1)))
            key = try nextKey(in: bytes)
        }
        return .object(members)
    }

    private mutating func array(in bytes: Span<UInt8>, depth: Int) throws(SyncMessageError) -> JSONValue {
        var elements: [JSONValue] = []
        position += 1
        if try take(UInt8(ascii: "]"), in: bytes) { return .array(elements) }
        while true {
            elements.append(try tree(in: bytes, depth: depth + 1))
            if try take(UInt8(ascii: "]"), in: bytes) { return .array(elements) }
            guard try take(UInt8(ascii: ","), in: bytes) else {
                throw unexpected(in: bytes, wanted: "\",\" or \"]\"")
            }
        }
    }

    /// Consumes the byte if it comes next.
    private mutating func take(_ byte: UInt8, in bytes: Span<UInt8>) throws(SyncMessageError) -> Bool {
        guard try peek(in: bytes) == byte else { return false }
        position += 1
        return true
    }
}
