// exec:swift on real packages.

import Execution
import Foundation
import TestgroundModel
import Testing

@testable import Builders

@Suite("exec:swift", .timeLimit(.minutes(5)))
struct SwiftBuilderTests {
    private let shop: Workshop
    private let builder = SwiftBuilder()

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(name: "p", targets: [.executableTarget(name: "p")])
            """, to: "Package.swift")
    }

    @Test("builds, keeps what is unchanged, rebuilds what is changed, and never touches an artifact again")
    func building() async throws {
        try shop.write(
            """
            #if fast
            print("fast one")
            #else
            print("slow one")
            #endif
            """, to: "Sources/p/main.swift")
        let before = shop.planFiles
        let listener = Listener()
        let first = try await builder.build(shop.request("exec:swift"), progress: listener)
        #expect(!first.cached)
        #expect(try output(of: first.artifact) == "slow one")
        #expect(listener.lines.contains { $0.contains("Building for production") })
        #expect(shop.planFiles == before, "the plan's directory must stay as its author left it")

        let second = try await builder.build(shop.request("exec:swift"))
        #expect(second.cached)
        #expect(second.artifact == first.artifact)

        let selected = try await builder.build(
            shop.request("exec:swift", key: "fast", ["configuration": .string("debug")], selectors: ["fast"]))
        #expect(try output(of: selected.artifact) == "fast one")

        try shop.write("print(\"changed\")\n", to: "Sources/p/main.swift")
        let third = try await builder.build(shop.request("exec:swift"))
        #expect(!third.cached)
        #expect(try output(of: third.artifact) == "changed")
        #expect(try output(of: first.artifact) == "slow one", "a running plan's artifact must not change")
    }

    @Test("a change in a local dependency rebuilds the plan")
    func localDependency() async throws {
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "p", dependencies: [.package(path: "../lib")],
                targets: [.executableTarget(name: "p", dependencies: [.product(name: "Lib", package: "lib")])])
            """, to: "Package.swift")
        try shop.write("import Lib\nprint(word)\n", to: "Sources/p/main.swift")
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "lib", products: [.library(name: "Lib", targets: ["Lib"])], targets: [.target(name: "Lib")])
            """, to: "../lib/Package.swift")
        try shop.write("public let word = \"old\"\n", to: "../lib/Sources/Lib/Lib.swift")
        let request = shop.request("exec:swift", ["configuration": .string("debug")])
        #expect(try output(of: await builder.build(request).artifact) == "old")
        // As long as before: only its contents and its time tell.
        try shop.write("public let word = \"new\"\n", to: "../lib/Sources/Lib/Lib.swift")
        #expect(try output(of: await builder.build(request).artifact) == "new")
    }

    @Test("a compile error shows the compiler's line and nothing of wrappers")
    func compileError() async throws {
        try shop.write("print(nowhere)\n", to: "Sources/p/main.swift")
        let error = try await builder.failure(shop.request("exec:swift", ["configuration": .string("debug")]))
        #expect(error.code == .buildFailed)
        #expect(error.message.contains("team/plan") && error.message.contains("exec:swift"))
        #expect(
            error.details.contains { $0.contains("main.swift:1:7: error: cannot find 'nowhere' in scope") })
    }

    @Test("of several executables one must be chosen, and can be")
    func product() async throws {
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "p", targets: [.executableTarget(name: "one"), .executableTarget(name: "two")])
            """, to: "Package.swift")
        try shop.write("print(1)\n", to: "Sources/one/main.swift")
        try shop.write("print(2)\n", to: "Sources/two/main.swift")
        let error = try await builder.failure(shop.request("exec:swift"))
        #expect(error.code == .configuration)
        #expect(error.message.contains("one, two") && error.message.contains("`product`"))
        let chosen = try await builder.build(
            shop.request("exec:swift", ["product": .string("two"), "configuration": .string("debug")]))
        #expect(try output(of: chosen.artifact) == "2")
    }

    @Test("what it cannot do is refused with a way out, not ignored")
    func refusals() async throws {
        try shop.write("print(1)\n", to: "Sources/p/main.swift")
        let replaced = try await builder.failure(
            shop.request(
                "exec:swift", dependencies: [Dependency(module: "a/libp2p", target: "b/fork", version: "1")]))
        #expect(replaced.code == .incompatible && replaced.message.contains("b/fork"))
        let selector = try await builder.failure(shop.request("exec:swift", selectors: ["a-b"]))
        #expect(selector.code == .configuration && selector.message.contains("a-b"))
        let wrong = try await builder.failure(
            shop.request("exec:swift", ["configuration": .string("fastest"), "static_stdlib": .integer(1)]))
        #expect(wrong.code == .configuration)
        #expect(wrong.description.contains("fastest") && wrong.description.contains("`static_stdlib` is 1"))
        let missing = try await builder.failure(shop.request("exec:swift", path: shop.root))
        #expect(missing.code == .toolMissing && missing.message.contains("swift.org"))
    }

    /// A git repository of a package `testground` with a version 1.0.0 and a later 1.1.0.
    private func sdkRepository() throws -> String {
        let manifest = """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "testground", products: [.library(name: "Testground", targets: ["Testground"])],
                targets: [.target(name: "Testground")])
            """
        for folder in ["testground", "working copy"] {
            try shop.write(manifest, to: "../\(folder)/Package.swift")
            try shop.write("public let word = \"local\"\n", to: "../\(folder)/Sources/Testground/Word.swift")
        }
        let script = """
            cd "$1"; git init -q; git config user.name t; git config user.email t@t.invalid
            for version in 1.0.0 1.1.0; do
                printf 'public let word = "%s"\\n' "$version" > Sources/Testground/Word.swift
                git add -A; git commit -qm "$version"; git tag "$version"
            done
            """
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", script, "sh", "\(shop.root)/testground"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return "\(shop.root)/testground"
    }

    @Test(
        "the SDK can be linked from a directory, and a dependency's version replaced, in a copy of the plan")
    func replacements() async throws {
        let repository = try sdkRepository()
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "p", dependencies: [.package(url: "\(repository)", from: "1.0.0")],
                targets: [
                    .executableTarget(
                        name: "p", dependencies: [.product(name: "Testground", package: "testground")])
                ])
            """, to: "Package.swift")
        try shop.write("import Testground\nprint(word)\n", to: "Sources/p/main.swift")
        let before = shop.planFiles
        let debug: ConfigurationTable = ["configuration": .string("debug")]
        let linked = shop.request("exec:swift", debug, sdk: "\(shop.root)/working copy")
        let first = try await builder.build(linked)
        #expect(try output(of: first.artifact) == "local")
        #expect(first.dependencies == ["testground": "\(shop.root)/working copy"])
        #expect(try await builder.build(linked).cached)
        try shop.write("public let word = \"edited\"\n", to: "../working copy/Sources/Testground/Word.swift")
        #expect(try output(of: await builder.build(linked).artifact) == "edited")

        let pinned = try await builder.build(
            shop.request(
                "exec:swift", debug, dependencies: [Dependency(module: repository, version: "v1.0.0")]))
        #expect(try output(of: pinned.artifact) == "1.0.0")
        #expect(pinned.dependencies == ["testground": "1.0.0"])
        let impossible = try await builder.failure(
            shop.request(
                "exec:swift", debug, dependencies: [Dependency(module: repository, version: "2.0.0")]))
        #expect(impossible.code == .buildFailed && impossible.description.contains("2.0.0"))
        #expect(shop.planFiles == before)

        let plain = try await builder.build(shop.request("exec:swift", debug))
        #expect(try output(of: plain.artifact) == "1.1.0")
    }

    @Test("a dependency that is a directory already cannot be replaced, and says so")
    func localReplacement() async throws {
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(
                name: "p", dependencies: [.package(path: "../testground")],
                targets: [.executableTarget(name: "p")])
            """, to: "Package.swift")
        let error = try await builder.failure(shop.request("exec:swift", sdk: "/sdk"))
        #expect(error.code == .incompatible && error.message.contains("from a directory already"))
    }

    @Test("the SDK is linked under the identity the plan knows it by")
    func sdkIdentity() {
        let linked = SwiftReplacement.ofSDK(by: "/sdk", among: ["swift-log", "testground-swift"])
        #expect(linked == SwiftReplacement(package: "testground-swift", by: .path("/sdk")))
        #expect(SwiftReplacement.ofSDK(by: "/sdk", among: ["testground"])?.package == "testground")
        #expect(SwiftReplacement.ofSDK(by: "/sdk", among: ["swift-log"]) == nil)
    }

    @Test("what a plan does not depend on cannot be replaced, and is not passed over")
    func foreignReplacement() async throws {
        try shop.write(
            """
            // swift-tools-version: 5.9
            import PackageDescription
            let package = Package(name: "p", targets: [.executableTarget(name: "p")])
            """, to: "Package.swift")
        try shop.write("print(1)\n", to: "Sources/p/main.swift")
        let sdk = try await builder.failure(shop.request("exec:swift", sdk: "\(shop.root)"))
        #expect(sdk.message.contains("does not depend on testground-swift"))
        let other = try await builder.failure(
            shop.request(
                "exec:swift",
                dependencies: [Dependency(module: "other", target: shop.root, version: "")]))
        #expect(other.message.contains("does not depend on other"))
    }

    @Test("versions, commits and branches are told apart")
    func meanings() {
        #expect(SwiftReplacement.meaning(of: "1.2.3") == .version("1.2.3"))
        #expect(SwiftReplacement.meaning(of: "v1.2.3-beta.1") == .version("1.2.3-beta.1"))
        #expect(SwiftReplacement.meaning(of: "1.2") == .branch("1.2"))
        let commit = String(repeating: "a1", count: 20)
        #expect(SwiftReplacement.meaning(of: commit) == .revision(commit))
        #expect(SwiftReplacement.identity(of: "https://github.com/apple/Swift-Log.git") == "swift-log")
    }

    @Test("a directory without a package is named")
    func noPackage() async throws {
        try FileManager.default.removeItem(atPath: "\(shop.plan)/Package.swift")
        let error = try await builder.failure(shop.request("exec:swift"))
        #expect(error.code == .buildFailed && error.message.contains("\(shop.plan) has no Package.swift"))
    }

    @Test("its healthcheck compiles a program")
    func health() async throws {
        let context = HealthcheckContext(
            workDirectory: shop.work, outputsDirectory: shop.root, instances: 1,
            environment: ProcessInfo.processInfo.environment)
        let report = await HealthcheckRun(builder.healthcheck(context), fixing: true).report()
        #expect(report.checks.map(\.status) == [.failed, .ok], "\(report)")
        #expect(report.fixes.map(\.status) == [.ok, .unnecessary])
        #expect(try FileManager.default.contentsOfDirectory(atPath: shop.work) == [])
    }
}
