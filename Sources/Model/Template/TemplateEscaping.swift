// Go's html, js and urlquery functions, and strconv's quoting for %q.

enum TemplateEscaping {
    static func html(_ text: String) -> String {
        escape(text) { scalar in
            switch scalar {
            case "\"": "&#34;"
            case "'": "&#39;"
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\0": "\u{FFFD}"
            default: nil
            }
        }
    }

    static func javaScript(_ text: String) -> String {
        escape(text) { scalar in
            switch scalar {
            case "\\": #"\\"#
            case "'": #"\'"#
            case "\"": #"\""#
            case "<", ">", "&", "=": "\\u" + hexadecimal(scalar.value, 4, uppercase: true)
            case _ where scalar.value < 0x20 || (!scalar.isASCII && !isPrintable(scalar)):
                "\\u" + hexadecimal(scalar.value, 4, uppercase: true)
            default: nil
            }
        }
    }

    /// `application/x-www-form-urlencoded`, as Go's `url.QueryEscape`.
    static func query(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): result += "+"
            default: result += "%" + hexadecimal(UInt32(byte), 2, uppercase: true)
            }
        }
        return result
    }

    /// A Go string or character constant for the text, as `strconv.Quote` and `QuoteRune` write it.
    static func quote(_ text: String, with quote: Unicode.Scalar = "\"", asciiOnly: Bool = false) -> String {
        let escaped = escape(text) { scalar in
            switch scalar {
            case "\\": #"\\"#
            case quote: "\\" + String(quote)
            case "\u{07}": #"\a"#
            case "\u{08}": #"\b"#
            case "\u{0C}": #"\f"#
            case "\n": #"\n"#
            case "\r": #"\r"#
            case "\t": #"\t"#
            case "\u{0B}": #"\v"#
            case _ where isPrintable(scalar) && (scalar.isASCII || !asciiOnly): nil
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: "\\x" + hexadecimal(scalar.value, 2)
            case _ where scalar.value < 0x10000: "\\u" + hexadecimal(scalar.value, 4)
            default: "\\U" + hexadecimal(scalar.value, 8)
            }
        }
        return String(quote) + escaped + String(quote)
    }

    /// Whether Go would write the text between backquotes for `%#q`.
    static func canBackquote(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            ($0.value >= 0x20 || $0 == "\t") && $0 != "`" && $0.value != 0x7F && $0.value != 0xFEFF
        }
    }

    /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    static func hexadecimal(_ value: UInt32, _ width: Int, uppercase: Bool = false) -> String {
        let digits = String(value, radix: 16, uppercase: uppercase)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func escape(_ text: String, _ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let replacement = replacement(scalar) {
                result.append(contentsOf: replacement.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
