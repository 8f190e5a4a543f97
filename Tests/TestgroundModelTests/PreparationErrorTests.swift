// What does not go together is said with its place, all of it at once.

import Testing

@testable import TestgroundModel

@Suite("what does not go together is named with its place")
struct PreparationErrorTests {
    private static let groups = """
        [[groups]]
        id = "a"
        instances = { count = 2 }

        """

    private func diagnostics(global: String, _ rest: String = groups) throws -> [String] {
        try Fixture.diagnostics("[global]\n\(global)\n\(rest)")
    }

    @Test("an unknown test case lists the known ones")
    func unknownCase() throws {
        #expect(
            try diagnostics(global: #"case = "snyc""#) == [
                #"composition.toml:2:1: error: plan "demo/plan" has no test case "snyc"; it has sync, alone "#
                    + #"(did you mean "sync"?)"#
            ])
        #expect(
            try diagnostics(global: "") == [
                #"composition.toml:1:1: error: no test case is named "#
                    + #"(choose one of plan "demo/plan": sync, alone)"#
            ])
    }

    @Test("a group that names an unknown builder is named with the builder and the known ones")
    func unknownBuilder() throws {
        let group = #"builder = "exec:swfit""#
        #expect(
            try diagnostics(global: #"case = "sync""#, Self.groups + group) == [
                #"composition.toml:6:1: error: group "a" names the unknown builder "exec:swfit"; "#
                    + "known builders: exec:generic, exec:go, exec:swift "
                    + #"(did you mean "exec:swift"?)"#
            ])
    }

    @Test("a builder that only upstream has is told from a slip, with what the plan supports instead")
    func upstreamBuilder() throws {
        #expect(
            try diagnostics(global: "case = \"sync\"\nbuilder = \"docker:go\"") == [
                #"composition.toml:3:1: error: [global] names the builder "docker:go", which this version does "#
                    + "not have; it has exec:generic, exec:go, exec:swift "
                    + #"(plan "demo/plan" supports exec:generic, exec:swift too: --builder exec:generic for a "#
                    + #"single run, builder = "exec:generic" in a composition)"#
            ])
        let manifest = Fixture.manifestText.replacing(
            "[runners.\"local:exec\"]", with: "[runners.\"cluster:k8s\"]")
        #expect(
            try Fixture.diagnostics(
                "[global]\ncase = \"sync\"\nrunner = \"cluster:k8s\"\n" + Self.groups, manifest: manifest
            ).first?.hasPrefix(
                #"composition.toml:3:1: error: [global] names the runner "cluster:k8s", which this version does "#
                    + "not have; it has local:docker, local:exec ") == true)
    }

    @Test("a builder or runner that the manifest does not support, or switches off, is refused")
    func unsupported() throws {
        #expect(
            try diagnostics(global: "case = \"sync\"\nbuilder = \"exec:go\"\nrunner = \"local:docker\"") == [
                #"composition.toml:3:1: error: [global] names the builder "exec:go", but the manifest of plan "#
                    + #""demo/plan" supports exec:generic, exec:swift "#
                    + #"(choose one of them, or add [builders."exec:go"] to the manifest)"#,
                #"composition.toml:4:1: error: [global] names the runner "local:docker", but the manifest of "#
                    + #"plan "demo/plan" supports local:exec "#
                    + #"(choose one of them, or add [runners."local:docker"] to the manifest)"#,
            ])
    }

    @Test("an unknown runner, or one disabled on the machine, is refused")
    func runner() throws {
        #expect(
            try diagnostics(global: "case = \"sync\"\nrunner = \"local:exce\"") == [
                #"composition.toml:3:1: error: [global] names the unknown runner "local:exce"; "#
                    + #"known runners: local:docker, local:exec (did you mean "local:exec"?)"#
            ])
        #expect(
            try Fixture.diagnostics(
                "[global]\ncase = \"sync\"\n" + Self.groups,
                configuration: "[runners.\"local:exec\"]\ndisabled = true\n") == [
                    #".env.toml:2:1: error: the runner "local:exec" is disabled on this machine "#
                        + "(choose another, or remove disabled = true here)"
                ])
    }

    @Test("a builder disabled on the machine is refused")
    func disabledBuilder() throws {
        #expect(
            try Fixture.diagnostics(
                "[global]\ncase = \"sync\"\n" + Self.groups,
                configuration: "[builders.\"exec:swift\"]\ndisabled = true\n") == [
                    #".env.toml:2:1: error: the builder "exec:swift" is disabled on this machine "#
                        + "(choose another, or remove disabled = true here)"
                ])
    }

    @Test("a thousand wrong names are each said, in proportionate time and length")
    func manyErrors() throws {
        var text = LargeComposition.text(groups: 1000).replacing(
            "group_id = \"group-", with: "group_id = \"gruop-")
        text += "[[runs]]\nid = \"last\"\n"
        let lines = try Fixture.diagnostics(text)
        #expect(lines.count == 2001)
        #expect(lines.first?.hasSuffix(#"(did you mean "group-0"?)"#) == true)
        let framed = try Fixture.diagnostics(LargeComposition.text(groups: 30), for: .run(ids: ["x"]))
        #expect(framed.count == 1)
        #expect(framed.first?.contains(" run-19 and 10 more") == true, "\(framed)")
    }

    @Test("without any builder or runner, the supported ones are listed")
    func nothingNamed() throws {
        let manifest = Fixture.manifestText.replacing("[defaults]", with: "[defaulted]")
        let lines = try Fixture.diagnostics(
            "[global]\ncase = \"sync\"\n" + Self.groups, manifest: manifest)
        #expect(
            lines == [
                "composition.toml:1:1: error: no runner is named "
                    + #"(choose one that plan "demo/plan" supports: local:exec)"#,
                #"composition.toml:3:1: error: group "a" has no builder (set builder in [global] or in the "#
                    + #"group; plan "demo/plan" supports exec:generic, exec:swift)"#,
                #"manifest.toml:3:1: warning: unknown key "defaulted" (did you mean "defaults"?)"#,
            ])
    }

    @Test("ids that stand twice are named with their first place")
    func duplicates() throws {
        let rest =
            Self.groups + Self.groups + """
                [[runs]]
                id = "r"
                groups = [{ id = "a" }, { group_id = "a" }]
                [[runs]]
                id = "r"
                groups = [{ id = "b" }]
                [[runs]]
                id = "empty"
                """
        #expect(
            try diagnostics(global: #"case = "sync""#, rest) == [
                #"composition.toml:7:1: error: the group "a" stands here again, first in line 3 "#
                    + "(give each group an id of its own)",
                #"composition.toml:11:25: error: run "r" has the group "a" here again, first in line 11 "#
                    + "(give each group of a run an id of its own)",
                #"composition.toml:13:1: error: the run "r" stands here again, first in line 9 "#
                    + "(give each run an id of its own)",
                #"composition.toml:14:13: error: run "r" names the group "b", which the composition does not "#
                    + #"have (did you mean "a"?)"#,
                #"composition.toml:15:1: error: run "empty" has no groups (add [[runs.groups]] with an id)"#,
            ])
    }

    @Test("a composition without groups is refused")
    func noGroups() throws {
        #expect(
            try diagnostics(global: #"case = "sync""#, "") == [
                "composition.toml:1:1: error: the composition has no groups (add [[groups]] with an id)"
            ])
    }

    @Test("parameters of the wrong type are errors, unknown ones warn with the nearest")
    func parameters() throws {
        let rest = """
            [global.run.test_params]
            rounds = "many"
            pause = "soon"
            [[groups]]
            id = "a"
            instances = { count = 2 }
            run.test_params = { flags = "{", mode = "tpc", round = "1" }
            [[runs]]
            id = "r"
            test_params = { rounds = "1.5" }
            groups = [{ id = "a", test_params = { note = "a=b|c", rounds = "4" } }]
            """
        #expect(
            try diagnostics(global: #"case = "sync""#, rest) == [
                #"composition.toml:4:1: error: test parameter "rounds" is "many", no integer "#
                    + "(write an integer, such as 42)",
                #"composition.toml:5:1: error: test parameter "pause" is "soon", no duration "#
                    + "(write a duration, such as 1.5s)",
                #"composition.toml:9:21: error: test parameter "flags" is "{", no JSON text "#
                    + #"(write a JSON text, such as {"key":1})"#,
                #"composition.toml:9:34: warning: test parameter "mode" is "tpc", none of tcp, quic "#
                    + #"(did you mean "tcp"?)"#,
                #"composition.toml:9:48: warning: test case "sync" declares no parameter "round" "#
                    + #"(did you mean "rounds"?)"#,
                #"composition.toml:12:17: error: test parameter "rounds" is "1.5", no integer "#
                    + "(write an integer, such as 42)",
                #"composition.toml:13:39: warning: test parameter "note" holds "=": SDKs that read "#
                    + "TEST_INSTANCE_PARAMS drop it (those that read TEST_INSTANCE_PARAMS_JSON get it)",
            ])
    }

    @Test("a default of the wrong type is an error only where it is used")
    func defaults() throws {
        let manifest = Fixture.manifestText.replacing("default = 3", with: "default = \"three\"")
        let text = "[global]\ncase = \"sync\"\n\(Self.groups)"
        let lines = try Fixture.diagnostics(text, manifest: manifest)
        #expect(
            lines == [
                #"manifest.toml:27:64: error: nobody sets test parameter "rounds", and its default is "#
                    + #""three", no integer (write an integer, such as 42)"#
            ])
        let set = text + "[groups.run.test_params]\nrounds = 1\n"
        #expect(try Fixture.prepare(set, manifest: manifest).runs.count == 1)
    }

    @Test("configuration that nobody reads warns, with the key it may stand for")
    func unreadConfiguration() throws {
        let rest = """
            [global.run_config]
            isolatoin = "none"
            [global.build_config]
            build = "x"
            unheard = 1
            [[groups]]
            id = "a"
            instances = { count = 2 }
            build_config = { artifact = "x" }
            [[groups]]
            id = "b"
            builder = "exec:generic"
            instances = { count = 2 }
            build_config = { artifact = "x" }
            """
        #expect(
            try diagnostics(global: #"case = "sync""#, rest) == [
                #"composition.toml:4:1: warning: runner "local:exec" does not read "isolatoin" "#
                    + #"(did you mean "isolation"?)"#,
                #"composition.toml:7:1: warning: builder "exec:generic" or "exec:swift" does not read "unheard""#,
                #"composition.toml:11:18: warning: builder "exec:swift" does not read "artifact""#,
            ])
    }

    @Test("everything that is wrong is said at once")
    func all() throws {
        let lines = try diagnostics(
            global: "case = \"x\"\nbuilder = \"y\"\nrunner = \"z\"",
            "[[groups]]\nid = \"a\"\n[[groups]]\nid = \"b\"")
        #expect(lines.count == 5, "\(lines)")
        #expect(lines.allSatisfy { $0.contains(": error: ") })
    }
}
