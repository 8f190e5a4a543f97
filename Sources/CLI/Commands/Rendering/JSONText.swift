// JSON as the program prints it.

import Foundation

enum JSONText {
    /// One object on one line, keys sorted, with its line feed.
    static func line(_ value: some Encodable) -> String { text(value, []) + "\n" }

    /// A document for people and programs, with its line feed.
    static func document(_ value: some Encodable) -> String { text(value, .prettyPrinted) + "\n" }

    private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        // JSON has no infinities; a figure that is one must not make the whole line vanish.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            return #"{"kind":"error","message":"this value cannot be written as JSON"}"#
        }
    }
}
