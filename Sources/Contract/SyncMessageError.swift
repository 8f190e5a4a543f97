// Why the bytes of a sync message are not what the contract says.

/// Why a sync message cannot be read: a code for machines, a sentence for people.
package struct SyncMessageError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// Not JSON (RFC 8259), or not UTF-8.
        case invalidJSON = "invalid_json"
        /// JSON, but a field has a type that the contract does not give it.
        case wrongType = "wrong_type"
        /// Nested deeper than `JSONScanner.maximumDepth`.
        case tooDeep = "too_deep"
    }

    package var code: Code
    /// One sentence with the place.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
