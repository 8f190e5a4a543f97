// Places: of errors in the template, and of the rendered text's parts.

import Testing

@testable import TestgroundModel

@Suite("places lead back to the template")
struct TemplatePlaceTests {
    private let environment = TemplateValue.compositionData(environment: ["Name": "très long", "N": "3"])

    private func error(_ text: String) throws -> TemplateError {
        let error = #expect(throws: TemplateError.self) {
            let load = TemplateFunction("load_resource", arity: 1) { _ in .map([:]) }
            _ = try TextTemplate(text, file: "composition.toml", functions: [load, .atoi]).render(environment)
        }
        return try #require(error)
    }

    @Test("an unknown function is named with its line and column and the nearest known one")
    func unknownFunction() throws {
        let text = "[metadata]\nname = \"a\"\n\n{{- with (lod_resource \"x\") }}{{ end }}"
        let expected =
            #"composition.toml:4:11: function "lod_resource" not defined "#
            + #"(did you mean "load_resource"?)"#
        #expect(try error(text).description == expected)
    }

    @Test("columns count characters, not bytes")
    func columns() throws {
        let location = try error("ééé {{ nope }}").location
        #expect(location == SourceLocation(file: "composition.toml", line: 1, column: 8))
    }

    @Test("an error inside a named template is placed where it is written, not where it is called")
    func namedTemplate() throws {
        let error = try error("{{ template \"x\" . }}\n{{ define \"x\" }}\n  {{ atoi .Env.Name }}{{ end }}")
        #expect((error.location.line, error.location.column) == (3, 6))
        #expect(error.message.contains("très long"))
    }

    @Test("an error converts to a diagnostic with the same place, text and remedy")
    func diagnostic() throws {
        let error = try error("{{ .Nev }}")
        let expected = Diagnostic(.error, at: error.location, error.message, remedy: error.remedy)
        #expect(error.diagnostic == expected)
        #expect(error.message.contains(".Nev"))
        #expect(error.remedy?.contains(".Env") == true)
    }

    @Test("a place in copied text leads to the same character, one in a value to its action")
    func sourceMap() throws {
        let text =
            "a = 1 {{- /* gone */}}\nü{{ .Env.Name }} = [x\n"
            + "{{ range $i := split \"p,q\" }}\n{{ $i }}!{{ end }}\n"
        let rendered = try TextTemplate(text, file: "c", functions: [.split]).render(environment)
        #expect(rendered.text == "a = 1\nütrès long = [x\n\np!\nq!\n")
        func place(_ line: Int, _ column: Int) -> [Int] {
            let location = rendered.location(line: line, column: column)
            return [location.line, location.column]
        }
        #expect(place(1, 1) == [1, 1])
        #expect(place(1, 5) == [1, 5])
        #expect(place(2, 1) == [2, 1])
        #expect(place(2, 2) == [2, 5])
        #expect(place(2, 9) == [2, 5])
        #expect(place(2, 11) == [2, 17])
        #expect(place(4, 1) == [4, 4])
        #expect(place(4, 2) == [4, 9])
        #expect(place(5, 1) == [4, 4])
        #expect(place(5, 2) == [4, 9])
    }

    @Test("a place beyond the rendered text leads to its end")
    func beyond() throws {
        let rendered = try TextTemplate("ab\ncd", file: "c").render(environment)
        #expect(rendered.location(line: 9, column: 1) == SourceLocation(file: "c", line: 2, column: 3))
        #expect(rendered.location(line: 1, column: 99) == SourceLocation(file: "c", line: 1, column: 3))
        #expect(rendered.location(line: 0, column: 0) == SourceLocation(file: "c", line: 1, column: 1))
        let empty = try TextTemplate("", file: "c").render(environment)
        #expect(empty.location(line: 1, column: 1) == SourceLocation(file: "c", line: 1, column: 1))
    }

    @Test("an action without a value renders as Go does and warns with its place")
    func warning() throws {
        let rendered = try TextTemplate("x = \"{{ .Env.Absent }}\"\ny = {{ .Env.N }}", file: "c").render(
            environment)
        #expect(rendered.text == "x = \"<no value>\"\ny = 3")
        #expect(rendered.warnings.map(\.location) == [SourceLocation(file: "c", line: 1, column: 9)])
        #expect(rendered.warnings.first?.message.contains(".Env.Absent") == true)
    }
}
