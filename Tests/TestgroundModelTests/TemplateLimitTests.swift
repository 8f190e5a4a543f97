// What runs away or is cut to pieces ends in one clear error.

import Testing

@testable import TestgroundModel

@Suite("a template that runs away is stopped")
struct TemplateLimitTests {
    private func message(_ text: String, limits: TextTemplate.Limits = TextTemplate.Limits()) throws -> String
    {
        let error = #expect(throws: TemplateError.self) {
            _ = try TextTemplate(text, file: "c", limits: limits).render(.map([:]))
        }
        return try #require(error).message
    }

    @Test("templates that call each other in a cycle are named in the error")
    func cycle() throws {
        let text =
            #"{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}"#
        let message = try message(text)
        #expect(message.contains(#""a" → "b" → "a""#) || message.contains(#""b" → "a" → "b""#))
    }

    @Test("recursion that ends is no cycle")
    func recursion() throws {
        let text =
            #"{{define "r"}}{{len .}}{{if .}}{{template "r" (slice . 1)}}{{end}}{{end}}{{template "r" .}}"#
        let data = TemplateValue.list(Array(repeating: .null, count: 9))
        #expect(try TextTemplate(text, file: "c").render(data).text == "9876543210")
    }

    @Test("the rendered text has a limit")
    func output() throws {
        var limits = TextTemplate.Limits()
        limits.outputBytes = 100
        #expect(try message("{{range 101}}x{{end}}", limits: limits).contains("exceeds 100 bytes"))
        #expect(
            try TextTemplate("{{range 100}}x{{end}}", file: "c", limits: limits).render(.null).text.count
                == 100)
    }

    @Test("a string that doubles at every turn is stopped before it fills the memory")
    func doubling() throws {
        var limits = TextTemplate.Limits()
        limits.outputBytes = 1000
        let text = #"{{$x := "ab"}}{{range 64}}{{$x = print $x $x}}{{end}}"#
        #expect(try message(text, limits: limits).contains("exceeds 1000 bytes"))
        #expect(try message(#"{{printf "%900d%900d" 1 2}}"#, limits: limits).contains("exceeds 1000 bytes"))
    }

    @Test("a loop without output is stopped by the number of its steps")
    func steps() throws {
        var limits = TextTemplate.Limits()
        limits.steps = 1000
        #expect(try message("{{range 9223372036854775807}}{{end}}", limits: limits).contains("1000 steps"))
    }

    @Test("parentheses and blocks nested without end are refused, not a crash")
    func nesting() throws {
        let deep = 20_000
        let parentheses = String(repeating: "(", count: deep) + "1" + String(repeating: ")", count: deep)
        #expect(try message("{{\(parentheses)}}").contains("nested more than"))
        #expect(try message(String(repeating: "{{if 1}}", count: deep)).contains("nested more than"))
        #expect(
            try message(String(repeating: "{{if 0}}{{else if 1}}", count: deep)).contains("nested more than"))
    }

    @Test("a chain of as many else-ifs as a person writes is fine")
    func elseIfs() throws {
        let chain = (0..<100).map { "{{else if eq .n \($0)}}\($0)" }.joined()
        let template = try TextTemplate("{{if false}}\(chain){{end}}", file: "c")
        #expect(try template.render(.map(["n": .integer(99)])).text == "99")
    }

    @Test("thousands of mutilated templates render or fail, and none crashes or hangs")
    func mutations() throws {
        let table = try #require(TemplateTable.shared)
        let environment = ["Groups": "a,b", "Count": "3"]
        let fragments = [
            "{{", "}}", "{{- ", " -}}", "{{end}}", "{{else}}", "(", ")", "|", "\"", "`", "$x", ":=", ".a",
            "é",
        ]
        var limits = TextTemplate.Limits()
        limits.steps = 2000
        limits.outputBytes = 10_000
        var random = SplitMix(state: 20_240_601)
        var rendered = 0
        var failed = 0
        for _ in 0..<20 {
            for row in table.rows {
                var scalars = Array(row.template.unicodeScalars)
                for _ in 0...random.below(3) {
                    let place = random.below(scalars.count + 1)
                    switch random.below(4) {
                    case 0:
                        scalars.insert(
                            contentsOf: fragments[random.below(fragments.count)].unicodeScalars, at: place)
                    case 1: scalars.removeSubrange(place..<min(scalars.count, place + 1 + random.below(4)))
                    case 2: scalars.insert(contentsOf: scalars.prefix(place), at: place)
                    default:
                        let other = table.rows[random.below(table.rows.count)].template
                        scalars.insert(contentsOf: other.unicodeScalars, at: place)
                    }
                }
                let text = String(String.UnicodeScalarView(scalars))
                do {
                    let functions = [TemplateFunction.split, .atoi, .pick, .withEnvironment(environment)]
                    let template = try TextTemplate(text, file: "c", functions: functions, limits: limits)
                    let output = try template.render(table.data.value)
                    #expect(output.text.utf8.count <= limits.outputBytes * 3)
                    _ = output.location(line: 1, column: random.below(20))
                    rendered += 1
                } catch {
                    let place = error.location
                    #expect(place.line >= 1 && place.column >= 1 && !error.message.isEmpty)
                    failed += 1
                }
            }
        }
        // Both happen, or the mutations would prove nothing.
        #expect(rendered > 500 && failed > 500)
    }
}

/// A small seeded generator, so that a failure comes again. https://prng.di.unimi.it/splitmix64.c
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) % UInt64(max(1, bound)))
    }
}
