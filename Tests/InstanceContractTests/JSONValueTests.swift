// JSON values, parsed and written.

import InstanceContract
import Testing

@Suite("JSON on the wire")
struct JSONValueTests {
    @Test("parsing and writing keeps order of members and digits of numbers")
    func keepsText() throws {
        // 2^53 + 1 does not fit a double; "b" before "a" is not sorted; 1.50 has a digit a number type would
        // drop.
        let text = #"{"b":9007199254740993,"a":[1.50,-0.0e+2,true,false,null,""],"c":{}}"#
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test("white space is read and not written")
    func space() throws {
        #expect(try JSONValue(parsing: " {\t\"a\" :\n[ 1 , 2 ]\r} ").text == #"{"a":[1,2]}"#)
    }

    @Test(
        "strings are unescaped on reading",
        arguments: [
            (#""a\"\\\/\n\r\t\b\f""#, "a\"\\/\n\r\t\u{08}\u{0C}"),
            (#""\u00e9 \uD83D\uDE00""#, "é 😀"),
            (#""\ud83d!""#, "\u{FFFD}!"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\udc00""#, "\u{FFFD}"),
        ])
    func unescapes(json: String, expected: String) throws {
        #expect(try JSONValue(parsing: json).stringValue == expected)
    }

    @Test("only what must be escaped is escaped")
    func escapes() {
        #expect(JSONValue.string("a\"\\/\n\u{01}é").text == #""a\"\\/\n\u0001é""#)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "+1", ".5", "1e", "nul", "\"a", "\"\n\"",
            "\"\\x\"", "\"\\u12g4\"", "1 2", "{\"a\" 1}", "-",
        ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    }

    @Test("nesting beyond the limit is refused instead of exhausting the stack")
    func depth() throws {
        let limit = JSONValue.maximumDepth
        let fits = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(try JSONValue(parsing: fits).text == fits)
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: String(repeating: "[", count: 1_000_000))
        }
        #expect(error?.offset == limit)
    }

    @Test("doubles are written in their shortest form, and as null when they are no numbers")
    func doubles() {
        #expect(
            [1.5, 3, 0.1, 1e300, -2].map { JSONValue.double($0).text } == ["1.5", "3", "0.1", "1e+300", "-2"])
        #expect([.infinity, .nan].map { JSONValue.double($0).text } == ["null", "null"])
    }
}
