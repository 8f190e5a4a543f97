// Configuration values as text: for messages, as test parameters, as JSON, from flags.

import Foundation

extension ConfigurationValue {
    /// For "… must be a string, not the integer 5".
    var summary: String {
        switch self {
        case .string(let text): "the string \(quoted(text.count > 60 ? text.prefix(60) + "…" : text))"
        case .integer(let number): "the integer \(number)"
        case .double(let number): "the number \(number)"
        case .boolean(let flag): "\(flag)"
        case .date(let text): "the date \(text)"
        case .array: "an array"
        case .table: "a table"
        }
    }

    /// The value's text where it is one value; nil for arrays and tables.
    var scalarText: String? {
        switch self {
        case .string(let text), .date(let text): text
        case .integer, .double, .boolean: jsonText
        case .array, .table: nil
        }
    }

    /// As a test parameter carries it: a string as it is, anything else as its JSON text (contract §6).
    package var parameterText: String {
        if case .string(let text) = self { text } else { jsonText }
    }

    /// The value as JSON on one line; members are ordered by key.
    package var jsonText: String {
        switch self {
        case .string(let text), .date(let text): Self.jsonString(text)
        case .integer(let number): String(number)
        case .double(let number): Self.jsonNumber(number)
        case .boolean(let flag): flag ? "true" : "false"
        case .array(let elements): "[" + elements.map(\.jsonText).joined(separator: ",") + "]"
        case .table(let table):
            "{"
                + table.sorted { $0.key < $1.key }
                .map { Self.jsonString($0.key) + ":" + $0.value.jsonText }.joined(separator: ",") + "}"
        }
    }

    /// A whole number is written without a fraction, as Go does; JSON has no infinities, so they become text.
    private static func jsonNumber(_ number: Double) -> String {
        guard number.isFinite else { return jsonString("\(number)") }
        if let whole = Int64(exactly: number) { return String(whole) }
        return "\(number)"
    }

    private static func jsonString(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A flag's value, as in `--run-cfg key=value`: a TOML value where it is written as one, else a string.
    package init(flagText text: String) {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        // `1 # x` is TOML with a comment; in a flag nobody means that.
        let mayHoldComment = trimmed.contains("#") && !trimmed.hasPrefix("\"") && !trimmed.hasPrefix("'")
        switch mayHoldComment ? nil : TOMLText.value(trimmed) {
        case nil, .date: self = .string(text)
        case let value?: self = value
        }
    }
}
