// Functions a caller adds to the template language, and those of upstream's compositions that need no file.

/// A function that templates may call by name.
package struct TemplateFunction: Sendable {
    /// Why a function refused its arguments; the template adds the place and the function's name.
    package struct Failure: Error, Hashable {
        /// The sentence's remainder after `calling split: `, with the offending value.
        package var message: String
        package var remedy: String?

        package init(_ message: String, remedy: String? = nil) {
            self.message = message
            self.remedy = remedy
        }
    }

    package typealias Body = @Sendable ([TemplateValue]) throws -> TemplateValue

    package let name: String
    /// How many arguments it takes; a variadic one takes that many or more.
    package let arity: Int
    package let isVariadic: Bool
    let body: Body

    package init(_ name: String, arity: Int, variadic isVariadic: Bool = false, body: @escaping Body) {
        self.name = name
        self.arity = arity
        self.isVariadic = isVariadic
        self.body = body
    }
}

extension TemplateFunction {
    /// `split "a,b"`: the parts between commas.
    package static let split = TemplateFunction("split", arity: 1) { arguments in
        let text = try arguments[0].expectString()
        return .list(
            text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) })
    }

    /// `atoi "12"`: the decimal integer that a text stands for.
    package static let atoi = TemplateFunction("atoi", arity: 1) { arguments in
        let text = try arguments[0].expectString()
        guard let value = Int64(text) else {
            throw Failure(
                "\(quoted(text)) is no decimal integer", remedy: "write digits only, such as \"12\"")
        }
        return .integer(value)
    }

    /// `pick map "key"`: a map of that key and its value alone.
    package static let pick = TemplateFunction("pick", arity: 2) { arguments in
        let entries = try arguments[0].expectMap()
        let key = try arguments[1].expectString()
        return .map([key: entries[key] ?? .null])
    }

    /// `withEnv map`: the map with the environment added as `Env`, for use as a template's data.
    package static func withEnvironment(_ environment: [String: String]) -> TemplateFunction {
        TemplateFunction("withEnv", arity: 1) { arguments in
            var entries = try arguments[0].expectMap()
            entries["Env"] = .strings(environment)
            return .map(entries)
        }
    }
}

extension TemplateValue {
    /// The text of a string argument.
    package func expectString() throws(TemplateFunction.Failure) -> String {
        if self == .null { throw TemplateFunction.Failure("it expects a string and got no value") }
        guard case .string(let text) = self else {
            throw TemplateFunction.Failure("it expects a string, not a value of type \(typeName)")
        }
        return text
    }
}

extension TemplateValue {
    /// The entries of a map argument; no value is an empty map, as Go's nil map.
    package func expectMap() throws(TemplateFunction.Failure) -> [String: TemplateValue] {
        switch self {
        case .map(let entries): return entries
        case .null: return [:]
        case .boolean, .integer, .double, .string, .list, .strings, .record:
            throw TemplateFunction.Failure("it expects a map, not a value of type \(typeName)")
        }
    }
}

/// A text in double quotes with its control characters escaped, for messages.
func quoted(_ text: String) -> String { text.debugDescription }
