// The forms in which parameters are written. Those with units are the ones that the Go SDK reads.

import InstanceContract

enum ParameterFormats {
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    static func list(_ text: String) -> [String]? {
        let text = trimmed(text)
        if text.isEmpty { return [] }
        guard text.first == "[" else {
            return text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        }
        guard case .array(let elements)? = try? JSONValue(parsing: text) else { return nil }
        let strings = elements.compactMap(\.stringValue)
        return strings.count == elements.count ? strings : nil
    }

    /// A number and a unit of bytes: `k` `M` `G` `T` `P` are powers of 1000, `Ki` `Mi` … of 1024; in any
    /// case, `B` optional.
    static func size(_ text: String) -> Int? {
        guard let (number, unit) = numberAndUnit(trimmed(text)), number >= 0 else { return nil }
        var prefix = unit.lowercased()
        if prefix.last == "b" { prefix.removeLast() }
        let base: Double = prefix.last == "i" ? 1024 : 1000
        if prefix.last == "i" { prefix.removeLast() }
        guard let power = ["", "k", "m", "g", "t", "p"].firstIndex(of: prefix),
            base == 1000 || power > 0
        else { return nil }
        let bytes = (0..<power).reduce(number) { value, _ in value * base }
        return Int(exactly: bytes.rounded(.down))
    }

    /// Go's time.ParseDuration: a sign, then numbers with units, e.g. `-1h15m30.5s`; `0` needs no unit.
    static func duration(_ text: String) -> Duration? {
        var rest = trimmed(text)[...]
        var sign = 1.0
        if let first = rest.first, first == "-" || first == "+" {
            sign = first == "-" ? -1 : 1
            rest = rest.dropFirst()
        }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var nanoseconds = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(digits), let factor = durationUnits[String(unit)] else { return nil }
            nanoseconds += number * factor
        }
        return Int64(exactly: (sign * nanoseconds).rounded()).map { .nanoseconds($0) }
    }

    private static let durationUnits: [String: Double] = [
        // The micro sign, and the Greek letter that looks like it.
        "ns": 1, "us": 1e3, "\u{B5}s": 1e3, "\u{3BC}s": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]

    /// A quantity, `/`, and a duration whose number may be left out when it is 1.
    static func rate(_ text: String) -> Rate? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(trimmed)
        guard parts.count == 2, let quantity = Double(parts[0]), quantity.isFinite, quantity >= 0,
            let interval = duration(parts[1]) ?? duration("1" + parts[1]), interval > .zero
        else { return nil }
        return Rate(quantity, per: interval)
    }

    private static func numberAndUnit(_ text: String) -> (Double, String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        return (number, trimmed(text.dropFirst(digits.count)))
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }
}
