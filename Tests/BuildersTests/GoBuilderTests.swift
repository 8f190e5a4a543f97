// exec:go on real modules that need nothing but Go's standard library.

import Execution
import Foundation
import TestgroundModel
import Testing

@testable import Builders

/// Whether there is a Go to test with.
private let hasGo = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/go")
}

@Suite("exec:go", .timeLimit(.minutes(5)), .enabled(if: hasGo, "`go` is not in PATH: install golang-go"))
struct GoBuilderTests {
    private let shop: Workshop
    private let builder = GoBuilder()

    init() throws {
        shop = try Workshop()
        try shop.write("module example.com/p\n\ngo 1.16\n", to: "go.mod")
    }

    private func main(_ body: String, imports: String = "") -> String {
        "package main\n\nimport \"fmt\"\n\(imports)\nfunc main() {\n\tfmt.Println(\(body))\n}\n"
    }

    @Test("builds, keeps what is unchanged, rebuilds what is changed, and writes nothing into the plan")
    func building() async throws {
        try shop.write(main("word"), to: "main.go")
        try shop.write("//go:build !fast\n\npackage main\n\nvar word = \"slow\"\n", to: "slow.go")
        try shop.write("//go:build fast && odd\n\npackage main\n\nvar word = \"fast\"\n", to: "fast.go")
        let before = shop.planFiles
        let first = try await builder.build(shop.request("exec:go"))
        #expect(!first.cached)
        #expect(try output(of: first.artifact) == "slow")
        #expect(first.dependencies == [:])
        #expect(shop.planFiles == before)

        let second = try await builder.build(shop.request("exec:go"))
        #expect(second.cached && second.artifact == first.artifact)

        let selected = try await builder.build(shop.request("exec:go", key: "f", selectors: ["fast", "odd"]))
        #expect(try output(of: selected.artifact) == "fast")

        try shop.write("//go:build !fast\n\npackage main\n\nvar word = \"late\"\n", to: "slow.go")
        let third = try await builder.build(shop.request("exec:go"))
        #expect(!third.cached)
        #expect(try output(of: third.artifact) == "late")
        #expect(try output(of: first.artifact) == "slow")
    }

    @Test("a compile error shows the compiler's line")
    func compileError() async throws {
        try shop.write(main("nowhere"), to: "main.go")
        let error = try await builder.failure(shop.request("exec:go"))
        #expect(error.code == .buildFailed)
        #expect(error.details.contains { $0.contains("main.go:6:14: undefined: nowhere") }, "\(error)")
    }

    @Test("replacements and the linked SDK are built against, and stand in the result's dependencies")
    func replacements() async throws {
        try shop.write(
            "module example.com/p\n\ngo 1.16\n\nrequire (\n\texample.com/lib v1.0.0\n"
                + "\tgithub.com/testground/sdk-go v0.1.0\n\texample.com/near v1.0.0\n)\n\n"
                + "replace example.com/near => ../near\n", to: "go.mod")
        try shop.write(
            main(
                "lib.Word, sdk.Word, near.Word",
                imports: "import \"example.com/lib\"\nimport sdk \"github.com/testground/sdk-go\"\n"
                    + "import \"example.com/near\"\n"),
            to: "main.go")
        try shop.write("module example.com/lib\n", to: "../fork/go.mod")
        try shop.write("package lib\n\nconst Word = \"forked\"\n", to: "../fork/lib.go")
        try shop.write("module github.com/testground/sdk-go\n", to: "../sdk/go.mod")
        try shop.write("package sdk\n\nconst Word = \"linked\"\n", to: "../sdk/sdk.go")
        try shop.write("module example.com/near\n", to: "../near/go.mod")
        try shop.write("package near\n\nconst Word = \"near\"\n", to: "../near/near.go")
        let result = try await builder.build(
            shop.request(
                "exec:go",
                dependencies: [Dependency(module: "example.com/lib", target: "../fork", version: "")],
                sdk: "\(shop.root)/sdk"))
        #expect(try output(of: result.artifact) == "forked linked near")
        #expect(result.dependencies["example.com/lib"] == "\(shop.root)/fork")
        #expect(result.dependencies["github.com/testground/sdk-go"]?.hasSuffix("/stage/sdk") == true)
        #expect(result.dependencies["example.com/near"] == "\(shop.root)/near")
    }

    @Test("a package below the module, and a fresh go.mod, can be asked for")
    func packageAndFreshModule() async throws {
        try FileManager.default.removeItem(atPath: "\(shop.plan)/go.mod")
        try shop.write(main("\"below\""), to: "cmd/main.go")
        let refused = try await builder.failure(shop.request("exec:go"))
        #expect(refused.code == .buildFailed && refused.message.contains("fresh_gomod"))
        let result = try await builder.build(
            shop.request(
                "exec:go",
                [
                    "exec_pkg": .string("./cmd"), "fresh_gomod": .boolean(true),
                    "module_path": .string("example.com/fresh"),
                ]))
        #expect(try output(of: result.artifact) == "below")
        #expect(shop.planFiles == ["cmd", "cmd/main.go"])
    }

    @Test("a missing Go says how to install it")
    func missing() async throws {
        try shop.write(main("1"), to: "main.go")
        let error = try await builder.failure(shop.request("exec:go", path: shop.root))
        #expect(error.code == .toolMissing)
        #expect(error.message.contains("apt-get install golang-go"))
    }

    @Test("the list of modules is read with versions, replacements and without the plan's own")
    func listing() {
        let text = """
            example.com/p
            example.com/a v1.2.3
            example.com/b v1.0.0 => example.com/fork v2.0.0
            example.com/c v1.0.0 => ../c
            """
        #expect(
            GoBuilder.dependencies(listed: text) == [
                "example.com/a": "v1.2.3", "example.com/b": "example.com/fork@v2.0.0",
                "example.com/c": "../c",
            ])
    }

    @Test("its healthcheck compiles a program")
    func health() async throws {
        let context = HealthcheckContext(
            workDirectory: shop.work, outputsDirectory: shop.root, instances: 1,
            environment: ProcessInfo.processInfo.environment)
        let report = await HealthcheckRun(builder.healthcheck(context), fixing: true).report()
        #expect(report.checks.map(\.status) == [.failed, .ok], "\(report)")
    }
}
