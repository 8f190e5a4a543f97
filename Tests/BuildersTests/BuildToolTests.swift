// Calling tools: output, endings, and what is left of them.

import Execution
import Foundation
import Synchronization
import TestgroundModel
import Testing

@testable import Builders

@Suite("Build tools", .timeLimit(.minutes(1)))
struct BuildToolTests {
    private let shop: Workshop

    init() throws { shop = try Workshop() }

    private func shell(_ program: String = "sh") -> BuildTool {
        var environment = ProcessInfo.processInfo.environment
        environment["TESTGROUND_WORKSHOP"] = shop.root
        return BuildTool(program: program, remedy: "install it", environment: environment)
    }

    @Test("a program that is not there is told by name with the remedy")
    func missing() async throws {
        await #expect {
            _ = try await shell("no-such-program").run([], in: shop.root) { _ in }
        } throws: { error in
            let error = error as? ExecutionError
            return error?.code == .toolMissing
                && error?.message == "`no-such-program` is not in PATH: install it"
        }
    }

    @Test("children that ignore SIGTERM are killed after the grace, also when the tool itself ends at once")
    func stubbornChildren() async throws {
        let listener = Listener()
        var tool = shell()
        tool.grace = .milliseconds(50)
        let call = Task { [tool, shop] in
            try await tool.run(
                ["-c", "(trap '' TERM; echo started; while :; do sleep 1; done) & wait"], in: shop.root
            ) { listener.report(.buildOutput(key: "", line: $0)) }
        }
        await listener.hear("started")
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        try await eventually("a stubborn child is alive") { shop.processes.isEmpty }
    }

    @Test("a tool that ignores SIGTERM is killed after the grace")
    func stubbornTool() async throws {
        let listener = Listener()
        var tool = shell()
        tool.grace = .milliseconds(50)
        let call = Task { [tool, shop] in
            try await tool.run(
                ["-c", "trap '' TERM; echo started; while :; do sleep 1; done"], in: shop.root
            ) { listener.report(.buildOutput(key: "", line: $0)) }
        }
        await listener.hear("started")
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        try await eventually("the stubborn tool is alive") { shop.processes.isEmpty }
    }

    @Test("children that a tool leaves behind are ended when it has ended")
    func leftBehind() async throws {
        let outcome = try await shell().run(["-c", "(sleep 1000 &) & sleep 1000 & echo x"], in: shop.root) {
            _ in
        }
        #expect(outcome.isSuccess)
        #expect(outcome.transcript.tail == ["x"])
        try await eventually("a child left behind is alive") { shop.processes.isEmpty }
    }

    @Test("a tool and its children die when the process that called it dies, even by SIGKILL")
    func orphaned() async throws {
        // The dying caller is the other end of the pipe: the kernel closes it, however the caller dies.
        // A session of its own: the guard kills its whole group.
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/setsid")
        process.arguments = [
            "sh", "-c", BuildTool.guardScript, "sh", "sh", "-c", "trap '' TERM; sleep 1000 & echo up; wait",
        ]
        process.environment = shell().environment
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 3) == Data("up\n".utf8))
        #expect(!shop.processes.isEmpty)
        try input.fileHandleForWriting.close()
        try await eventually("an orphaned tool is alive") { shop.processes.isEmpty }
    }

    @Test("much output passes through and only its end is kept")
    func muchOutput() async throws {
        let count = Mutex(0)
        let outcome = try await shell().run(["-c", "seq 20000; exit 3"], in: shop.root) { _ in
            count.withLock { $0 += 1 }
        }
        #expect(count.withLock { $0 } == 20000)
        #expect(!outcome.isSuccess)
        #expect(outcome.ending == "exit status 3")
        #expect(outcome.transcript.tail.count == BuildTranscript.tailLimit)
        #expect(outcome.transcript.tail.last == "20000")
    }

    @Test("an answer is stdout alone, whole; a failing tool gives none")
    func answers() async throws {
        let (answer, _) = try await shell().ask(["-c", "seq 20000; echo noise >&2"], in: shop.root)
        #expect(answer?.split(separator: "\n").count == 20000)
        let (none, outcome) = try await shell().ask(
            ["-c", "echo x; echo why >&2; kill -9 $$"], in: shop.root)
        #expect(none == nil)
        #expect(outcome.ending == "signal 9")
        #expect(outcome.transcript.tail == ["why"])
    }

    @Test("lines end at line feeds and at carriage returns, and long ones are cut with a mark")
    func lines() {
        func split(_ text: String) -> [String] {
            var splitter = LineSplitter()
            var lines = text.utf8.compactMap { splitter.add($0) }
            if let last = splitter.finish() { lines.append(last) }
            return lines
        }
        #expect(split("a\nb\r\nc\rd\n\ne") == ["a", "b", "c", "d", "", "e"])
        #expect(split("") == [])
        let long = split(String(repeating: "x", count: LineSplitter.longestLine + 1) + "\nb")
        #expect(long.count == 2)
        #expect(long[0].hasSuffix("x… (cut)") && long[1] == "b")
    }

    @Test("of many errors the first are kept, each once, even when other output follows")
    func transcript() {
        var transcript = BuildTranscript()
        for index in 0..<100 {
            transcript.append("error \(index / 2)", isError: true)
            transcript.append("line \(index)", isError: false)
        }
        #expect(transcript.lines == (0..<BuildTranscript.errorLimit).map { "error \($0)" })
        #expect(transcript.tail.last == "line 99")
    }
}

@Suite("Configuration of builders")
struct BuildConfigurationTests {
    @Test("values are read by type, words of flags count as theirs")
    func values() throws {
        var configuration = BuildConfiguration(
            "exec:x",
            [
                "name": .string("n"), "empty": .string(""), "yes": .boolean(true), "no": .string("false"),
                "list": .array([.string("a"), .string("b c")]), "words": .string("a b"),
            ])
        #expect(configuration.string("name") == "n")
        #expect(configuration.string("empty") == nil && configuration.string("absent") == nil)
        #expect(configuration.boolean("yes") == true && configuration.boolean("no") == false)
        #expect(configuration.words("list") == ["a", "b c"] && configuration.words("words") == ["a", "b"])
        try configuration.check()
    }

    @Test("everything that is wrong is told at once, with key, value and what was expected")
    func problems() {
        var configuration = BuildConfiguration(
            "exec:x", ["a": .integer(1), "b": .string("maybe"), "c": .array([.boolean(true)])])
        _ = configuration.string("a")
        _ = configuration.boolean("b")
        _ = configuration.words("c")
        #expect {
            try configuration.check()
        } throws: { error in
            (error as? ExecutionError)?.details == [
                "`a` is 1, expected a string", "`b` is \"maybe\", expected true or false",
                "`c` is true, expected an array of strings",
            ]
        }
    }

    @Test("names of folders are distinct for distinct names, and never lead elsewhere")
    func folders() {
        #expect(BuildPlace.name("a-b_C.9") == "a-b_C.9")
        #expect(BuildPlace.name("a/b") == "a+2fb")
        #expect(BuildPlace.name("..") == "+2e.")
        #expect(BuildPlace.name("") == "+2e")
        #expect(BuildPlace.name("a+2fb") != BuildPlace.name("a/b"))
    }
}
