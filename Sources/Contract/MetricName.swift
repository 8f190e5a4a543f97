// Names of metrics, which carry their tags: `name,tag=v,other=w`.

/// A metric's name and its tags, apart.
package struct MetricName: Sendable, Hashable, CustomStringConvertible {
    package var base: String
    package var tags: [String: String]

    /// Takes a name and tags as a plan gives them. What would be read back as something else (commas, `=` in
    /// tags, control characters) becomes `_`. A name may carry tags of its own already, as plans for the Go
    /// SDK write them.
    package init(_ name: String, tags: [String: String] = [:]) {
        self.init(parsing: name)
        for (key, value) in tags {
            let key = Self.clean(key)
            if !key.isEmpty { self.tags[key] = Self.clean(value) }
        }
    }

    /// Reads `name,tag=v`. A part that is no `key=value` is left out, as the Go SDK does.
    package init(parsing text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        base = Self.clean(parts.first ?? "")
        tags = [:]
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[0].isEmpty else { continue }
            tags[Self.clean(pair[0])] = Self.clean(pair[1])
        }
    }

    /// The description of `MetricName(name, tags:)`, without taking a plain name apart.
    package static func text(_ name: String, tags: [String: String]) -> String {
        tags.isEmpty && isClean(name) ? name : MetricName(name, tags: tags).description
    }

    /// `name,tag=v`, tags sorted by name, so that equal metrics have equal names.
    package var description: String {
        tags.sorted { $0.key < $1.key }.reduce(into: base) { $0 += ",\($1.key)=\($1.value)" }
    }

    private static func clean(_ text: some StringProtocol) -> String {
        if isClean(text) { return String(text) }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 || scalar.value == 0x7F || scalar == "," || scalar == "="
                        ? "_" : scalar
                }))
    }

    private static func isClean(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
        }
    }
}
