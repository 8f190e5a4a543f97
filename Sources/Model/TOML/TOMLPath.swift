// How a value of a TOML document is reached: keys and array positions from the root.

/// The way from a document's root to one of its values.
///
/// Paths are looked up by the thousand, so a path is one string: a step is a separator that no TOML key can
/// hold unescaped, a letter for its kind, and its text.
package struct TOMLPath: Sendable, Hashable, CustomStringConvertible {
    private static let separator: Character = "\u{0}"

    private var text: String

    package static let root = TOMLPath(text: "")

    private init(text: String) { self.text = text }

    /// The path of a table's member.
    package func key(_ key: String) -> TOMLPath { TOMLPath(text: "\(text)\u{0}k\(key)") }

    /// The path of an array's element, counted from 0.
    package func index(_ index: Int) -> TOMLPath { TOMLPath(text: "\(text)\u{0}i\(index)") }

    /// The path of the table or array that holds the value; nil for the root.
    package var parent: TOMLPath? {
        text.lastIndex(of: Self.separator).map { TOMLPath(text: String(text[..<$0])) }
    }

    /// As a person writes it: `groups[2].run.test_params`.
    package var description: String {
        var result = ""
        for step in text.split(separator: Self.separator) {
            let name = step.dropFirst()
            if step.first == "i" {
                result += "[\(name)]"
            } else {
                result += (result.isEmpty ? "" : ".") + TOMLText.key(String(name))
            }
        }
        return result
    }
}
