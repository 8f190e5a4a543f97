// Go's fmt: integers and floats.

import Foundation

extension TemplateFormat {
    // MARK: Integers

    mutating func append(_ number: Int64, _ value: TemplateValue, _ verb: Unicode.Scalar) {
        switch verb {
        case "v", "d": appendInteger(number, radix: 10)
        case "b": appendInteger(number, radix: 2, prefix: "0b")
        case "o": appendInteger(number, radix: 8)
        case "O": appendInteger(number, radix: 8, prefix: "0o", isPrefixed: true)
        case "x": appendInteger(number, radix: 16, prefix: "0x")
        case "X": appendInteger(number, radix: 16, prefix: "0X", uppercase: true)
        case "c": pad(String(scalar(number)))
        case "q": pad(TemplateEscaping.quote(String(scalar(number)), with: "'", asciiOnly: flags.plus))
        case "U": appendCodePoint(number)
        default: appendBadVerb(value, verb)
        }
    }

    private func scalar(_ number: Int64) -> Unicode.Scalar {
        UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
    }

    private mutating func appendInteger(
        _ number: Int64, radix: Int, prefix: String = "", isPrefixed: Bool = false, uppercase: Bool = false
    ) {
        let sign = number < 0 ? "-" : flags.plus ? "+" : flags.space ? " " : ""
        if flags.precision == 0, number == 0 {
            text += String(repeating: " ", count: flags.width ?? 0)
            return
        }
        var digits = String(number.magnitude, radix: radix, uppercase: uppercase)
        // Zeros of the flag count as digits, so that the sign stands before them.
        let zeroWidth = flags.zero ? (flags.width ?? 0) - sign.count : 0
        let wanted = flags.precision ?? zeroWidth
        digits = String(repeating: "0", count: max(0, wanted - digits.count)) + digits
        if flags.sharp, radix == 8, !digits.hasPrefix("0") { digits = "0" + digits }
        if isPrefixed || (flags.sharp && radix != 8) { digits = prefix + digits }
        let hadZero = flags.zero
        flags.zero = false
        pad(sign + digits)
        flags.zero = hadZero
    }

    private mutating func appendCodePoint(_ number: Int64) {
        let digits = String(UInt64(bitPattern: number), radix: 16, uppercase: true)
        let wanted = max(4, flags.precision ?? 4)
        var code = "U+" + String(repeating: "0", count: max(0, wanted - digits.count)) + digits
        if flags.sharp, let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init),
            TemplateEscaping.isPrintable(scalar)
        {
            code += " '\(scalar)'"
        }
        let hadZero = flags.zero
        flags.zero = false
        pad(code)
        flags.zero = hadZero
    }

    // MARK: Floats

    mutating func append(_ number: Double, _ value: TemplateValue, _ verb: Unicode.Scalar) {
        let digits: String
        switch verb {
        case "v", "g": digits = Self.general(number, flags.precision)
        case "G": digits = Self.general(number, flags.precision).uppercased()
        case "e": digits = Self.printed(number, "e", flags.precision ?? 6)
        case "E": digits = Self.printed(number, "e", flags.precision ?? 6).uppercased()
        case "f", "F": digits = Self.printed(number, "f", flags.precision ?? 6)
        case "b": digits = Self.binary(number)
        case "x": digits = Self.hexadecimal(number, flags.precision)
        case "X": digits = Self.hexadecimal(number, flags.precision).uppercased()
        default: return appendBadVerb(value, verb)
        }
        appendFloat(digits, isFinite: number.isFinite, isNaN: number.isNaN, verb)
    }

    private mutating func appendFloat(_ digits: String, isFinite: Bool, isNaN: Bool, _ verb: Unicode.Scalar) {
        let isNegative = digits.hasPrefix("-")
        var magnitude = isFinite ? String(digits.drop { $0 == "-" || $0 == "+" }) : isNaN ? "NaN" : "Inf"
        if isFinite, flags.sharp, verb != "b" { magnitude = withPoint(magnitude, verb) }
        let signsAlways = flags.plus || (!isFinite && !isNaN)
        let sign = isNegative ? "-" : flags.space && !flags.plus ? " " : signsAlways ? "+" : ""
        let hadZero = flags.zero
        flags.zero = false
        if hadZero, isFinite, let width = flags.width {
            let missing = width - sign.count - magnitude.count
            magnitude = String(repeating: "0", count: max(0, missing)) + magnitude
        }
        pad(sign + magnitude)
        flags.zero = hadZero
    }

    /// `#`: a decimal point always, and for `%g` the zeros that it drops.
    private func withPoint(_ magnitude: String, _ verb: Unicode.Scalar) -> String {
        let exponentAt =
            magnitude.firstIndex { "eEpP".contains($0) && verb != "x" && verb != "X" }
            ?? magnitude.firstIndex { "pP".contains($0) } ?? magnitude.endIndex
        var mantissa = String(magnitude[..<exponentAt])
        var missing = "vgGx".unicodeScalars.contains(verb) ? flags.precision ?? 6 : 0
        let significant = mantissa.filter { $0 != "." }.drop { $0 == "0" }.count
        missing -= significant
        if !mantissa.contains(".") {
            if mantissa == "0" { missing -= 1 }
            mantissa += "."
        }
        return mantissa + String(repeating: "0", count: max(0, missing)) + magnitude[exponentAt...]
    }

    /// C's printf agrees with Go's strconv once the precision is given: both round the exact value.
    private static func printed(_ number: Double, _ conversion: String, _ precision: Int) -> String {
        String(format: "%.\(precision)\(conversion)", number)
    }

    /// `%g`: the shortest digits that read back as the same number, or as many as the precision says.
    private static func general(_ number: Double, _ precision: Int?) -> String {
        guard number.isFinite, precision == nil else { return printed(number, "g", precision ?? 6) }
        let (digits, exponent) = shortest(number.magnitude)
        let sign = number.sign == .minus ? "-" : ""
        let point = exponent + 1
        // From seven digits before the point, or four zeros after it, %v and %g use an exponent.
        guard exponent >= -4, exponent < 6 else {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = String(abs(exponent))
            return sign + digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+")
                + (power.count < 2 ? "0" : "") + power
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point {
            return sign + digits + String(repeating: "0", count: point - digits.count)
        }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// The shortest significant digits and the power of ten of the first. Swift's own description has them.
    private static func shortest(_ magnitude: Double) -> (digits: String, exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        let all = whole + fraction
        let leading = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leading))
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        guard !digits.isEmpty, digits != "0" else { return ("0", 0) }
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        return (digits, power + whole.count - 1 - leading)
    }

    /// The significand as an integer and its power of two.
    private static func binary(_ number: Double) -> String {
        guard number.isFinite else { return number.description }
        let isNormal = number.isNormal
        let significand = number.significandBitPattern | (isNormal ? 1 << 52 : 0)
        let power = (isNormal ? Int(number.exponent) : -1022) - 52
        return (number.sign == .minus ? "-" : "") + "\(significand)p" + (power < 0 ? "" : "+") + "\(power)"
    }

    /// `0x1.8p+01`: the significand between one and two in hexadecimal, rounded to even, and the power of
    /// two.
    private static func hexadecimal(_ number: Double, _ precision: Int?) -> String {
        guard number.isFinite else { return number.description }
        let sign = number.sign == .minus ? "-" : ""
        var power = number.isZero ? 0 : Int(number.exponent)
        // One bit before the point and 52, thirteen digits, after it; subnormals are normalised like all
        // others.
        var bits = number.isZero ? 0 : number.significand.significandBitPattern | 1 << 52
        let kept = precision ?? 13
        if kept < 13 {
            let dropped = UInt64(52 - 4 * kept)
            let half: UInt64 = 1 << (dropped - 1)
            let remainder = bits & (1 << dropped - 1)
            bits >>= dropped
            if remainder > half || (remainder == half && bits & 1 == 1) { bits += 1 }
            bits <<= dropped
            if bits >> 53 != 0 {
                bits >>= 1
                power += 1
            }
        }
        let fraction = String(bits & (1 << 52 - 1), radix: 16)
        var digits = String(repeating: "0", count: 13 - fraction.count) + fraction
        if let precision {
            digits = String(digits.prefix(precision)) + String(repeating: "0", count: max(0, precision - 13))
        } else {
            while digits.hasSuffix("0") { digits.removeLast() }
        }
        let exponent = String(power.magnitude)
        return "\(sign)0x\(bits >> 52)\(digits.isEmpty ? "" : ".")\(digits)p\(power < 0 ? "-" : "+")"
            + (exponent.count < 2 ? "0" : "") + exponent
    }
}
