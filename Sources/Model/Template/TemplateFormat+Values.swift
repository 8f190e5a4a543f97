// Go's fmt: a value under a verb.

extension TemplateFormat {
    /// Appends a value as the verb wants it, `%!verb(type=value)` where it cannot have it.
    mutating func append(_ value: TemplateValue, verb: Unicode.Scalar, isNested: Bool = false) {
        if verb == "T", !isNested { return pad(value == .null ? "<nil>" : truncated(value.typeName)) }
        switch value {
        case .null: appendNull(verb, isNested)
        case .boolean(let flag):
            if verb == "t" || verb == "v" { pad(flag ? "true" : "false") } else { appendBadVerb(value, verb) }
        case .integer(let number): append(number, value, verb)
        case .double(let number): append(number, value, verb)
        case .string(let string): append(string, value, verb)
        // There is no address to show, and no error to wrap.
        case .list where verb == "p" || verb == "w": appendBadVerb(value, verb)
        case .list(let elements): append(elements, verb)
        case .map, .strings, .record:
            if verb == "p" || verb == "w" { appendBadVerb(value, verb) } else { appendEntries(value, verb) }
        }
    }

    private mutating func appendNull(_ verb: Unicode.Scalar, _ isNested: Bool) {
        if isNested {
            text += flags.sharpValue ? "interface {}(nil)" : "<nil>"
        } else if verb == "v" {
            pad("<nil>")
        } else {
            text += "%!\(verb)(<nil>)"
        }
    }

    mutating func appendBadVerb(_ value: TemplateValue, _ verb: Unicode.Scalar) {
        text += "%!\(verb)(\(value.typeName)="
        append(value, verb: "v")
        text += ")"
    }

    // MARK: Strings

    private mutating func append(_ string: String, _ value: TemplateValue, _ verb: Unicode.Scalar) {
        switch verb {
        case "v" where flags.sharpValue: appendQuoted(string)
        case "v", "s": pad(truncated(string))
        case "q": appendQuoted(string)
        case "x", "X": appendHexadecimal(string, uppercase: verb == "X")
        default: appendBadVerb(value, verb)
        }
    }

    private func truncated(_ string: String) -> String {
        guard let precision = flags.precision else { return string }
        return String(String.UnicodeScalarView(string.unicodeScalars.prefix(precision)))
    }

    private mutating func appendQuoted(_ string: String) {
        let string = truncated(string)
        if flags.sharp, TemplateEscaping.canBackquote(string) {
            pad("`\(string)`")
        } else {
            pad(TemplateEscaping.quote(string, asciiOnly: flags.plus))
        }
    }

    /// The string's bytes; `#` puts 0x before, a space between them, both do both for each.
    private mutating func appendHexadecimal(_ string: String, uppercase: Bool) {
        let bytes = string.utf8.prefix(flags.precision ?? .max)
        let prefix = flags.sharp ? (uppercase ? "0X" : "0x") : ""
        let pairs = bytes.map { TemplateEscaping.hexadecimal(UInt32($0), 2, uppercase: uppercase) }
        if pairs.isEmpty { return pad("") }
        pad(flags.space ? pairs.map { prefix + $0 }.joined(separator: " ") : prefix + pairs.joined())
    }

    // MARK: Lists and maps

    private mutating func append(_ elements: [TemplateValue], _ verb: Unicode.Scalar) {
        text += flags.sharpValue ? "[]interface {}{" : "["
        for (index, element) in elements.enumerated() {
            if index > 0 { text += flags.sharpValue ? ", " : " " }
            append(element, verb: verb, isNested: true)
        }
        text += flags.sharpValue ? "}" : "]"
    }

    private mutating func appendEntries(_ value: TemplateValue, _ verb: Unicode.Scalar) {
        let isRecord = if case .record = value { true } else { false }
        text += flags.sharpValue ? value.typeName + "{" : isRecord ? "{" : "map["
        for (index, entry) in (value.sortedEntries ?? []).enumerated() {
            if index > 0 { text += flags.sharpValue ? ", " : " " }
            if !isRecord {
                append(.string(entry.key), verb: verb, isNested: true)
                text += ":"
            } else if flags.plusValue || flags.sharpValue {
                text += entry.key + ":"
            }
            append(entry.value, verb: verb, isNested: true)
        }
        text += flags.sharpValue || isRecord ? "}" : "]"
    }

    // MARK: Padding

    /// Appends text padded to the width, on the left with zeros where the flag asks for them.
    mutating func pad(_ string: String) {
        let missing = (flags.width ?? 0) - string.unicodeScalars.count
        guard missing > 0 else {
            text += string
            return
        }
        let padding = String(repeating: flags.zero ? "0" : " ", count: missing)
        text += flags.minus ? string + padding : padding + string
    }
}
