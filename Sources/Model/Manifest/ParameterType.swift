// The types of test parameters that manifests in use declare, and whether a text is of one.

import Foundation

/// What a parameter's text must be.
enum ParameterType: String, CaseIterable {
    case integer, number, boolean, size, duration, rate, json, list

    /// The type that a manifest's spelling stands for; nil for those that any text satisfies (`string`,
    /// `enum`, …).
    init?(spelling: String) {
        switch spelling.lowercased() {
        case "int", "integer", "int32", "int64", "uint", "uint64": self = .integer
        case "float", "float32", "float64", "double", "number": self = .number
        case "bool", "boolean": self = .boolean
        case "size", "bytes": self = .size
        case "duration": self = .duration
        case "rate": self = .rate
        case "json": self = .json
        case "list", "array", "[]string", "strings": self = .list
        default: return nil
        }
    }

    /// What SDKs read a text of the type with decides: Go's strconv.Atoi and ParseFloat, for instance.
    func accepts(_ text: String) -> Bool {
        switch self {
        case .integer: Int64(text) != nil || UInt64(text) != nil
        case .number: Double(text) != nil
        case .boolean: ["true", "false"].contains(text.lowercased())
        case .size: ByteSize(text) != nil
        case .duration: DurationText(text) != nil
        case .rate: RateText(text) != nil
        case .json: Self.json(text) != nil
        case .list: Self.json(text) is [Any]
        }
    }

    var noun: String {
        switch self {
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .size: "size"
        case .duration: "duration"
        case .rate: "rate"
        case .json: "JSON text"
        case .list: "JSON array"
        }
    }

    var example: String {
        switch self {
        case .integer: "such as 42"
        case .number: "such as 0.5"
        case .boolean: "true or false"
        case .size: "such as 10MiB"
        case .duration: "such as 1.5s"
        case .rate: "such as 100/s"
        case .json: "such as {\"key\":1}"
        case .list: "such as [\"a\",\"b\"]"
        }
    }

    private static func json(_ text: String) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }
}

extension TestParameter {
    /// Why a value is not of the parameter's type.
    struct Problem {
        /// The value and what it is not: `"x", no integer`.
        var message: String
        var remedy: String
    }

    /// What is wrong with a value of the parameter; nil when nothing is.
    func problem(with value: String) -> Problem? {
        guard let type = ParameterType(spelling: type), !type.accepts(value) else { return nil }
        let article = type == .integer ? "an" : "a"
        return Problem(
            message: "\(quoted(value)), no \(type.noun)",
            remedy: "write \(article) \(type.noun), \(type.example)")
    }
}
