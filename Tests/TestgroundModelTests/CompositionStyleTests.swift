// Every style of composition in use: read as meant, and the same after being written and read again.

import Foundation
import Testing

@testable import TestgroundModel

@Suite("compositions of every style are read, written and read again")
struct CompositionStyleTests {
    struct Style: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var text: String

        init(_ name: String, _ text: String) {
            testDescription = name
            self.text = text
        }
    }

    static let everything = """
        [metadata]
        name = "all"
        author = "someone"

        [global]
        plan = "demo/plan"
        case = "sync"
        total_instances = 10
        concurrent_builds = 3
        builder = "exec:swift"
        runner = "local:exec"
        disable_metrics = true
          [global.build_config]
          product = "demo"
          [global.build]
          selectors = ["s1", "s2"]
            [[global.build.dependencies]]
            module = "m"
            version = "v1"
          [global.run_config]
          isolation = "none"
          [global.run]
          artifact = ""
            [global.run.test_params]
            rounds = "7"
            [global.run.profiles]
            cpu = "true"

        [[groups]]
        id = "a"
        builder = "exec:generic"
        resources = { memory = "512Mi", cpu = "100m" }
        instances = { percentage = 0.5 }
          [groups.build_config]
          product = "a"
            [groups.build_config.nested]
            deep = [1, 2.5, { x = true }]
          [groups.build]
          selectors = ["s3"]
          dependencies = [{ module = "m", target = "t", version = "v2" }]
          [groups.run]
          artifact = "/bin/a"
            [groups.run.test_params]
            mode = "quic"
            [groups.run.profiles]
            heap = "5s"

        [[groups]]
        id = "b"
        instances = { count = 5 }

        [[runs]]
        id = "first"
        total_instances = 4
        test_params = { rounds = "1" }
          [[runs.groups]]
          id = "x"
          group_id = "a"
          resources = { cpu = "1" }
          instances = { count = 4 }
          test_params = { mode = "tcp" }
          profiles = { cpu = "true" }

        [[runs]]
        id = "second"
          [[runs.groups]]
          group_id = "b"
        """

    static let styles: [Style] = [
        Style("everything at once", everything),
        Style("nothing", ""),
        Style(
            "one group, counted",
            """
            [global]
            plan = "p"
            case = "sync"
            total_instances = 2
            builder = "exec:swift"
            runner = "local:exec"
            [[groups]]
            id = "single"
            instances = { count = 2 }
            """),
        Style(
            "as upstream writes it, with zeros and empty texts",
            """
            [metadata]
              name = ""
              author = ""
            [global]
              plan = "p"
              case = "c"
              total_instances = 0
              concurrent_builds = 0
              builder = ""
              runner = "local:exec"
              disable_metrics = false
            [[groups]]
              id = "g"
              builder = "docker:go"
              [groups.resources]
                memory = ""
                cpu = ""
              [groups.instances]
                count = 2
                percentage = 0.0
              [groups.build]
                selectors = []
              [groups.run]
                artifact = "image"
            [[runs]]
              id = "r"
              total_instances = 0
              [[runs.groups]]
                id = "g"
                group_id = ""
                [runs.groups.instances]
                  count = 0
                  percentage = 0.0
            """),
        Style(
            "parameters that are no strings, and a key that needs quotes",
            """
            [global.run.test_params]
            n = 1
            list = ["a", 2]
            "odd key" = true
            [global.build_config.dockerfile_extensions]
            pre_build = \"\"\"
            RUN a && \\\\
              b "c" 'd'
            \"\"\"
            [[groups]]
            id = "g"
            """),
        Style(
            "a network section",
            """
            [network]
            ipv6 = false
            mtu = 9000
            subnet_bits = 20
            default = { latency = "5ms", bandwidth = 1000000 }
            [[network.regions]]
            name = "a"
            percentage = 0.5
            [[network.links]]
            from = "a"
            to = "a"
            loss = 0.5
            """),
    ]

    @Test("writing and reading again changes nothing", arguments: styles)
    func roundTrip(style: Style) throws {
        let composition = try Fixture.composition(style.text).value
        let text = composition.text
        #expect(try Fixture.composition(text).value == composition, "\(text)")
        #expect(try Fixture.composition(text).value.text == text)
    }

    @Test("every field of the contract is read")
    func fields() throws {
        let parsed = try Fixture.composition(Self.everything)
        #expect(parsed.warnings == [])
        var expected = Composition()
        expected.metadata = Composition.Metadata(name: "all", author: "someone")
        expected.global.plan = "demo/plan"
        expected.global.testCase = "sync"
        expected.global.totalInstances = 10
        expected.global.concurrentBuilds = 3
        expected.global.builder = "exec:swift"
        expected.global.runner = "local:exec"
        expected.global.disableMetrics = true
        expected.global.buildConfiguration = ["product": .string("demo")]
        expected.global.build = Composition.Build(
            selectors: ["s1", "s2"], dependencies: [Dependency(module: "m", version: "v1")])
        expected.global.runConfiguration = ["isolation": .string("none")]
        expected.global.run = Composition.RunSettings(
            parameters: ["rounds": "7"], profiles: ["cpu": "true"])
        var a = Composition.Group(id: "a", instances: .percentage(0.5))
        a.builder = "exec:generic"
        a.resources = Resources(memory: "512Mi", cpu: "100m")
        a.buildConfiguration = [
            "product": .string("a"),
            "nested": .table(["deep": .array([.integer(1), .double(2.5), .table(["x": .boolean(true)])])]),
        ]
        a.build = Composition.Build(
            selectors: ["s3"], dependencies: [Dependency(module: "m", target: "t", version: "v2")])
        a.run = Composition.RunSettings(
            artifact: "/bin/a", parameters: ["mode": "quic"], profiles: ["heap": "5s"])
        expected.groups = [a, Composition.Group(id: "b", instances: .count(5))]
        var x = Composition.RunGroup(id: "x", groupID: "a", instances: .count(4))
        x.resources = Resources(cpu: "1")
        x.parameters = ["mode": "tcp"]
        x.profiles = ["cpu": "true"]
        var first = Composition.Run(id: "first", groups: [x])
        first.totalInstances = 4
        first.parameters = ["rounds": "1"]
        let second = Composition.Run(id: "second", groups: [Composition.RunGroup(id: "", groupID: "b")])
        expected.runs = [first, second]
        #expect(parsed.value == expected)
    }

    @Test("random compositions are the same after writing and reading", arguments: 0..<60 as Range<UInt64>)
    func randomRoundTrip(seed: UInt64) throws {
        var random = RandomComposition(generator: SeededGenerator(state: seed))
        let composition = random.composition()
        let text = composition.text
        #expect(try Fixture.composition(text).value == composition, "\(text)")
    }

    @Test("parameters that are no strings become their JSON text")
    func parameterTexts() throws {
        let text = "[global.run.test_params]\nn = 1\nlist = [\"a\", 2]\nyes = true\nhalf = 0.5\n"
        #expect(
            try Fixture.composition(text).value.global.run.parameters
                == ["n": "1", "list": #"["a",2]"#, "yes": "true", "half": "0.5"])
    }

    @Test("sections are written in the order people read them in")
    func order() throws {
        let text = try Fixture.composition(Self.everything).value.text
        let places = ["\n[global]", "\n[[groups]]", "\n[[runs]]"].map { text.range(of: $0)?.lowerBound }
        #expect(text.hasPrefix("[metadata]"))
        let found = places.compactMap { $0 }
        #expect(found.count == 3)
        #expect(found == found.sorted())
    }

    @Test("a group's share of artifacts can be noted and written back")
    func artifacts() throws {
        var composition = try Fixture.composition("[[groups]]\nid = \"g\"\n").value
        composition.groups[0].run.artifact = "/builds/g"
        #expect(try Fixture.composition(composition.text).value.groups[0].run.artifact == "/builds/g")
    }

    @Test("what is wrong in a file is said with file, line and column, unknown keys with the nearest")
    func diagnostics() throws {
        let text = """
            [global]
            plan = 5
            total_instances = -3
            runer = "local:exec"
            disable_metrics = "yes"
              [global.build]
              selectors = "a"
              dependencies = [{ version = "1" }, { module = "m" }]

            [[groups]]
            instances = { count = 1, percentage = 0.5 }
            resources = { memory = "512MB" }
            [[groups]]
            id = "a/b"
            instances = { percentage = 50 }
            run = { test_param = { a = "b" } }
            [[runs]]
            id = "r"
            groups = [{ instances = { count = 1 } }]
            [network]
            x = 1
            """
        let lines = try Fixture.parseDiagnostics(text)
        let expected = [
            #"2:1: error: "global.plan" must be a string, not the integer 5 (write plan = "5")"#,
            #"3:1: error: "global.total_instances" must not be negative, as -3 is"#,
            #"4:1: warning: unknown key "global.runer" (did you mean "runner"?)"#,
            #"5:1: error: "global.disable_metrics" must be true or false, not the string "yes""#,
            #"7:3: error: "global.build.selectors" must be an array of strings, not the string "a""#,
            "8:19: error: a dependency has no module (write module, version and perhaps target)",
            #"8:38: error: the dependency "m" has no version"#,
            #"10:1: error: a group has no id (write id = "…")"#,
            #"11:1: error: "groups[0].instances" has both count and percentage (write one of them)"#,
            #"12:15: error: memory = "512MB" is no quantity of Kubernetes "#
                + #"(write memory = "512Mi", for instance)"#,
            #"14:1: error: the id "a/b" cannot name a folder (use letters, digits, -, _ and .)"#,
            "15:15: error: a percentage is a share above 0 and up to 1, which 50 is not "
                + "(write 0.5 for 50 %)",
            #"16:9: warning: unknown key "groups[1].run.test_param" (did you mean "test_params"?)"#,
            "19:11: error: a group of a run has neither id nor group_id (name the group it runs)",
            #"21:1: warning: unknown key "network.x""#,
        ]
        #expect(lines == expected.map { "composition.toml:\($0)" })
    }

    @Test("an array where a table belongs, and the other way round, is said so")
    func shapes() throws {
        #expect(
            try Fixture.parseDiagnostics("groups = 1\n[[global]]\n[runs]\nid = \"x\"") == [
                #"composition.toml:1:1: error: "groups" must be an array of tables, not the integer 1 "#
                    + "(begin each with [[groups]])",
                #"composition.toml:2:1: error: "global" must be a table, not an array"#,
                #"composition.toml:3:1: error: "runs" must be an array of tables, not a table "#
                    + "(begin each with [[runs]])",
            ])
    }
}
