// Reads the tables of a document by their known keys: wrong types are errors, unknown keys are warnings.

/// What is found while a document is read.
final class DocumentReading {
    let locations: DocumentLocations
    private(set) var diagnostics: [Diagnostic] = []

    init(_ locations: DocumentLocations, diagnostics: [Diagnostic] = []) {
        self.locations = locations
        self.diagnostics = diagnostics
    }

    func error(at path: TOMLPath, _ message: String, remedy: String? = nil) {
        diagnostics.append(Diagnostic(.error, at: locations.location(of: path), message, remedy: remedy))
    }

    func warning(at path: TOMLPath, _ message: String, remedy: String? = nil) {
        diagnostics.append(Diagnostic(.warning, at: locations.location(of: path), message, remedy: remedy))
    }

    /// The value with its places and warnings, unless something is wrong.
    func finish<Value>(_ value: Value, code: ModelError.Code) throws(ModelError) -> Parsed<Value> {
        let ordered = Diagnostic.inOrder(diagnostics)
        if ordered.contains(where: { $0.severity == .error }) { throw ModelError(code, ordered) }
        return Parsed(value, locations: locations, warnings: ordered)
    }
}

/// Reads one table.
struct TableReader {
    let table: ConfigurationTable
    let path: TOMLPath
    let reading: DocumentReading
    private var knownKeys: [String] = []

    init(_ table: ConfigurationTable, _ path: TOMLPath, _ reading: DocumentReading) {
        self.table = table
        self.path = path
        self.reading = reading
    }

    /// The text of a string; empty where it is absent.
    mutating func string(_ key: String) -> String {
        guard let value = value(key) else { return "" }
        if case .string(let text) = value { return text }
        wrongType(key, value, "a string", remedy: value.scalarText.map { "write \(key) = \"\($0)\"" })
        return ""
    }

    mutating func integer(_ key: String) -> Int? {
        guard let value = value(key) else { return nil }
        if case .integer(let number) = value { return Int(number) }
        wrongType(key, value, "an integer")
        return nil
    }

    /// An integer that is 0 or more, where 0 means the same as nothing: that is how upstream writes it.
    mutating func count(_ key: String) -> Int? {
        guard let number = integer(key), number != 0 else { return nil }
        if number > 0 { return number }
        reading.error(at: path.key(key), "\"\(path.key(key))\" must not be negative, as \(number) is")
        return nil
    }

    mutating func number(_ key: String) -> Double? {
        switch value(key) {
        case nil: return nil
        case .double(let number): return number
        case .integer(let number): return Double(number)
        case let value?:
            wrongType(key, value, "a number")
            return nil
        }
    }

    mutating func boolean(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        if case .boolean(let flag) = value { return flag }
        wrongType(key, value, "true or false")
        return nil
    }

    mutating func strings(_ key: String) -> [String] {
        guard let value = value(key) else { return [] }
        guard case .array(let elements) = value else {
            wrongType(key, value, "an array of strings")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            if case .string(let text) = element { return text }
            reading.error(
                at: path.key(key).index(index),
                "\"\(path.key(key).index(index))\" must be a string, not \(element.summary)")
            return nil
        }
    }

    /// A value of whatever type.
    mutating func anyValue(_ key: String) -> ConfigurationValue? { value(key) }

    /// A table taken as it is.
    mutating func freeTable(_ key: String) -> ConfigurationTable? {
        guard let value = value(key) else { return nil }
        if case .table(let table) = value { return table }
        wrongType(key, value, "a table")
        return nil
    }

    /// A table of texts; what is not a string becomes its JSON text.
    mutating func texts(_ key: String) -> [String: String] {
        (freeTable(key) ?? [:]).mapValues(\.parameterText)
    }

    /// A table of tables, such as `[builders."exec:go"]`.
    mutating func tablesByName(_ key: String) -> [String: ConfigurationTable] {
        var result: [String: ConfigurationTable] = [:]
        for (name, value) in freeTable(key) ?? [:] {
            if case .table(let table) = value {
                result[name] = table
            } else {
                let path = path.key(key).key(name)
                reading.error(at: path, "\"\(path)\" must be a table, not \(value.summary)")
            }
        }
        return result
    }

    /// Reads a table by its known keys; what is absent reads as empty.
    mutating func table<Result>(_ key: String, _ read: (inout TableReader) -> Result) -> Result {
        var reader = TableReader(freeTable(key) ?? [:], path.key(key), reading)
        defer { reader.warnOfUnknownKeys() }
        return read(&reader)
    }

    /// Reads every table of an array of tables.
    mutating func tables<Result>(_ key: String, _ read: (inout TableReader, Int) -> Result) -> [Result] {
        guard let value = value(key) else { return [] }
        guard case .array(let elements) = value else {
            wrongType(key, value, "an array of tables", remedy: "begin each with [[\(path.key(key))]]")
            return []
        }
        return elements.enumerated().compactMap { index, element in
            let path = path.key(key).index(index)
            guard case .table(let table) = element else {
                reading.error(at: path, "\"\(path)\" must be a table, not \(element.summary)")
                return nil
            }
            var reader = TableReader(table, path, reading)
            defer { reader.warnOfUnknownKeys() }
            return read(&reader, index)
        }
    }

    /// Warns of keys that nobody asked for, with the known key most like each.
    func warnOfUnknownKeys() {
        guard table.count > knownKeys.count || !table.keys.allSatisfy(knownKeys.contains) else { return }
        for key in table.keys.sorted() where !knownKeys.contains(key) {
            let remedy = nearestName(to: key, among: knownKeys).map { "did you mean \"\($0)\"?" }
            reading.warning(at: path.key(key), "unknown key \"\(path.key(key))\"", remedy: remedy)
        }
    }

    // MARK: Errors

    func error(_ message: String, remedy: String? = nil) {
        reading.error(at: path, message, remedy: remedy)
    }

    private mutating func value(_ key: String) -> ConfigurationValue? {
        knownKeys.append(key)
        return table[key]
    }

    private func wrongType(
        _ key: String, _ value: ConfigurationValue, _ expected: String, remedy: String? = nil
    ) {
        let path = path.key(key)
        reading.error(at: path, "\"\(path)\" must be \(expected), not \(value.summary)", remedy: remedy)
    }
}
