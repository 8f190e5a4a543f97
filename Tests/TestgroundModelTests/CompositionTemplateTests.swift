// Compositions as templates, the way libp2p's test plans write them.

import Testing

@testable import TestgroundModel

@Suite("a composition is a template first")
struct CompositionTemplateTests {
    private static let versions = """
        [master]
        selector = "master"
        [[groups]]
        id = "v0.11"
        selector = "v0.11"
        modfile = "go.v0.11.mod"
        [[groups]]
        id = "v0.22"
        selector = "v0.22"
        modfile = "go.v0.22.mod"
        """

    private static let matrix = """
        [metadata]
          name = "go-cross-version"

        [global]
          plan = "demo/plan"
          case = "sync"
          runner = "local:exec"
          builder = "exec:generic"

        {{ with (load_resource "./versions.toml" ) }}
        {{- range .groups }}
        [[groups]]
          id = "{{ .id }}"
          instances = { count = 1 }

          [groups.build]
            selectors = ['{{ .selector }}']

          [groups.build_config]
            build = "{{ .modfile }}"
        {{ end }}

          {{- with .master }}
        [[groups]]
          id = "master"
          instances = { count = 1 }
          [groups.build]
            selectors = ['{{ .selector }}']
            {{ if $.Env.GitReference }}
            [[groups.build.dependencies]]
              module = "github.com/libp2p/go-libp2p"
              version = "{{ $.Env.GitReference }}"
            {{ end }}
        {{- end -}}
        {{- end -}}
        """

    @Test("groups come out of a resource by range and with, the environment decides")
    func matrix() throws {
        let parsed = try Fixture.composition(
            Self.matrix, environment: ["GitReference": "abc"], files: ["versions.toml": Self.versions])
        #expect(parsed.warnings == [])
        #expect(parsed.value.groups.map(\.id) == ["v0.11", "v0.22", "master"])
        #expect(parsed.value.groups.map(\.build.selectors) == [["v0.11"], ["v0.22"], ["master"]])
        #expect(parsed.value.groups[1].buildConfiguration == ["build": .string("go.v0.22.mod")])
        #expect(
            parsed.value.groups[2].build.dependencies == [
                Dependency(module: "github.com/libp2p/go-libp2p", version: "abc")
            ])
        let without = try Fixture.composition(Self.matrix, files: ["versions.toml": Self.versions])
        #expect(without.value.groups[2].build.dependencies == [])
    }

    @Test("a rendered matrix prepares: one build a version, one run of all")
    func matrixPrepares() throws {
        let prepared = try Fixture.prepare(Self.matrix, files: ["versions.toml": Self.versions])
        #expect(prepared.builds.map(\.groups) == [["v0.11"], ["v0.22"], ["master"]])
        #expect(prepared.runs.map(\.totalInstances) == [3])
    }

    @Test("named templates get the environment by withEnv; runs come whole by pick and toml")
    func interop() throws {
        let text = """
            {{ define "go" }}
            [[groups]]
                id = "{{ .Id }}"
                instances = { count = 1 }
                [groups.run.test_params]
                note = '{{ or $.Env.RunId "-" }}'
            {{ end }}
            {{ with (load_resource "./combinations.toml")}}
            [global]
              plan = "demo/plan"
              case = "sync"
              {{ range .instances }}
                {{ if (eq .Implementation "go") }}
                  {{ template "go" (withEnv .) }}
                {{ end }}
              {{ end }}
              {{ (pick . "runs") | toml }}
            {{ end }}
            """
        let combinations = """
            [[instances]]
            Id = "a"
            Implementation = "go"
            [[instances]]
            Id = "b"
            Implementation = "go"
            [[instances]]
            Id = "c"
            Implementation = "rust"
            [[runs]]
            id = "a-with-b"
            total_instances = 2
            test_params = { rounds = 2 }
            [[runs.groups]]
            id = "a"
            [[runs.groups]]
            id = "b"
            instances = { count = 1 }
            """
        let composition = try Fixture.composition(
            text, environment: ["RunId": "42"], files: ["combinations.toml": combinations]
        ).value
        #expect(composition.groups.map(\.id) == ["a", "b"])
        #expect(composition.groups.map(\.run.parameters) == [["note": "42"], ["note": "42"]])
        var run = Composition.Run(
            id: "a-with-b",
            groups: [
                Composition.RunGroup(id: "a"), Composition.RunGroup(id: "b", instances: .count(1)),
            ])
        run.totalInstances = 2
        run.parameters = ["rounds": "2"]
        #expect(composition.runs == [run])
    }

    @Test("split and atoi make groups out of a variable")
    func splitAndAtoi() throws {
        let text = """
            {{ range $i, $n := split .Env.Sizes }}
            [[groups]]
            id = "g{{ $i }}"
            instances = { count = {{ atoi $n }} }
            {{ end }}
            """
        let groups = try Fixture.composition(text, environment: ["Sizes": "3,4"]).value.groups
        #expect(groups == [.init(id: "g0", instances: .count(3)), .init(id: "g1", instances: .count(4))])
    }

    @Test("a place in rendered text is told as the template's")
    func placesInTheTemplate() throws {
        let text = """
            {{ range split "a,b" }}
            [[groups]]
              id = "{{ . }}"
              instanses = { count = 1 }
            {{ end }}
            [global]
            plan = {{ .Env.Number }}
            """
        #expect(
            try Fixture.parseDiagnostics(text, environment: ["Number": "5"]) == [
                #"composition.toml:4:3: warning: unknown key "groups[0].instanses" (did you mean "instances"?)"#,
                #"composition.toml:4:3: warning: unknown key "groups[1].instanses" (did you mean "instances"?)"#,
                #"composition.toml:7:1: error: "global.plan" must be a string, not the integer 5 "#
                    + #"(write plan = "5")"#,
            ])
        let broken = try Fixture.parseDiagnostics("a = 1\nb = {{ .Env.B }}\n", environment: ["B": "[1"])
        #expect(broken.count == 1)
        #expect(broken.first?.hasPrefix("composition.toml:") == true)
        #expect(broken.first?.contains(#", in the rendered line "b = [1""#) == true, "\(broken)")
    }

    @Test("a resource that is missing or broken is named with its path")
    func resources() throws {
        #expect(
            try Fixture.parseDiagnostics("{{ load_resource \"../x/./y.toml\" }}") == [
                "composition.toml:1:4: error: error calling load_resource: cannot read ../x/y.toml: "
                    + "no such file or directory (paths are relative to the composition's folder)"
            ])
        let lines = try Fixture.parseDiagnostics("{{ load_resource \"y.toml\" }}", files: ["y.toml": "a ="])
        #expect(
            lines.first?.hasPrefix("composition.toml:1:4: error: error calling load_resource: y.toml:1:")
                == true)
    }

    @Test("resource paths are those beside the composition, and may lead upward")
    func paths() {
        func path(_ resource: String, _ file: String) -> String {
            CompositionTemplate.path(of: resource, beside: file)
        }
        #expect(path("./v.toml", "c.toml") == "v.toml")
        #expect(path("v.toml", "a/c.toml") == "a/v.toml")
        #expect(path("../v.toml", "/a/b/c.toml") == "/a/v.toml")
        #expect(path("../../v.toml", "a/c.toml") == "../v.toml")
        #expect(path("/v.toml", "/a/c.toml") == "/a/v.toml")
    }

    @Test("toml writes maps only, leaving out what has no value")
    func tomlFunction() throws {
        let files = ["r.toml": "n = 1\n"]
        let text =
            "{{ with load_resource \"r.toml\" }}[network]\n{{ pick . \"absent\" | toml }}{{ pick . \"n\" | toml }}{{ end }}"
        #expect(try Fixture.composition(text, files: files).value.network == ["n": .integer(1)])
        #expect(
            try Fixture.parseDiagnostics("{{ toml 5 }}").first?.contains(
                "it writes maps, not a value of type int") == true)
    }

    @Test("a variable that is not set warns, and the template's own errors are located")
    func templateDiagnostics() throws {
        let warnings = try Fixture.parseDiagnostics("[metadata]\nname = \"{{ .Env.Absent }}\"")
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("composition.toml:2:12: warning: ") == true)
        #expect(
            try Fixture.parseDiagnostics("\n{{ lod_resource \"x\" }}") == [
                #"composition.toml:2:4: error: function "lod_resource" not defined "#
                    + #"(did you mean "load_resource"?)"#
            ])
    }
}
