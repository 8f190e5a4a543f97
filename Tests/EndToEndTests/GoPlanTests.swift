// A Go plan as upstream's users bring it: a module with a replacement, vendored dependencies, build tags and a
// package below its root, on the WebSocket library of the Go SDK (Tests/EndToEndTests/GoPlan).

import Foundation
import Testing

private let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "GoPlan")

/// Where the distribution keeps the sources of Go libraries.
private let library = "/usr/share/gocode/src"
private let vendored = ["nhooyr.io/websocket", "github.com/klauspost/compress/flate"]
private let canBuild =
    FileManager.default.isExecutableFile(atPath: "/usr/bin/go")
    && vendored.allSatisfy { FileManager.default.fileExists(atPath: "\(library)/\($0)") }

@Suite(
    "A Go plan", .timeLimit(.minutes(5)),
    .enabled(if: canBuild, "needs go and golang-nhooyr-websocket-dev: Scripts/install-test-tools.sh"))
struct GoPlanTests {
    private let bench: Workbench
    private let plan: String

    init() throws {
        bench = try Workbench()
        plan = "\(bench.home)/plans/go-plan"
        try FileManager.default.copyItem(at: source, to: URL(filePath: plan))
        try vendor()
    }

    /// Does what `go mod vendor` does, without the network.
    private func vendor() throws {
        let files = FileManager.default
        func copy(_ from: String, _ path: String) throws {
            let target = URL(filePath: "\(plan)/vendor/\(path)")
            try files.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try files.copyItem(atPath: from, toPath: target.path(percentEncoded: false))
        }
        for path in vendored { try copy("\(library)/\(path)", path) }
        try copy("\(plan)/wire", "example.com/wire")
        try bench.write(
            """
            # example.com/wire v0.0.0 => ./wire
            ## explicit; go 1.16
            example.com/wire
            # github.com/klauspost/compress v1.10.3
            ## explicit; go 1.17
            github.com/klauspost/compress/flate
            # nhooyr.io/websocket v1.8.7
            ## explicit; go 1.13
            nhooyr.io/websocket
            nhooyr.io/websocket/internal/bpool
            nhooyr.io/websocket/internal/errd
            nhooyr.io/websocket/internal/xsync
            nhooyr.io/websocket/wsjson
            # example.com/wire => ./wire

            """, to: "\(plan)/vendor/modules.txt")
    }

    /// No module is ever fetched here.
    private func call(_ arguments: String...) async throws -> ProgramResult {
        try await bench.start(
            arguments,
            environment: [
                "GOFLAGS": "", "GOPROXY": "off", "GOCACHE": "\(bench.home)/cache",
                "GOPATH": "\(bench.home)/go",
            ]
        ).finish()
    }

    @Test("five instances that speak as the Go SDK does succeed, and their outputs are as upstream has them")
    func exchange() async throws {
        let result = try await call(
            "run", "single", "-p", "go-plan", "-t", "exchange", "-b", "exec:go", "-r", "local:exec", "-i",
            "5",
            "--collect", "-o", "\(bench.home)/out.tgz")
        #expect(result.status == 0, "\(result.text)")
        // Tables of the builders and runners that are not used are nobody's mistake.
        #expect(!result.text.contains("docker"), "\(result.text)")
        #expect(result.text.contains("claimed sequence numbers; global=5"))
        #expect(try bench.outcomes(of: "go-plan").values.filter { $0 == "success" }.count == 5)

        let run = try #require(bench.runs(of: "go-plan").first)
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(run)/single/3").sorted()
        #expect(files == ["results.out", "run.err", "run.out", "stderr.log"])
        let log = try String(contentsOfFile: "\(run)/single/3/run.out", encoding: .utf8)
        #expect(log.hasPrefix(#"{"ts":"#) && log.contains(#""success_event":{"group":"single"}"#))
        let errors = try String(contentsOfFile: "\(run)/single/3/run.err", encoding: .utf8)
        #expect(errors == "said through the pipe\n")
        let all = try String(contentsOfFile: "\(run)/single/3/stderr.log", encoding: .utf8)
        #expect(all.contains("said before the start\n") && all.hasSuffix(errors))
        #expect(try archived("\(bench.home)/out.tgz").contains("\(name(of: run))/single/4/run.out"))
    }

    @Test("a composition's selectors are build tags, and groups that differ in them are built apart")
    func selectors() async throws {
        let file = "\(bench.home)/composition.toml"
        try bench.write(
            """
            [metadata]
            name = "flavours"
            [global]
            plan = "go-plan"
            case = "exchange"
            total_instances = 4
            builder = "exec:go"
            runner = "local:exec"
            {{ range (split "plain,deluxe") }}
            [[groups]]
            id = "{{ . }}"
              [groups.resources]
              memory = ""
              cpu = ""
              [groups.instances]
              count = 2
              percentage = 0.0
              [groups.build]
              selectors = [{{ if ne . "plain" }}"{{ . }}"{{ end }}]
              [groups.run.test_params]
              flavour = "{{ . }}"
              payload_bytes = "100"
            {{ end }}
            """, to: file)
        let result = try await call("run", "composition", "-f", file)
        #expect(result.status == 0, "\(result.text)")
        #expect(
            try bench.outcomes(of: "go-plan") == [
                "plain/0": "success", "plain/1": "success", "deluxe/0": "success", "deluxe/1": "success",
            ])
    }

    @Test("its default builder and runner, which this version has not, are refused with what to use instead")
    func defaults() async throws {
        let result = try await call("run", "single", "-p", "go-plan", "-t", "exchange", "-i", "1")
        #expect(result.status == 2, "\(result.text)")
        for part in [
            #""docker:go", which this version does not have"#, "--builder exec:go",
            #""local:docker", which this version does not have"#, "--runner local:exec",
        ] {
            #expect(result.errors.contains(part), "\(result.errors)")
        }
    }

    @Test("modules that cannot be fetched are named, with the remedy")
    func noNetwork() async throws {
        try FileManager.default.removeItem(atPath: "\(plan)/vendor")
        let result = try await call(
            "run", "single", "-p", "go-plan", "-t", "exchange", "-b", "exec:go", "-r", "local:exec", "-i", "1"
        )
        #expect(result.status == 1, "\(result.text)")
        #expect(result.errors.contains("nhooyr.io/websocket"), "\(result.errors)")
        #expect(result.errors.contains("go mod vendor"), "\(result.errors)")
        #expect(!result.text.contains("START"), "\(result.text)")
    }

    private func name(of directory: String) -> String { URL(filePath: directory).lastPathComponent }

    /// Names in an archive.
    private func archived(_ archive: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/tar")
        process.arguments = ["-tzf", archive]
        let list = "\(bench.home)/list"
        try Data().write(to: URL(filePath: list))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: list))
        try process.run()
        process.waitUntilExit()
        return try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
