// Go's fmt: Sprint, Sprintln and Sprintf. The values' forms are in TemplateFormat+Values.swift, numbers in
// TemplateFormat+Numbers.swift. https://pkg.go.dev/fmt

/// A text under construction.
struct TemplateFormat {
    /// What stands between `%` and the verb.
    struct Flags {
        var plus = false
        var minus = false
        var sharp = false
        var space = false
        var zero = false
        /// `%+v` and `%#v` mean something of their own.
        var plusValue = false
        var sharpValue = false
        var width: Int?
        var precision: Int?
    }

    /// Go's bound on widths and precisions.
    private static let largestWidth = 1_000_000

    var text = ""
    var flags = Flags()
    private let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    /// `fmt.Sprint`: spaces between operands of which neither is a string.
    static func print(_ values: [TemplateValue]) -> String {
        if values.count == 1, case .string(let text) = values[0] { return text }
        var format = TemplateFormat()
        var wasString = true
        for (index, value) in values.enumerated() {
            let isString = if case .string = value { true } else { false }
            if index > 0, !isString, !wasString { format.text += " " }
            format.append(value, verb: "v")
            wasString = isString
        }
        return format.text
    }

    /// `fmt.Sprintln`: spaces between all operands, and a newline.
    static func printLine(_ values: [TemplateValue]) -> String {
        values.map { print([$0]) }.joined(separator: " ") + "\n"
    }

    // MARK: Sprintf

    /// A format being read.
    private struct Cursor {
        let format: [Unicode.Scalar]
        let arguments: [TemplateValue]
        var position = 0
        var argument = 0
        /// An explicit index such as `%[2]d` was used, so that unused arguments are no mistake.
        var isReordered = false
        var hasGoodIndex = true
        var isAfterIndex = false

        var scalar: Unicode.Scalar? { position < format.count ? format[position] : nil }
    }

    /// `fmt.Sprintf`.
    mutating func format(
        _ format: String, _ arguments: [TemplateValue]
    ) throws(TemplateFunction.Failure) -> String {
        var cursor = Cursor(format: Array(format.unicodeScalars), arguments: arguments)
        while let scalar = cursor.scalar {
            cursor.position += 1
            if scalar == "%" {
                formatVerb(&cursor)
                guard text.utf8.count <= limit else {
                    throw TemplateFunction.Failure("the result exceeds \(limit) bytes")
                }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        if !cursor.isReordered, cursor.argument < arguments.count {
            flags = Flags()
            text += "%!(EXTRA "
            for (index, argument) in arguments[cursor.argument...].enumerated() {
                if index > 0 { text += ", " }
                if argument == .null {
                    text += "<nil>"
                } else {
                    text += argument.typeName + "="
                    append(argument, verb: "v")
                }
            }
            text += ")"
        }
        return text
    }

    private mutating func formatVerb(_ cursor: inout Cursor) {
        flags = Flags()
        cursor.hasGoodIndex = true
        readFlags(&cursor)
        readArgumentIndex(&cursor)
        readWidth(&cursor)
        readPrecision(&cursor)
        if !cursor.isAfterIndex { readArgumentIndex(&cursor) }
        guard let verb = cursor.scalar else {
            text += "%!(NOVERB)"
            return
        }
        cursor.position += 1
        cursor.isAfterIndex = false
        if verb == "%" {
            text += "%"
        } else if !cursor.hasGoodIndex {
            text += "%!\(verb)(BADINDEX)"
        } else if cursor.argument >= cursor.arguments.count {
            text += "%!\(verb)(MISSING)"
        } else {
            if verb == "v" {
                (flags.sharpValue, flags.sharp) = (flags.sharp, false)
                (flags.plusValue, flags.plus) = (flags.plus, false)
            }
            append(cursor.arguments[cursor.argument], verb: verb)
            cursor.argument += 1
        }
    }

    private mutating func readFlags(_ cursor: inout Cursor) {
        while let scalar = cursor.scalar {
            switch scalar {
            case "#": flags.sharp = true
            case "0": flags.zero = !flags.minus
            case "+": flags.plus = true
            case "-":
                flags.minus = true
                flags.zero = false
            case " ": flags.space = true
            default: return
            }
            cursor.position += 1
        }
    }

    private mutating func readWidth(_ cursor: inout Cursor) {
        guard cursor.scalar == "*" else {
            flags.width = readNumber(&cursor)
            if cursor.isAfterIndex, flags.width != nil { cursor.hasGoodIndex = false }
            return
        }
        cursor.position += 1
        flags.width = takeInteger(&cursor)
        if flags.width == nil { text += "%!(BADWIDTH)" }
        if let width = flags.width, width < 0 {
            flags.width = -width
            flags.minus = true
            flags.zero = false
        }
        cursor.isAfterIndex = false
    }

    private mutating func readPrecision(_ cursor: inout Cursor) {
        guard cursor.scalar == ".", cursor.position + 1 < cursor.format.count else { return }
        cursor.position += 1
        if cursor.isAfterIndex { cursor.hasGoodIndex = false }
        readArgumentIndex(&cursor)
        guard cursor.scalar == "*" else {
            flags.precision = readNumber(&cursor) ?? 0
            return
        }
        cursor.position += 1
        flags.precision = takeInteger(&cursor).flatMap { $0 < 0 ? nil : $0 }
        if flags.precision == nil { text += "%!(BADPREC)" }
        cursor.isAfterIndex = false
    }

    /// `[n]`, which names the next argument by its number from 1.
    private func readArgumentIndex(_ cursor: inout Cursor) {
        cursor.isAfterIndex = false
        guard cursor.scalar == "[" else { return }
        cursor.isReordered = true
        guard let close = cursor.format[cursor.position...].firstIndex(of: "]") else {
            cursor.position += 1
            cursor.hasGoodIndex = false
            return
        }
        cursor.position += 1
        let number = readNumber(&cursor)
        let isNumber = number != nil && cursor.position == close
        cursor.position = close + 1
        if isNumber, let number, number >= 1, number <= cursor.arguments.count {
            cursor.argument = number - 1
            cursor.isAfterIndex = true
        } else {
            cursor.hasGoodIndex = false
            cursor.isAfterIndex = isNumber
        }
    }

    private func readNumber(_ cursor: inout Cursor) -> Int? {
        var number: Int?
        while let scalar = cursor.scalar, "0"..."9" ~= scalar {
            if let number, number > Self.largestWidth {
                // Go gives up on the whole format.
                cursor.position = cursor.format.count
                return nil
            }
            number = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            cursor.position += 1
        }
        return number
    }

    /// The integer argument of a `*`.
    private func takeInteger(_ cursor: inout Cursor) -> Int? {
        guard cursor.argument < cursor.arguments.count else { return nil }
        defer { cursor.argument += 1 }
        guard case .integer(let value) = cursor.arguments[cursor.argument],
            value.magnitude <= Self.largestWidth
        else { return nil }
        return Int(value)
    }
}
