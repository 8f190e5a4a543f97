// From composition, manifest and configuration to run plans.

import Testing

@testable import TestgroundModel

@Suite("preparing decides every value")
struct PreparationTests {
    private static let global = """
        [global]
        plan = "some/path"
        case = "sync"
        """

    // MARK: Runs

    @Test("without runs there is one, default, of all groups; the plan is named as its manifest says")
    func defaultRun() throws {
        let prepared = try Fixture.prepare(
            """
            [metadata]
            author = "me"
            [global]
            plan = "some/path"
            case = "sync"
            disable_metrics = true
            concurrent_builds = 2
            [[groups]]
            id = "a"
            instances = { count = 2 }
            resources = { memory = "1Gi" }
            [[groups]]
            id = "b"
            instances = { count = 3 }
            """)
        #expect(prepared.plan == "demo/plan")
        #expect(prepared.testCase == "sync")
        #expect(prepared.author == "me")
        #expect(prepared.concurrentBuilds == 2)
        #expect(prepared.warnings == [])
        let run = try #require(prepared.runs.first)
        #expect(prepared.runs.count == 1)
        #expect(run.id == "default")
        #expect(run.plan == "demo/plan")
        #expect(run.runner == "local:exec")
        #expect(run.disableMetrics)
        #expect(run.totalInstances == 5)
        #expect(run.groups.map(\.id) == ["a", "b"])
        #expect(run.groups.map(\.instances) == [2, 3])
        #expect(run.groups.map(\.resources.memory) == ["1Gi", ""])
        #expect(run.groups.map(\.builder) == ["exec:swift", "exec:swift"])
    }

    private static let runs = """
        \(global)
        [[groups]]
        id = "a"
        instances = { count = 2 }
        resources = { memory = "1Gi", cpu = "1" }
        [groups.run.profiles]
        cpu = "true"
        [[groups]]
        id = "b"
        builder = "exec:generic"

        [[runs]]
        id = "first"
          [[runs.groups]]
          id = "a"
        [[runs]]
        id = "second"
        total_instances = 8
          [[runs.groups]]
          id = "clients"
          group_id = "a"
          instances = { percentage = 0.75 }
          resources = { cpu = "2" }
          profiles = { heap = "5s" }
          [[runs.groups]]
          group_id = "b"
          instances = { count = 2 }
        """

    @Test("a run's groups name groups by group_id or by their own id and change what they say")
    func runGroups() throws {
        let prepared = try Fixture.prepare(Self.runs)
        #expect(prepared.runs.map(\.id) == ["first", "second"])
        let (first, second) = (prepared.runs[0], prepared.runs[1])
        #expect(first.groups.map(\.id) == ["a"])
        #expect(first.groups.map(\.instances) == [2])
        #expect(second.groups.map(\.id) == ["clients", "b"])
        #expect(second.groups.map(\.instances) == [6, 2])
        #expect(second.groups[0].resources == Resources(memory: "1Gi", cpu: "2"))
        #expect(second.groups[0].profiles == ["cpu": "true", "heap": "5s"])
        #expect(second.groups[0].artifact == first.groups[0].artifact)
        #expect(prepared.builds.map(\.groups) == [["a"], ["b"]])
    }

    @Test("framing by run ids prepares those runs and builds only what they need")
    func framing() throws {
        let prepared = try Fixture.prepare(Self.runs, for: .run(ids: ["first"]))
        #expect(prepared.runs.map(\.id) == ["first"])
        #expect(prepared.builds.map(\.groups) == [["a"]])
        #expect(
            try Fixture.prepare(Self.runs, for: .run(ids: ["second", "first"])).runs.map(\.id) == [
                "first", "second",
            ])
        #expect(
            try Fixture.diagnostics(Self.runs, for: .run(ids: ["frist"])) == [
                #"composition.toml:14:1: error: the composition has no run "frist"; it has first, second "#
                    + #"(did you mean "first"?)"#
            ])
    }

    @Test("preparing for a build needs no case, runner or instances and builds every group")
    func buildOnly() throws {
        let text = "[[groups]]\nid = \"a\"\n[[groups]]\nid = \"b\"\nbuilder = \"exec:generic\"\n"
        let prepared = try Fixture.prepare(text, for: .build)
        #expect(prepared.runs == [])
        #expect(prepared.builds.map(\.builder) == ["exec:swift", "exec:generic"])
    }

    // MARK: Precedence

    struct Layers: Sendable, CustomTestStringConvertible {
        var manifest = false
        var global = false
        var group = false
        var run = false
        var runGroup = false

        /// The strongest layer that is there.
        var winner: String {
            runGroup ? "run group" : run ? "run" : group ? "group" : global ? "global" : "manifest"
        }

        var testDescription: String { "\([manifest, global, group, run, runGroup].map { $0 ? 1 : 0 })" }

        static let all: [Layers] = (0..<32).map { bits in
            Layers(
                manifest: bits & 1 != 0, global: bits & 2 != 0, group: bits & 4 != 0, run: bits & 8 != 0,
                runGroup: bits & 16 != 0)
        }
    }

    @Test("test parameters: run group, then run, group, global, manifest", arguments: Layers.all)
    func parameterPrecedence(layers: Layers) throws {
        let manifest = Fixture.manifestText.replacing(
            #"note   = { type = "string" }"#,
            with: layers.manifest ? #"note = { type = "string", default = "manifest" }"# : "")
        let text = """
            [global]
            case = "sync"
            \(layers.global ? "run.test_params.note = \"global\"" : "")
            [[groups]]
            id = "a"
            instances = { count = 2 }
            \(layers.group ? "run.test_params.note = \"group\"" : "")
            [[runs]]
            id = "r"
            \(layers.run ? "test_params.note = \"run\"" : "")
            [[runs.groups]]
            id = "a"
            \(layers.runGroup ? "test_params.note = \"run group\"" : "")
            """
        let prepared = try Fixture.prepare(text, manifest: manifest)
        let isAnywhere = layers.manifest || layers.global || layers.group || layers.run || layers.runGroup
        let parameters = prepared.runs[0].groups[0].parameters
        #expect(parameters["note"] == (isAnywhere ? layers.winner : nil))
        #expect(parameters["rounds"] == "3")
        #expect(parameters["flags"] == #"{"deep":true}"#)
    }

    @Test(
        "build configuration: group, then global, manifest, .env.toml; whole keys replace",
        arguments: ["group", "global", "manifest", "env"])
    func buildPrecedence(strongest: String) throws {
        let layers = ["env", "manifest", "global", "group"]
        let present = Set(layers.prefix(through: layers.firstIndex(of: strongest) ?? 0))
        func line(_ layer: String) -> String {
            present.contains(layer) ? "layer = { \(layer) = true }" : ""
        }
        let prepared = try Fixture.prepare(
            """
            \(Self.global)
            [global.build_config]
            \(line("global"))
            [[groups]]
            id = "a"
            instances = { count = 2 }
            [groups.build_config]
            \(line("group"))
            """,
            configuration: "[builders.\"exec:swift\"]\ncolor = \"env\"\n\(line("env"))\n",
            manifest: Fixture.manifestText.replacing("color = \"manifest\"", with: line("manifest")))
        #expect(prepared.builds[0].configuration["layer"] == .table([strongest: .boolean(true)]))
        #expect(prepared.builds[0].configuration["color"] == .string("env"))
        #expect(prepared.builds[0].configuration["product"] == .string("demo"))
        #expect(prepared.builds[0].configuration["enabled"] == nil)
    }

    @Test(
        "runner configuration: composition, then manifest, .env.toml; the runner's own defaults stay its own",
        arguments: ["composition", "manifest", "env"])
    func runnerPrecedence(strongest: String) throws {
        let layers = ["env", "manifest", "composition"]
        let present = Set(layers.prefix(through: layers.firstIndex(of: strongest) ?? 0))
        func line(_ layer: String) -> String { present.contains(layer) ? "layer = \"\(layer)\"" : "" }
        let prepared = try Fixture.prepare(
            """
            \(Self.global)
            [global.run_config]
            \(line("composition"))
            [[groups]]
            id = "a"
            instances = { count = 2 }
            """,
            configuration:
                "[runners.\"local:exec\"]\ndisabled = false\nlog_level = \"env\"\n\(line("env"))\n",
            manifest: Fixture.manifestText.replacing("pace = \"manifest\"", with: line("manifest")))
        #expect(
            prepared.runs[0].runnerConfiguration == [
                "layer": .string(strongest), "log_level": .string("env"),
            ])
    }

    // MARK: Builds

    @Test("groups with equal builder, configuration, selectors in any order and dependencies share a build")
    func sharedBuilds() throws {
        let prepared = try Fixture.prepare(
            """
            \(Self.global)
            [global.build]
            dependencies = [{ module = "x", version = "1" }, { module = "y", version = "1" }]
            [[groups]]
            id = "a"
            instances = { count = 2 }
            build = { selectors = ["s", "t"] }
            [[groups]]
            id = "b"
            instances = { count = 2 }
            build = { selectors = ["t", "s"], dependencies = [{ module = "y", version = "1" }] }
            [[groups]]
            id = "other-selector"
            instances = { count = 2 }
            build = { selectors = ["s"] }
            [[groups]]
            id = "other-version"
            instances = { count = 2 }
            build = { selectors = ["s", "t"], dependencies = [{ module = "y", version = "2" }] }
            [[groups]]
            id = "other-target"
            instances = { count = 2 }
            build = { selectors = ["s", "t"], dependencies = [{ module = "y", target = "z", version = "1" }] }
            [[groups]]
            id = "other-configuration"
            instances = { count = 2 }
            build = { selectors = ["s", "t"] }
            build_config = { color = "own" }
            [[groups]]
            id = "other-builder"
            builder = "exec:generic"
            instances = { count = 2 }
            build = { selectors = ["s", "t"] }
            """)
        #expect(
            prepared.builds.map(\.groups) == [
                ["a", "b"], ["other-selector"], ["other-version"], ["other-target"], ["other-configuration"],
                ["other-builder"],
            ])
        #expect(Set(prepared.builds.map(\.key)).count == 6)
        #expect(prepared.builds.allSatisfy { $0.key.count == 32 })
        #expect(prepared.builds[0].selectors == ["s", "t"])
        #expect(
            prepared.builds[2].dependencies == [
                Dependency(module: "y", version: "2"), Dependency(module: "x", version: "1"),
            ])
        #expect(prepared.runs[0].groups[1].artifact == .build(key: prepared.builds[0].key))
    }

    @Test("a build's key depends on what is built and on nothing else")
    func stableKey() throws {
        let text = "\(Self.global)\n[[groups]]\nid = \"a\"\ninstances = { count = 2 }\n"
        let renamed = text.replacing("\"a\"", with: "\"z\"").replacing("= 2", with: "= 3")
        let key = try Fixture.prepare(text).builds[0].key
        #expect(try Fixture.prepare(renamed).builds[0].key == key)
        #expect(try Fixture.prepare(text, for: .build).builds[0].key == key)
    }

    @Test("a group that names an artifact is not built, unless artifacts are to be ignored")
    func artifacts() throws {
        let text = """
            \(Self.global)
            runner = "local:exec"
            [[groups]]
            id = "own"
            instances = { count = 1 }
            run = { artifact = "/bin/own" }
            [[groups]]
            id = "built"
            instances = { count = 1 }
            """
        let prepared = try Fixture.prepare(text)
        #expect(prepared.runs[0].groups[0].artifact == .existing("/bin/own"))
        #expect(prepared.runs[0].groups[0].builder == "")
        #expect(prepared.builds.map(\.groups) == [["built"]])
        #expect(
            try Fixture.prepare(text, ignoringArtifacts: true).builds.map(\.groups) == [["own", "built"]])
        let shared = text.replacing(
            "runner = ", with: "run = { artifact = \"/bin/all\" }\nrunner = ")
        let all = try Fixture.prepare(shared)
        #expect(all.runs[0].groups.map(\.artifact) == [.existing("/bin/own"), .existing("/bin/all")])
        #expect(all.builds == [])
    }

    // MARK: Single

    @Test("a single run is one group made of flags")
    func single() throws {
        var flags = Composition.SingleRun(plan: "demo")
        flags.testCase = "sync"
        flags.builder = "exec:generic"
        flags.instances = 4
        flags.parameters = ["rounds": "9"]
        flags.runConfiguration = ["isolation": .string("none")]
        flags.buildConfiguration = ["build": .string("make all")]
        flags.dependencies = [Dependency(module: "m", version: "v")]
        flags.disableMetrics = true
        let preparer = CompositionPreparer(manifest: try Fixture.manifest(), components: Fixture.components)
        let prepared = try preparer.prepare(Composition.single(flags))
        let run = prepared.runs[0]
        #expect(run.groups.map(\.id) == ["single"])
        #expect(run.totalInstances == 4)
        #expect(run.disableMetrics)
        #expect(run.groups[0].parameters["rounds"] == "9")
        #expect(run.runnerConfiguration["isolation"] == .string("none"))
        #expect(prepared.builds[0].configuration == ["build": .string("make all")])
        #expect(prepared.builds[0].dependencies == [Dependency(module: "m", version: "v")])

        flags.artifact = "/bin/x"
        flags.instances = nil
        let given = try preparer.prepare(Composition.single(flags))
        #expect(given.builds == [])
        #expect(given.runs[0].groups[0].artifact == .existing("/bin/x"))
        #expect(given.runs[0].totalInstances == 5, "the test case's default")

        flags.parameters = ["rounds": "often"]
        let error = #expect(throws: ModelError.self) { _ = try preparer.prepare(Composition.single(flags)) }
        #expect(
            error?.description
                == #"error: --test-param rounds is "often", no integer (write an integer, such as 42)"#)
    }

    @Test("flags with a key and a value, and dependencies, are read; others are refused with an example")
    func flags() throws {
        #expect(try FlagText.parameters(["a=1", "b=x=y", "a="], flag: "--tp") == ["a": "", "b": "x=y"])
        #expect(
            try FlagText.configuration(["n=1", "s=one", "l=[1]"], flag: "--run-cfg")
                == ["n": .integer(1), "s": .string("one"), "l": .array([.integer(1)])])
        #expect(
            try FlagText.dependency("m=v1", flag: "--dep") == Dependency(module: "m", version: "v1"))
        #expect(
            try FlagText.dependency("m=t@h@v1", flag: "--dep")
                == Dependency(module: "m", target: "t@h", version: "v1"))
        for text in ["", "a", "=1"] {
            let error = #expect(throws: ModelError.self) { _ = try FlagText.pair(text, flag: "--tp") }
            #expect(
                error?.description
                    == "error: --tp \"\(text)\" is not a key and a value (write --tp key=value)")
        }
        for text in ["m", "m=", "m=t@"] {
            #expect(throws: ModelError.self) { _ = try FlagText.dependency(text, flag: "--dep") }
        }
    }

    // MARK: Size

    @Test("a composition of a thousand groups and a run of each prepares whole")
    func large() throws {
        let prepared = try LargeComposition.prepare(groups: 1000)
        #expect(prepared.runs.count == 1000)
        #expect(prepared.runs.allSatisfy { $0.totalInstances == 4 && $0.groups.count == 2 })
        #expect(prepared.builds.count == 10)
        #expect(prepared.builds.map(\.groups.count).reduce(0, +) == 1000)
    }
}

/// A composition of any size, for tests and for measuring.
enum LargeComposition {
    static func text(groups: Int) -> String {
        var text = "[global]\ncase = \"sync\"\n[global.run.test_params]\nnote = \"shared\"\n"
        for index in 0..<groups {
            text += """

                [[groups]]
                id = "group-\(index)"
                instances = { count = 2 }
                  [groups.build]
                  selectors = ["s\(index % 10)"]
                  [groups.run.test_params]
                  rounds = "\(index)"

                """
        }
        for index in 0..<groups {
            text += """

                [[runs]]
                id = "run-\(index)"
                  [[runs.groups]]
                  id = "left"
                  group_id = "group-\(index)"
                  [[runs.groups]]
                  id = "right"
                  group_id = "group-\((index + 1) % groups)"

                """
        }
        return text
    }

    static func prepare(groups: Int) throws -> PreparedComposition {
        try Fixture.prepare(text(groups: groups))
    }
}
