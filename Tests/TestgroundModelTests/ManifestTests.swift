// manifest.toml.

import Testing

@testable import TestgroundModel

@Suite("a manifest says how a plan is built and run")
struct ManifestTests {
    private func diagnostics(_ text: String) -> [String] {
        do {
            return try TestPlanManifest.parse(text, file: "manifest.toml").warnings.map(\.description)
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    @Test("every field of the contract is read")
    func fields() throws {
        let text =
            Fixture.manifestText
            + "\n[extra_sources]\nexec_go = [\"../lib\", \"../more\"]\n\"docker:go\" = [\"x\"]\n"
        let manifest = try Fixture.manifest(text).value
        #expect(manifest.name == "demo/plan")
        #expect(manifest.defaultBuilder == "exec:swift")
        #expect(manifest.defaultRunner == "local:exec")
        #expect(manifest.builders["exec:generic"] == ["build": .string("make")])
        #expect(manifest.supportedBuilders == ["exec:generic", "exec:swift"])
        #expect(manifest.supportedRunners == ["local:exec"])
        #expect(manifest.extraSources(forBuilder: "exec:go") == ["../lib", "../more"])
        #expect(manifest.extraSources(forBuilder: "docker:go") == ["x"])
        #expect(manifest.extraSources(forBuilder: "exec:swift") == [])
        let sync = try #require(manifest.testCase("sync"))
        #expect(sync.instances == InstanceBounds(minimum: 2, maximum: 100, defaultCount: 5))
        #expect(sync.parameters.map(\.name) == ["rounds", "mode", "pause", "flags", "note"])
        #expect(
            sync.parameters.first
                == TestParameter(
                    name: "rounds", type: "int", description: "how often", unit: "count", defaultValue: "3"))
        #expect(sync.parameters[1].values == ["tcp", "quic"])
        #expect(sync.defaults == ["rounds": "3", "mode": "tcp", "pause": "1s", "flags": #"{"deep":true}"#])
        #expect(manifest.testCase("absent") == nil)
    }

    @Test("a manifest as libp2p writes it is read, with a warning for the section nobody reads")
    func upstream() throws {
        let text = """
            name = "libp2p/ping"
            [builders]
            "docker:go" = { enabled = true, enable_go_build_cache = true }
            "exec:go"   = { enabled = true }
            [runners]
            "local:exec"    = { enabled = true }
            [global.build_config]
              enable_go_build_cache = true
            [[testcases]]
            name = "ping"
            instances = { min = 2, max = 10000, default = 5 }
              [testcases.params]
              secure_channel = { type = "enum", desc = "used", values = ["secio", "noise"], default = "secio" }
              max_latency_ms = { type = "int", unit = "ms", default = 1000 }
            """
        let parsed = try Fixture.manifest(text)
        #expect(parsed.value.supportedBuilders == ["docker:go", "exec:go"])
        #expect(parsed.warnings.map(\.description) == [#"manifest.toml:7:1: warning: unknown key "global""#])
    }

    @Test("all that is wrong is said at once, in the order of the text")
    func errors() {
        let text = """
            nam = "x"
            [builders]
            "exec:go" = true
            [[testcases]]
            name = "a"
            instances = { min = 5, max = 2 }
            [[testcases]]
            name = "a"
            instances = { min = -1, max = "9" }
            [[testcases]]
            instances = { min = 1, max = 2, default = 3 }
            [testcases.params]
            n = { type = "int", default = "many", descr = "x" }
            """
        #expect(
            diagnostics(text) == [
                #"manifest.toml:1:1: error: the manifest has no name (write name = "my-plan" at its top)"#,
                #"manifest.toml:1:1: warning: unknown key "nam" (did you mean "name"?)"#,
                #"manifest.toml:3:1: error: "builders."exec:go"" must be a table, not true"#,
                #"manifest.toml:6:1: error: test case "a" needs at least 5 instances but takes at most 2 "#
                    + "(make min no larger than max)",
                #"manifest.toml:8:1: error: the test case "a" stands here again, first in line 4 "#
                    + "(give each test case a name of its own)",
                #"manifest.toml:9:15: error: "testcases[1].instances.min" must not be negative, as -1 is"#,
                #"manifest.toml:9:25: error: "testcases[1].instances.max" must be an integer, "#
                    + #"not the string "9""#,
                #"manifest.toml:10:1: error: a test case has no name (write name = "…")"#,
                #"manifest.toml:11:33: warning: test case "" has 3 instances by default, "#
                    + "outside its own min and max (choose a default from 1 to 2)",
                #"manifest.toml:13:21: warning: the default of test parameter "n" is "many", no integer "#
                    + "(write an integer, such as 42)",
                #"manifest.toml:13:39: warning: unknown key "testcases[2].params.n.descr" "#
                    + #"(did you mean "desc"?)"#,
            ])
    }

    @Test("a manifest without a test case is refused")
    func noTestCase() {
        #expect(
            diagnostics("name = \"x\"") == [
                "manifest.toml:1:1: error: the manifest has no test case "
                    + "(add [[testcases]] with name and instances)"
            ])
    }

    @Test(
        "a name that cannot be a folder is refused", arguments: ["../x", "a//b", "/a", "a b", "a:b", "a|b"])
    func unusableName(name: String) {
        let text = "name = \"\(name)\"\n[[testcases]]\nname = \"t\""
        #expect(
            diagnostics(text).first?.hasPrefix("manifest.toml:1:1: error: the plan's name \"\(name)\"")
                == true)
    }
}
