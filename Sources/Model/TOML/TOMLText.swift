// TOMLKit, wrapped once: text to values and values to text. Nothing else of the model knows it.

import Foundation

#if Platform
import TOMLKit
#else
#error("build with `make` or `--traits Platform`; the SDK alone with `--product Testground`")
#endif

/// TOML (https://toml.io/en/v1.0.0) as text.
package enum TOMLText {
    /// Why a text is no TOML.
    struct SyntaxError: Error {
        var message: String
        /// Counted from 1; columns in Unicode scalars.
        var line: Int
        var column: Int
    }

    /// The table that a document stands for, and the offsets of what it holds.
    static func parse(
        _ source: TemplateSource
    ) throws(SyntaxError) -> (table: ConfigurationTable, offsets: [TOMLPath: Int]) {
        let document = try parseDocument(source)
        return (table(document.table), document.scanner.offsets)
    }

    private static func parseDocument(
        _ source: TemplateSource
    ) throws(SyntaxError) -> (table: TOMLTable, scanner: TOMLScanner) {
        let scanner: TOMLScanner
        do throws(TOMLScanner.Failure) {
            // The parser takes a C string and would silently end at a NUL.
            if let null = source.bytes.firstIndex(of: 0) {
                throw TOMLScanner.Failure(message: "a NUL byte stands in the text", offset: null)
            }
            scanner = try TOMLScanner(source.bytes)
        } catch {
            let place = source.location(at: error.offset)
            throw SyntaxError(message: error.message, line: place.line, column: place.column)
        }
        do {
            return (try TOMLTable(string: source.text(0..<source.bytes.count)), scanner)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            throw SyntaxError(
                message: reason(error.description), line: begin.line, column: begin.column)
        } catch {
            throw SyntaxError(message: "\(error)", line: 1, column: 1)
        }
    }

    /// A document that stands for the table: plain values first, then tables, each by key.
    package static func document(_ table: ConfigurationTable) -> String {
        let text = makeTable(table).convert(to: .toml, options: [.allowUnicodeStrings])
        return text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
    }

    /// The value that a text stands for, if it is written as a TOML value on one line.
    package static func value(_ text: String) -> ConfigurationValue? {
        guard !text.contains(where: \.isNewline),
            let table = try? parse(TemplateSource("value = \(text)", file: "")).table, table.count == 1
        else { return nil }
        return table["value"]
    }

    /// A key as it is written: in quotes where it must be.
    static func key(_ key: String) -> String {
        key.utf8.allSatisfy(isBare) && !key.isEmpty ? key : quoted(key)
    }

    /// Whether a byte can stand in a key without quotes.
    static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The parser's reason without what it was doing: `Error while parsing key: …`.
    private static func reason(_ description: String) -> String {
        guard description.hasPrefix("Error while parsing "), let colon = description.range(of: ": ") else {
            return description.prefix(1).lowercased() + description.dropFirst()
        }
        return String(description[colon.upperBound...])
    }

    // MARK: From the parser's values

    private static func table(_ table: TOMLTable) -> ConfigurationTable {
        var result = ConfigurationTable(minimumCapacity: table.count)
        for (key, value) in zip(table.keys, table.values) { result[key] = self.value(value) }
        return result
    }

    private static func value(_ value: TOMLValue) -> ConfigurationValue {
        switch value.type {
        case .table: .table(value.table.map(table) ?? [:])
        case .array: .array(value.array.map { $0.map { self.value($0.tomlValue) } } ?? [])
        case .string: .string(value.string ?? "")
        case .int: .integer(Int64(value.int ?? 0))
        case .double: .double(value.double ?? 0)
        case .bool: .boolean(value.bool ?? false)
        case .date: .date(value.date?.debugDescription ?? "")
        case .time: .date(value.time?.debugDescription ?? "")
        case .dateTime: .date(value.dateTime.map(text) ?? "")
        }
    }

    /// TOMLKit writes a local time as one in UTC, so the offset is written here.
    private static func text(_ value: TOMLDateTime) -> String {
        let local = "\(value.date.debugDescription)T\(value.time.debugDescription)"
        guard let minutes = value.offset?.offset else { return local }
        if minutes == 0 { return local + "Z" }
        let (hours, rest) = abs(minutes).quotientAndRemainder(dividingBy: 60)
        let twoDigits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(local)\(minutes < 0 ? "-" : "+")\(twoDigits(hours)):\(twoDigits(rest))"
    }

    // MARK: To the parser's values

    private static func makeTable(_ table: ConfigurationTable) -> TOMLTable {
        let result = TOMLTable()
        for (key, value) in table { result[key] = makeValue(value) }
        return result
    }

    private static func makeValue(_ value: ConfigurationValue) -> any TOMLValueConvertible {
        switch value {
        case .string(let text): text
        case .integer(let number): TOMLInt(number)
        case .double(let number): number
        case .boolean(let flag): flag
        case .date(let text):
            (try? parseDocument(TemplateSource("value = \(text)", file: "")))?.table["value"] ?? text
        case .array(let elements): TOMLArray(elements.map(makeValue))
        case .table(let table): makeTable(table)
        }
    }
}
