// The data a template works on: what Go's templates see of JSON-like values, and no more.

/// A value inside a template.
package enum TemplateValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// Go's `int`.
    case integer(Int64)
    /// Go's `float64`.
    case double(Double)
    /// Go's `string`; bytes that are no UTF-8 become U+FFFD.
    case string(String)
    /// Go's `[]interface{}`.
    case list([TemplateValue])
    /// Go's `map[string]interface{}`: a missing key is no value, printed `<no value>`.
    case map([String: TemplateValue])
    /// Go's `map[string]string`, as `.Env` is: a missing key is no value, but `index` finds "" there.
    case strings([String: String])
    /// Go's struct, as a composition's data is: an unknown field is an error.
    case record([String: TemplateValue])
}

extension TemplateValue {
    /// The data upstream passes to a composition: a record whose only field is `Env`.
    package static func compositionData(environment: [String: String]) -> TemplateValue {
        .record(["Env": .strings(environment)])
    }

    /// What Go's `%T` prints for it.
    var typeName: String {
        switch self {
        case .null: "<nil>"
        case .boolean: "bool"
        case .integer: "int"
        case .double: "float64"
        case .string: "string"
        case .list: "[]interface {}"
        case .map: "map[string]interface {}"
        case .strings: "map[string]string"
        case .record: "struct"
        }
    }

    /// Whether `if`, `with`, `and`, `or` and `not` take it for true: neither zero nor empty.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let elements): !elements.isEmpty
        case .map(let entries): !entries.isEmpty
        case .strings(let entries): !entries.isEmpty
        case .record: true
        }
    }

    /// The entries of a map or a record in the order of their keys' bytes, as in Go; nil for others.
    var sortedEntries: [(key: String, value: TemplateValue)]? {
        switch self {
        case .map(let entries), .record(let entries):
            entries.sorted { $0.key.bytesPrecede($1.key) }.map { ($0.key, $0.value) }
        case .strings(let entries):
            entries.sorted { $0.key.bytesPrecede($1.key) }.map { ($0.key, .string($0.value)) }
        case .null, .boolean, .integer, .double, .string, .list: nil
        }
    }
}

extension String {
    /// Go's `<` on strings; Swift's own compares canonical forms.
    func bytesPrecede(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }

    /// Go's `==` on strings; Swift's own compares canonical forms.
    func bytesEqual(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
