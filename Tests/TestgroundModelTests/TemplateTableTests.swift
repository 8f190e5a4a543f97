// Every row of the conformance table, against what it says.

import Foundation
import Testing

@testable import TestgroundModel

@Suite("the template language renders as Go's text/template")
struct TemplateTableTests {
    @Test("every row of the table renders to its output or ends in its error")
    func rowsOfTheTable() throws {
        let table = try #require(TemplateTable.shared)
        #expect(table.rows.count > 150)
        for row in table.rows {
            do {
                let output = try table.render(row)
                #expect(output == row.output, "template: \(row.template)")
            } catch {
                #expect(error.description == row.error, "template: \(row.template)")
            }
        }
    }

    @Test(
        "a composition loads a resource, passes the environment on and picks values by the caller's functions"
    )
    func callersFunctions() throws {
        let resource = TemplateValue.map([
            "go_version": .string("1.18"),
            "values": .list([.map(["id": .string("zero")]), .map(["id": .string("one")])]),
        ])
        let load = TemplateFunction("load_resource", arity: 1) { arguments in
            guard try arguments[0].expectString() == "./resource.toml" else {
                throw TemplateFunction.Failure("no such file")
            }
            return resource
        }
        let toml = TemplateFunction("toml", arity: 1) { arguments in
            .string("picked = \"\(arguments[0].sortedEntries?.map(\.key) ?? [])\"")
        }
        let environment = ["Mine": "hello"]
        let text = """
            {{ define "part" -}}
            value = "{{ $.Env.Mine }}"
            version = "{{ .go_version }}"
            {{- end -}}
            {{- with (load_resource "./resource.toml") }}
            {{ template "part" (withEnv .) }}
            {{ (pick . "values") | toml }}
            id = "{{ (index .values (atoi "1")).id }}"
            {{- end }}
            """
        let template = try TextTemplate(
            text, file: "composition.toml",
            functions: [load, toml, .withEnvironment(environment), .pick, .atoi])
        let rendered = try template.render(.compositionData(environment: environment))
        let expected = """

            value = "hello"
            version = "1.18"
            picked = "["values"]"
            id = "one"
            """
        #expect(rendered.text == expected)
        #expect(rendered.warnings.isEmpty)
    }
}
