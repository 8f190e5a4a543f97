// Quantities as people write them: sizes, durations, rates and Kubernetes quantities. Pure parsers.

/// A number of bytes, written `10MiB`, `1.5 GB`, `512k` or `1024`.
///
/// Units are those of the Go SDK's size parameters: `k`, `M`, `G`, `T`, `P`, `E` are powers of 1000 and `Ki`,
/// `Mi`, … of 1024, a `B` after them changes nothing, and case does not matter.
package struct ByteSize: Sendable, Hashable {
    package var bytes: Int64

    package init(bytes: Int64) { self.bytes = bytes }

    /// nil when the text is no size, or one beyond 2^63 - 1 bytes.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == ",") }
        guard let number = Double(digits.filter { $0 != "," }), digits.first != "," else { return nil }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let factor = Self.factors[unit] else { return nil }
        if factor == 1, let whole = Int64(digits) {
            bytes = whole
            return
        }
        guard let bytes = Int64(exactly: (number * factor).rounded()) else { return nil }
        self.bytes = bytes
    }

    private static let factors: [String: Double] = {
        var result: [String: Double] = ["": 1, "b": 1]
        for (power, letter) in ["k", "m", "g", "t", "p", "e"].enumerated() {
            let decimal = (0...power).reduce(1.0) { product, _ in product * 1000 }
            let binary = (0...power).reduce(1.0) { product, _ in product * 1024 }
            (result[letter], result[letter + "b"]) = (decimal, decimal)
            (result[letter + "i"], result[letter + "ib"]) = (binary, binary)
        }
        return result
    }()
}

/// A span of time, written as Go does: `1h2m3.5s`, `300ms`, `-1.5h`, `0`
/// (https://pkg.go.dev/time#ParseDuration).
package struct DurationText: Sendable, Hashable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package var duration: Duration { .nanoseconds(nanoseconds) }

    /// nil when the text is no duration, or one beyond what 64 bits of nanoseconds hold (292 years).
    package init?(_ text: String) {
        var rest = text[...]
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        if rest == "0" {
            nanoseconds = 0
            return
        }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            guard let part = Self.takePart(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        nanoseconds = isNegative ? -total : total
    }

    /// One number with its unit, in nanoseconds; digits beyond the nanosecond are dropped.
    private static func takePart(_ rest: inout Substring) -> Int64? {
        let whole = takeDigits(&rest)
        var fraction: Substring = ""
        if rest.hasPrefix(".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        guard let unit = units.first(where: { rest.hasPrefix($0.name) }) else { return nil }
        rest.removeFirst(unit.name.count)
        guard let number = Int64(whole.isEmpty ? "0" : whole) else { return nil }
        let (scaled, overflow) = number.multipliedReportingOverflow(by: unit.nanoseconds)
        guard !overflow else { return nil }
        var (part, scale) = (Int64(0), unit.nanoseconds)
        for digit in fraction.prefix(18) {
            scale /= 10
            // The unit's tenths are whole nanoseconds only for powers of ten; hours and minutes need the
            // remainder.
            if unit.isDecimal { part += Int64(digit.wholeNumberValue ?? 0) * scale }
        }
        if !unit.isDecimal, let value = Double("0." + (fraction.isEmpty ? "0" : fraction)) {
            part = Int64((value * Double(unit.nanoseconds)).rounded())
        }
        let (sum, sumOverflow) = scaled.addingReportingOverflow(part)
        return sumOverflow ? nil : sum
    }

    private static func takeDigits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    /// Longer names first, so that `ms` is not taken for minutes.
    private static let units: [(name: String, nanoseconds: Int64, isDecimal: Bool)] = [
        ("ns", 1, true), ("us", 1000, true), ("µs", 1000, true), ("μs", 1000, true),
        ("ms", 1_000_000, true), ("s", 1_000_000_000, true),
        ("m", 60_000_000_000, false), ("h", 3_600_000_000_000, false),
    ]
}

/// A bandwidth, written `10Mbit/s`, `1.5 Gbps`, `128kbit`, `1MB/s`, or as a number of bits a second.
///
/// Prefixes are powers of 1000, with an `i` of 1024; `B` is eight bits.
package struct BandwidthText: Sendable, Hashable {
    package var bitsPerSecond: UInt64

    /// nil when the text is no bandwidth, or one beyond 2^63 - 1 bits a second.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits) else { return nil }
        var unit = text.dropFirst(digits.count).drop { $0 == " " }
        var factor = 1.0
        if let power = "kMGT".firstIndex(of: unit.first == "K" ? "k" : unit.first ?? " ") {
            unit.removeFirst()
            let isBinary = unit.first == "i"
            if isBinary { unit.removeFirst() }
            for _ in 0..."kMGT".distance(from: "kMGT".startIndex, to: power) {
                factor *= isBinary ? 1024 : 1000
            }
        }
        switch unit {
        case "", "bit", "bit/s", "bps", "b/s": break
        case "B/s", "Bps": factor *= 8
        default: return nil
        }
        guard let bits = Int64(exactly: (number * factor).rounded()) else { return nil }
        bitsPerSecond = UInt64(bits)
    }
}

/// Events in a span of time, written `100/s`, `6000/m` or `5/100ms`.
package struct RateText: Sendable, Hashable {
    package var perSecond: Double

    /// nil when the text is no rate, or a negative one.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Double(parts[0]), count >= 0, count.isFinite else { return nil }
        let span = parts[1].first?.isNumber == true ? String(parts[1]) : "1\(parts[1])"
        guard let duration = DurationText(span), duration.nanoseconds > 0 else { return nil }
        perSecond = count * 1e9 / Double(duration.nanoseconds)
    }
}

/// A resource quantity of Kubernetes, written `512Mi`, `100m`, `0.5` or `1e3`
/// (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
package struct ResourceQuantity: Sendable, Hashable {
    /// In the resource's own unit: bytes of memory, processors.
    package var value: Double

    /// nil when the text is no quantity, or a negative one.
    package init?(_ text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(number.count)
        guard let value = Double(number) else { return nil }
        if let factor = Self.suffixes[String(suffix)] {
            self.value = value * factor
        } else if suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()),
            let value = Double("\(number)e\(exponent)"), value.isFinite
        {
            self.value = value
        } else {
            return nil
        }
    }

    private static let suffixes: [String: Double] = [
        "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776,
        "Pi": 1_125_899_906_842_624, "Ei": 1_152_921_504_606_846_976,
    ]
}
