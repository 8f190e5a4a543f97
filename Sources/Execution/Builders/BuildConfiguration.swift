// Reading a builder's configuration table, with errors that name key, value and what was expected.

import Execution
import TestgroundModel

/// Reads typed values and gathers everything that is wrong with them.
struct BuildConfiguration {
    private let builder: String
    private let table: ConfigurationTable
    private var problems: [String] = []

    init(_ builder: String, _ table: ConfigurationTable) {
        self.builder = builder
        self.table = table
    }

    /// Nil when the key is absent or its string is empty.
    mutating func string(_ key: String) -> String? {
        switch table[key] {
        case nil: return nil
        case .string(let text): return text.isEmpty ? nil : text
        case .some(let value): return wrong(key, value, "a string")
        }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let text = string(key) else { return `default` }
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        problems.append("`\(key)` is \"\(text)\", expected \(known)")
        return `default`
    }

    /// Flags of the command line arrive as text: `true` and `false` count as such.
    mutating func boolean(_ key: String) -> Bool? {
        switch table[key] {
        case nil: return nil
        case .boolean(let value): return value
        case .string("true"): return true
        case .string("false"): return false
        case .some(let value): return wrong(key, value, "true or false")
        }
    }

    /// An array of strings, or one string whose words count.
    mutating func words(_ key: String) -> [String] {
        switch table[key] {
        case nil: return []
        case .string(let text): return text.split(separator: " ").map(String.init)
        case .array(let values):
            var words: [String] = []
            for value in values {
                guard case .string(let word) = value else {
                    return wrong(key, value, "an array of strings") ?? []
                }
                words.append(word)
            }
            return words
        case .some(let value): return wrong(key, value, "an array of strings") ?? []
        }
    }

    /// - Throws: `ExecutionError` with code `configuration` that names everything that was wrong.
    func check() throws {
        guard let first = problems.first else { return }
        let message = "the configuration of \(builder) is wrong: "
        if problems.count == 1 { throw ExecutionError(.configuration, message + first) }
        throw ExecutionError(.configuration, message + "\(problems.count) keys", details: problems)
    }

    private mutating func wrong<Value>(_ key: String, _ value: ConfigurationValue, _ expected: String)
        -> Value?
    {
        problems.append("`\(key)` is \(describe(value)), expected \(expected)")
        return nil
    }

    private func describe(_ value: ConfigurationValue) -> String {
        switch value {
        case .string(let text): "\"\(text)\""
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .date(let text): text
        case .array: "an array"
        case .table: "a table"
        }
    }
}
