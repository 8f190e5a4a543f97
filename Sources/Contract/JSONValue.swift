// A JSON value as it stands on the wire: members keep their order and numbers keep their digits.
//
// The contract fixes the order of keys and must pass numbers through unchanged, both of which a general
// encoder gives away; and an instance that only writes event lines should not carry one. Parsing is in
// JSONValue+Parsing.swift.

/// A JSON value (RFC 8259) with the order of members and the digits of numbers kept.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// The number's text, as written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])
    /// Text that is JSON already and goes out as it is; parsing never makes one.
    case verbatim(String)

    /// One member of an object.
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// A finite number in its shortest form that reads back as the same value, whole numbers without a
    /// fraction; null for infinities and NaN, which JSON cannot write.
    package static func double(_ value: Double) -> JSONValue {
        guard value.isFinite else { return .null }
        if let whole = Int64(exactly: value) { return .number(String(whole)) }
        return .number("\(value)")
    }

    // MARK: Reading

    /// The member of that name, the last one where a name stands twice (as Go and JavaScript read it).
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var booleanValue: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The number as an integer; one written as `1.5e9` counts when it is whole and in range.
    package var integerValue: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    package var doubleValue: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    // MARK: Writing

    /// The value as JSON text on one line, without spaces.
    package var text: String {
        var output: [UInt8] = []
        write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the value as JSON text in UTF-8.
    package func write(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .boolean(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text), .verbatim(let text): output.append(contentsOf: text.utf8)
        case .string(let text): JSONWriter.append(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONWriter.append(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral text: String) { self = .string(text) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
