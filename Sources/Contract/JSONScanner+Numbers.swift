// Numbers.

extension JSONScanner {
    /// Consumes an integer: a fraction, an exponent or more than 64 bits are a wrong type, as in Go.
    package mutating func integer(in bytes: Span<UInt8>) throws(SyncMessageError) -> Int64 {
        let first = try peek(in: bytes)
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw typeMismatch(in: bytes, wanted: "an integer")
        }
        let start = position
        let token = try numberToken(in: bytes)
        guard let value = Int64(Self.text(bytes.extracting(token))) else {
            throw SyncMessageError(.wrongType, "the number at byte \(start) should be an integer of 64 bits")
        }
        return value
    }

    /// Consumes a number, checking it: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
    mutating func numberToken(in bytes: Span<UInt8>) throws(SyncMessageError) -> Range<Int> {
        let start = position
        if next(in: bytes) == UInt8(ascii: "-") { position += 1 }
        if next(in: bytes) == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(in: bytes, wanted: start == position ? "a value" : "a digit")
        }
        if next(in: bytes) == UInt8(ascii: ".") {
            position += 1
            try digits(in: bytes, wanted: "a digit")
        }
        if let mark = next(in: bytes), mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
            position += 1
            if let sign = next(in: bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                position += 1
            }
            try digits(in: bytes, wanted: "a digit")
        }
        return start..<position
    }

    private mutating func digits(in bytes: Span<UInt8>, wanted: String) throws(SyncMessageError) {
        let start = position
        while let byte = next(in: bytes), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        if position == start { throw unexpected(in: bytes, wanted: wanted) }
    }

    private func next(in bytes: Span<UInt8>) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }
}
