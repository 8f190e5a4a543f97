// What bad input and hostile plans get: one clear message, a correct exit status, nothing running, nothing lost.

import Foundation
import Testing

@Suite("Bad input and hostile plans", .timeLimit(.minutes(5)))
struct BadInputTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func composition(_ text: String) throws -> String {
        let file = "\(bench.home)/c.toml"
        try bench.write(text, to: file)
        return file
    }

    private let valid = """
        [global]
        plan = "p"
        case = "main"
        builder = "exec:generic"
        runner = "local:exec"

        """

    /// Nobody should have to read a Swift type's name or a stack.
    private func expectPlain(_ result: ProgramResult) {
        for word in ["Error(", "Swift.", "Fatal error", "Optional("] {
            #expect(!result.text.contains(word), "\(result.text)")
        }
    }

    @Test("a manifest without a name is refused with its file")
    func noName() async throws {
        try bench.plan("p", script: "success\n")
        try bench.write("[[testcases]]\nname = \"main\"\n", to: "\(bench.home)/plans/p/manifest.toml")
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(result.status == 2, "\(result.text)")
        #expect(result.errors.contains("manifest.toml") && result.errors.contains("name"))
        expectPlain(result)
    }

    @Test("a group naming an unknown builder is told the known ones, with file and line")
    func unknownBuilder() async throws {
        try bench.plan("p", script: "success\n")
        let file = try composition(
            valid + "[[groups]]\nid = \"g\"\nbuilder = \"exec:generc\"\ninstances = { count = 1 }\n")
        let result = try await bench.call("run", "composition", "-f", file)
        #expect(result.status == 2, "\(result.text)")
        #expect(result.errors.contains("c.toml:8") && result.errors.contains("exec:generc"))
        #expect(result.errors.contains("exec:generic"))
        expectPlain(result)
    }

    @Test("a cyclic template is refused with its names")
    func cyclicTemplate() async throws {
        try bench.plan("p", script: "success\n")
        let file = try composition(
            "{{ define \"a\" }}{{ template \"b\" }}{{ end }}{{ define \"b\" }}{{ template \"a\" }}{{ end }}"
                + "{{ template \"a\" }}\n" + valid)
        let result = try await bench.call("run", "composition", "-f", file)
        #expect(result.status == 2, "\(result.text)")
        #expect(result.errors.contains("c.toml:1"), "\(result.errors)")
        expectPlain(result)
    }

    @Test("a parameter that is no integer is named with its value")
    func badParameter() async throws {
        try bench.plan(
            "p", parameters: "[testcases.params]\nsize = { type = \"int\", default = 7 }\n",
            script: "success\n")
        let result = try await bench.call(
            "run", "single", "-p", "p", "-t", "main", "-i", "1", "--tp", "size=many")
        #expect(result.status == 2, "\(result.text)")
        #expect(result.errors.contains("size") && result.errors.contains("many"))
        expectPlain(result)
    }

    @Test("an instance count out of bounds is told the bounds")
    func outOfBounds() async throws {
        try bench.plan("p", instances: "{ min = 2, max = 4, default = 2 }", script: "success\n")
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "9")
        #expect(result.status == 2, "\(result.text)")
        #expect(result.errors.contains("9") && result.errors.contains("4"))
        expectPlain(result)
    }

    @Test("unknown plan, unknown case, wrong flag: wrong use, exit 2")
    func wrongUse() async throws {
        try bench.plan("p", script: "success\n")
        for arguments in [
            ["run", "single", "-p", "nowhere", "-t", "main", "-i", "1"],
            ["run", "single", "-p", "p", "-t", "mian", "-i", "1"],
            ["run", "single", "--no-such-flag"], ["run", "composition", "-f", "nowhere.toml"], ["frobnicate"],
        ] {
            let result = try await bench.start(arguments).finish()
            #expect(result.status == 2, "\(arguments): \(result.text)")
            expectPlain(result)
        }
    }

    @Test("a plan that does not build shows its tool's lines, not a stack of wrappers")
    func doesNotBuild() async throws {
        try bench.plan("p", build: "echo main.c:7: no such thing >&2; exit 4", script: "success\n")
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(result.status == 1, "\(result.text)")
        #expect(result.text.contains("main.c:7: no such thing"))
        expectPlain(result)
    }

    @Test("an artifact that is no executable is named")
    func notExecutable() async throws {
        try bench.plan("p", script: "success\n")
        let path = "\(bench.home)/plans/p/plan.sh"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(result.status == 1, "\(result.text)")
        #expect(result.errors.contains("plan.sh") && result.errors.contains("executable"))
        expectPlain(result)

        try Data([0x7f, 0x45, 0x4c, 0x46, 0, 0]).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        let broken = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(broken.status == 1, "\(broken.text)")
        expectPlain(broken)
    }

    @Test("a 20 MiB line and a gigabyte of output arrive whole, and the run succeeds")
    func muchOutput() async throws {
        try bench.plan(
            "p",
            script: """
                head -c 20971520 /dev/zero | tr '\\0' x; echo
                head -c 1073741824 /dev/zero >&2
                success
                """)
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(result.status == 0, "\(result.text.suffix(2000))")
        let run = try #require(bench.runs(of: "p").first)
        let errors = try FileManager.default.attributesOfItem(atPath: "\(run)/single/0/run.err")
        #expect(errors[.size] as? Int == 1_073_741_824)
        let output = try FileManager.default.attributesOfItem(atPath: "\(run)/single/0/run.out")
        #expect((output[.size] as? Int ?? 0) > 20_971_520)
        #expect(result.text.utf8.count < 8_000_000)
    }

    @Test("children that an instance leaves behind are ended with it")
    func leavesChildren() async throws {
        try bench.plan("p", script: "setsid sleep 86417 &\n(sleep 86417 &) &\nsuccess\n")
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "2")
        #expect(result.status == 0, "\(result.text)")
        #expect(processes(mentioning: bench.home) == [])
    }

    @Test("an instance that ignores SIGTERM is ended at the time limit, and named with what it was doing")
    func ignoresTerm() async throws {
        try bench.plan(
            "p",
            script: """
                trap '' TERM
                event '"stage_start_event":{"name":"stuck-here","group":"single"}'
                while :; do sleep 1; done
                """)
        let result = try await bench.call(
            "run", "single", "-p", "p", "-t", "main", "-i", "2", "--timeout", "2s")
        #expect(result.status == 1, "\(result.text)")
        #expect(try bench.outcomes(of: "p") == ["single/0": "timeout", "single/1": "timeout"])
        #expect(result.text.contains("stuck-here"))
        #expect(processes(mentioning: bench.home) == [])
    }

    @Test("a full disk fails the run with the reason and leaves nothing running")
    func fullDisk() async throws {
        guard getuid() == 0 else {
            // Only root can mount the small file system this needs; CI is root.
            return
        }
        let small = "\(Workbench.temporary)/testground-small-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        #expect(try shell("mount -t tmpfs -o size=8m none \(small)") == 0)
        defer { _ = try? shell("umount -l \(small); rmdir \(small)") }
        let bench = try Workbench(home: "\(small)/home")
        try bench.plan("p", script: "head -c 33554432 /dev/zero >&2\nsuccess\n")
        let result = try await bench.call("run", "single", "-p", "p", "-t", "main", "-i", "1")
        #expect(result.status == 1, "\(result.text)")
        #expect(result.text.lowercased().contains("space"), "\(result.text)")
        #expect(processes(mentioning: bench.home) == [])
        expectPlain(result)
    }

    private func shell(_ command: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
