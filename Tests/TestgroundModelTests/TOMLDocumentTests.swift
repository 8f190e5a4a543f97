// TOML text to values, to places, and back.

import Testing

@testable import TestgroundModel

@Suite("a TOML document has values and places")
struct TOMLDocumentTests {
    private static let text = """
        title = "x" # [not.a.header]
        [global]
          plan = "a"
          "odd key".inner = 1
          [global.run.test_params]
          long = \"\"\"
        [fake]
        key = 1\"\"\"
          "ü" = { first = 1, second = [ 10,
             20 ] }
        [[groups]]
        id = "one"
        [groups.build]
        selectors = ['a', "b"]
        [[groups]]
        id = "two"
          [[groups.parts]]
          n = 1
          [[groups.parts]]
          n = 2
        """

    private func place(_ path: TOMLPath) throws -> [Int] {
        let location = try TOMLDocument(Self.text, file: "f.toml").locations.location(of: path)
        return [location.line, location.column]
    }

    @Test("keys, headers, elements and inline tables are found where they stand")
    func places() throws {
        let root = TOMLPath.root
        #expect(try place(root.key("title")) == [1, 1])
        #expect(try place(root.key("global")) == [2, 1])
        #expect(try place(root.key("global").key("plan")) == [3, 3])
        #expect(try place(root.key("global").key("odd key")) == [4, 3])
        #expect(try place(root.key("global").key("odd key").key("inner")) == [4, 13])
        #expect(try place(root.key("global").key("run")) == [5, 3])
        let parameters = root.key("global").key("run").key("test_params")
        #expect(try place(parameters.key("long")) == [6, 3])
        #expect(try place(parameters.key("ü").key("first")) == [9, 11])
        #expect(try place(parameters.key("ü").key("second")) == [9, 22])
        #expect(try place(parameters.key("ü").key("second").index(1)) == [10, 6])
        #expect(try place(root.key("groups")) == [11, 1])
        #expect(try place(root.key("groups").index(0).key("build").key("selectors").index(1)) == [14, 19])
        #expect(try place(root.key("groups").index(1)) == [15, 1])
        #expect(try place(root.key("groups").index(1).key("id")) == [16, 1])
        #expect(try place(root.key("groups").index(1).key("parts").index(1).key("n")) == [20, 3])
    }

    @Test("what was not written stands where the nearest table around it does")
    func absent() throws {
        #expect(try place(TOMLPath.root.key("groups").index(1).key("build").key("x")) == [15, 1])
        #expect(try place(TOMLPath.root.key("absent")) == [1, 1])
        #expect(try place(TOMLPath.root.key("fake").key("key")) == [1, 1])
    }

    @Test("a byte order mark and carriage returns shift nothing")
    func lineEnds() throws {
        let text = "\u{FEFF}first = 1\r\n[table]\r\n  key = \"\"\"a\r\nb\"\"\"\r\n  last = [\r\n1,\r\n 2]\r\n"
        let locations = try TOMLDocument(text, file: "f").locations
        let table = TOMLPath.root.key("table")
        let paths = [TOMLPath.root.key("first"), table, table.key("last"), table.key("last").index(1)]
        #expect(paths.map { locations.location(of: $0).line } == [1, 2, 5, 7])
        #expect(paths.map { locations.location(of: $0).column } == [2, 1, 3, 2])
    }

    @Test("a path reads as people write it")
    func pathText() {
        let path = TOMLPath.root.key("groups").index(2).key("run").key("odd key")
        #expect(path.description == #"groups[2].run."odd key""#)
    }

    @Test("every kind of value comes back from the text it is written as")
    func roundTrip() throws {
        let table: ConfigurationTable = [
            "text": .string("quotes \" and \\ and\nlines\tand ü 🙂 '''"), "empty": .string(""),
            "number": .integer(-7), "large": .integer(.max), "double": .double(0.1), "whole": .double(2),
            "yes": .boolean(true), "day": .date("1979-05-27"), "local": .date("1979-05-27T07:32:00"),
            "utc": .date("1979-05-27T07:32:00Z"), "east": .date("1979-05-27T00:32:00.5-07:30"),
            "time": .date("07:32:00"), "list": .array([.integer(1), .array([]), .string("x")]),
            "nothing": .table([:]), "odd key.with \"all\"": .integer(1),
            "tables": .array([.table(["a": .integer(1)]), .table(["b": .table(["c": .string("d")])])]),
            "mixed": .array([.integer(1), .table(["a": .table(["b": .array([.table([:])])])])]),
        ]
        let text = TOMLText.document(table)
        let back = try TOMLDocument(text, file: "f").root
        for (key, value) in table { #expect(back[key] == value, "\(key) in\n\(text)") }
        #expect(back.count == table.count)
    }

    @Test(
        "text that is no TOML is an error with place, reason and line",
        arguments: [
            ("[a]\n  b = = 1\n", #"2:7: error: no valid TOML: "=" stands where a value must follow"#),
            ("[.a]", #"1:2: error: no valid TOML: "." stands where a key must follow, in the line "[.a]""#),
            ("[]", #"1:2: error: no valid TOML: "]" stands where a key must follow, in the line "[]""#),
            ("[[a]\n", #"1:5: error: no valid TOML: the line ends where a second "]" must follow"#),
            ("a = [1, }]", #"1:9: error: no valid TOML: "}" stands where a value must follow"#),
            ("a = [1 2", #"1:8: error: no valid TOML: "2" stands where "," or "]" must follow"#),
            ("\na = [1,\n2\n", "2:5: error: no valid TOML: an array begins here and does not end"),
            ("a = { b = 1, }", #"1:14: error: no valid TOML: "}" stands where a key must follow"#),
            ("a = ,", #"1:5: error: no valid TOML: "," stands where a value must follow"#),
            ("a =", "1:4: error: no valid TOML: the text ends where a value must follow"),
            ("a b = 1", #"1:3: error: no valid TOML: "b" stands where "=" must follow"#),
            ("ü = 1", #"1:1: error: no valid TOML: "ü" stands where a key must follow"#),
            ("a = \"x", "1:5: error: no valid TOML: a string begins here and does not end"),
            ("a = \"x\ny\"", "1:5: error: no valid TOML: a string begins here and does not end"),
            ("a = \"x\" y", #"1:9: error: no valid TOML: "y" stands where the end of the line must follow"#),
            ("\"\"\"a\"\"\" = 1", "1:1: error: no valid TOML: a key cannot be a string of several lines"),
            ("a = yes", "1:5: error: no valid TOML: "),
            ("a = 1\na = 2", "2:5: error: no valid TOML: cannot redefine"),
            ("a = [1979-05-27 5 ]", #"1:17: error: no valid TOML: "5" stands where "," or "]" must follow"#),
            ("a = \"\\q\"", "1:7: error: no valid TOML: unknown escape"),
            ("a = 1_", "1:6: error: no valid TOML: "),
        ])
    func syntaxError(text: String, expected: String) throws {
        let error = #expect(throws: ModelError.self) { _ = try TOMLDocument(text, file: "f.toml") }
        #expect(error?.code == .syntax)
        let message = try #require(error).description
        #expect(message.hasPrefix("f.toml:" + expected), "\(message)")
        #expect(message.contains(", in the line "))
    }

    @Test("nesting without end is refused, not a crash")
    func nesting() {
        for opening in ["[", "{a="] {
            let error = #expect(throws: ModelError.self) {
                _ = try TOMLDocument("a = " + String(repeating: opening, count: 100_000), file: "f")
            }
            #expect(error?.description.contains("nested more than 64 deep") == true)
        }
    }

    @Test(
        "NUL is refused, raw or escaped, rather than taken for the end", arguments: ["a\u{0}b", "a\\u0000b"])
    func null(text: String) {
        let error = #expect(throws: ModelError.self) {
            _ = try TOMLDocument("x = 1\ny = \"\(text)\"\nz = 3\n", file: "f.toml")
        }
        #expect(error?.diagnostics.first?.location == SourceLocation(file: "f.toml", line: 2, column: 7))
    }

    @Test("any text is either a document or an error", arguments: 0..<8 as Range<UInt64>)
    func anyText(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let alphabet = Array(#"[]{}"'\=.,# abü019-_:TZ"# + "\n\r\t")
        let parts = ["[[", "]]", "\"\"\"", "'''", "a = ", "1979-05-27", "0x", "inf", "\\u00"]
        for _ in 0..<500 {
            let text = (0..<12).map { _ in
                Bool.random(using: &random)
                    ? String(alphabet.randomElement(using: &random) ?? "x")
                    : parts.randomElement(using: &random) ?? ""
            }.joined()
            do {
                let document = try TOMLDocument(text, file: "f")
                for key in document.root.keys {
                    #expect(document.locations.order(of: .root.key(key)) != nil, "\(key) in \(text)")
                }
            } catch {
                #expect(error.code == .syntax)
                #expect(error.diagnostics.count == 1)
            }
        }
    }

    @Test("a flag's value is TOML where it is written as TOML, else text")
    func flagValues() {
        let values: [(String, ConfigurationValue)] = [
            ("5", .integer(5)), ("0x10", .integer(16)), ("1.5", .double(1.5)), ("true", .boolean(true)),
            ("yes", .string("yes")), ("[\"a\", 1]", .array([.string("a"), .integer(1)])),
            ("\"5\"", .string("5")), ("", .string("")), ("1.2.3", .string("1.2.3")),
            ("2020-01-02", .string("2020-01-02")), ("1 # one", .string("1 # one")),
            ("a\nb", .string("a\nb")), ("{ a = 1 }", .table(["a": .integer(1)])), ("x = 1", .string("x = 1")),
        ]
        for (text, value) in values { #expect(ConfigurationValue(flagText: text) == value, "\(text)") }
    }

    @Test("values that are no strings become JSON as test parameters")
    func parameterText() {
        let value = ConfigurationValue.table([
            "b": .array([.integer(1), .double(2), .double(0.5), .boolean(false)]), "a": .string("\"\n\u{1}é"),
        ])
        #expect(value.parameterText == #"{"a":"\"\n\u0001é","b":[1,2,0.5,false]}"#)
        #expect(ConfigurationValue.string("as it is").parameterText == "as it is")
    }
}
