// exec:generic with shell commands and scripts.

import Execution
import Foundation
import LinuxSystem
import TestgroundModel
import Testing

@testable import Builders

@Suite("exec:generic", .timeLimit(.minutes(1)))
struct GenericBuilderTests {
    private let shop: Workshop
    private let builder = GenericBuilder()

    init() throws { shop = try Workshop() }

    private func request(
        build: String? = nil, artifact: String = "plan.sh", selectors: [String] = [],
        dependencies: [Dependency] = [], extra: [String] = []
    ) -> BuildRequest {
        var configuration: ConfigurationTable = ["artifact": .string(artifact)]
        if let build { configuration["build"] = .string(build) }
        return shop.request(
            "exec:generic", configuration, selectors: selectors, dependencies: dependencies, extra: extra)
    }

    @Test("a script needs no build, and finds what lies beside it, as it was when it was built")
    func script() async throws {
        try shop.write("#!/bin/sh\ncat \"$(dirname \"$0\")/word\"\n", to: "plan.sh", mode: 0o755)
        try shop.write("old", to: "word")
        let first = try await builder.build(request())
        #expect(!first.cached)
        #expect(try output(of: first.artifact) == "old")
        #expect(try await builder.build(request()).cached)
        // The same length, so that only contents and times tell.
        try shop.write("new", to: "word")
        let second = try await builder.build(request())
        #expect(!second.cached)
        #expect(try output(of: second.artifact) == "new")
        #expect(try output(of: first.artifact) == "old")
    }

    @Test("a plan's directory may be a link, and links within a plan keep pointing where they did")
    func links() async throws {
        try shop.write("beside", to: "../beside/word")
        try shop.write("within", to: "words/here")
        try shop.write(
            "#!/bin/sh\ncat \"$(dirname \"$0\")\"/out/word \"$(dirname \"$0\")\"/in\n", to: "plan.sh",
            mode: 0o755)
        let files = FileManager.default
        try files.createSymbolicLink(atPath: "\(shop.plan)/out", withDestinationPath: "../beside")
        try files.createSymbolicLink(atPath: "\(shop.plan)/in", withDestinationPath: "words/here")
        try files.createDirectory(atPath: "\(shop.root)/far/away", withIntermediateDirectories: true)
        try files.createSymbolicLink(
            atPath: "\(shop.root)/far/away/plan", withDestinationPath: "\(shop.plan)/")
        var request = request()
        request.sources.directory = "\(shop.root)/far/away/plan"
        let result = try await builder.build(request)
        #expect(try output(of: result.artifact) == "besidewithin")
        let copy = result.artifact.reference.replacing("plan.sh", with: "in")
        #expect(try files.destinationOfSymbolicLink(atPath: copy) == "words/here")
        #expect(try await builder.build(request).cached)
    }

    @Test("a work directory that cannot be made is named in plain words")
    func noWorkDirectory() async throws {
        try shop.write("#!/bin/sh\n", to: "plan.sh", mode: 0o755)
        var request = request()
        request.workDirectory = "\(shop.plan)/plan.sh/work"
        let error = try await builder.failure(request)
        #expect(error.code == .system && error.message.contains("plan.sh"))
        #expect(!error.message.contains("Error("))
    }

    @Test("the command runs in a copy of the plan and is told selectors, dependencies and places")
    func command() async throws {
        try shop.write("word", to: "word")
        try shop.write("beside", to: "../beside/word")
        let build = """
            printf '#!/bin/sh\\necho "%s|%s|%s|%s"\\n' "$(cat "$PLAN_PATH/word")" \
            "$(cat "$EXTRA_PATH/beside/word")" "$TESTGROUND_SELECTORS" "$SDK_PATH" > made.sh
            echo "$TESTGROUND_DEPENDENCIES"
            chmod +x made.sh
            """
        let listener = Listener()
        let result = try await builder.build(
            request(
                build: build, artifact: "made.sh", selectors: ["a", "b"],
                dependencies: [Dependency(module: "m", version: "v1")], extra: ["\(shop.root)/beside"]),
            progress: listener)
        #expect(try output(of: result.artifact) == "word|beside|a,b|")
        #expect(shop.planFiles == ["word"])
        let line = try #require(listener.lines.first)
        let json = try JSONDecoder().decode([[String: String]].self, from: Data(line.utf8))
        #expect(json == [["module": "m", "target": "", "version": "v1"]])
    }

    @Test("an unchanged plan is not built again; a failed build is tried again")
    func cache() async throws {
        try shop.write("#!/bin/sh\n", to: "plan.sh", mode: 0o755)
        let counting = "echo x >> \"\(shop.root)/count\"; [ \"$(wc -l < \"\(shop.root)/count\")\" -ge 2 ]"
        #expect(try await builder.failure(request(build: counting)).code == .buildFailed)
        #expect(try await !builder.build(request(build: counting)).cached)
        #expect(try await builder.build(request(build: counting)).cached)
        #expect(try String(contentsOfFile: "\(shop.root)/count", encoding: .utf8) == "x\nx\n")
    }

    @Test("files that are gone from the plan are gone from the copy; what the command changed is restored")
    func staging() async throws {
        try shop.write("#!/bin/sh\ncat \"$(dirname \"$0\")\"/*.txt\n", to: "plan.sh", mode: 0o755)
        try shop.write("a", to: "a.txt")
        try shop.write("b", to: "sub/b.txt")
        let build = "printf z >> a.txt; cp sub/b.txt copied.txt 2>/dev/null || rm -f copied.txt"
        #expect(try output(of: await builder.build(request(build: build)).artifact) == "azb")
        try FileManager.default.removeItem(atPath: "\(shop.plan)/sub")
        #expect(try output(of: await builder.build(request(build: build)).artifact) == "az")
    }

    @Test("a failing command shows its lines in order, from both streams, and its exit status")
    func failure() async throws {
        let error = try await builder.failure(request(build: "echo one; echo two >&2; exit 4"))
        #expect(error.code == .buildFailed)
        #expect(error.message.contains("exit status 4"))
        #expect(error.details == ["one", "two"])
    }

    @Test("an artifact that cannot be started is refused with what to do")
    func artifacts() async throws {
        func message(_ artifact: String = "plan.sh") async throws -> String {
            let error = try await builder.failure(request(artifact: artifact))
            #expect(error.code == .buildFailed || error.code == .configuration)
            #expect(error.message.contains(artifact))
            return error.message
        }
        #expect(try await message().contains("no artifact"))
        try shop.write("#!/bin/sh\n", to: "plan.sh")
        #expect(try await message().contains("chmod +x plan.sh"))
        try shop.write("echo\n", to: "plan.sh", mode: 0o755)
        #expect(try await message().contains("interpreter"))
        try shop.write("#!/nowhere/sh\n", to: "plan.sh", mode: 0o755)
        #expect(try await message().contains("/nowhere/sh"))
        try shop.write("#!/usr/bin/env -S no-such-language -x\n", to: "plan.sh", mode: 0o755)
        #expect(try await message().contains("\"no-such-language\""))
        try shop.write("#!/bin/sh\r\n", to: "plan.sh", mode: 0o755)
        #expect(try await message().contains("CR LF"))
        try shop.write("\u{7f}ELF", to: "plan.sh", mode: 0o755)
        #expect(try await message().contains("broken executable"))
        #expect(try await message("../outside").contains("within the plan"))
        let unset = try await builder.failure(shop.request("exec:generic"))
        #expect(unset.code == .configuration && unset.message.contains("`artifact`"))
    }

    @Test("cancelling a build ends the command and its children")
    func cancellation() async throws {
        let listener = Listener()
        let request = request(build: "sleep 1000 & (sleep 1000 &) & echo started; wait")
        let build = Task { [builder] in try await builder.build(request, progress: listener) }
        await listener.hear("started")
        #expect(!shop.processes.isEmpty)
        build.cancel()
        await #expect(throws: CancellationError.self) { try await build.value }
        try await eventually("processes of the cancelled build are alive") { shop.processes.isEmpty }
    }

    @Test("a second build with the same key waits, says who waits, and takes the first one's result")
    func sameKey() async throws {
        try shop.write("#!/bin/sh\n", to: "plan.sh", mode: 0o755)
        // Two at once in one copy would fail at mkdir.
        let request = request(build: "mkdir busy; sleep 0.1; rmdir busy")
        async let one = builder.build(request)
        async let other = builder.build(request)
        let results = try await [one, other]
        #expect(results.filter(\.cached).count == 1)
        #expect(results[0].artifact == results[1].artifact)
    }

    @Test("a build waits for another process's lock on its scratch space")
    func lockOfAnotherProcess() async throws {
        try shop.write("#!/bin/sh\n", to: "plan.sh", mode: 0o755)
        let request = request()
        _ = try await builder.build(request)
        let listener = Listener()
        let lock = try FileLock.acquire(BuildPlace(request).lock)
        let build = Task { [builder] in try await builder.build(request, progress: listener) }
        await listener.hear("groups g wait for another build of plan \"team/plan\"")
        _ = consume lock
        #expect(try await build.value.cached)
    }

    @Test("waiting for a lock ends with the task")
    func cancelledWait() async throws {
        let request = request()
        try BuildPlace(request).makeDirectories()
        let lock = try FileLock.acquire(BuildPlace(request).lock)
        let listener = Listener()
        let build = Task { [builder] in try await builder.build(request, progress: listener) }
        await listener.hear("wait for another build")
        build.cancel()
        await #expect(throws: CancellationError.self) { try await build.value }
        _ = consume lock
    }

    @Test("purging removes what was made of the plan and nothing else")
    func purge() async throws {
        try shop.write("#!/bin/sh\n", to: "plan.sh", mode: 0o755)
        let mine = try await builder.build(request())
        var other = request()
        other.sources.plan = "team/plan-b"
        let others = try await builder.build(other)
        try await builder.purge(plan: "team/plan", workDirectory: shop.work, progress: Listener())
        #expect(!FileManager.default.fileExists(atPath: mine.artifact.reference))
        #expect(FileManager.default.fileExists(atPath: others.artifact.reference))
        #expect(shop.planFiles == ["plan.sh"])
        #expect(try await !builder.build(request()).cached)
    }
}
