// What instances write: every byte kept, nothing twice, long lines cut only where they are shown.

import Execution
import Foundation
import LinuxSystem
import Testing

@testable import Runners

@Suite("Output of instances", .timeLimit(.minutes(2)))
struct OutputTests {
    private let bench: RunnerBench

    init() throws { bench = try RunnerBench() }

    private func size(_ name: String) -> Int? {
        let path = "\(bench.outputs("run1"))/g/0/\(name)"
        return (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }

    @Test("without an SDK run.out is stdout and run.err is stderr, the last line without a newline included")
    func plain() async throws {
        let record = try await bench.run("success; echo oops >&2; printf end")
        #expect(record.outcome == .success)
        #expect(bench.text("0/run.err") == "oops\n")
        #expect(bench.text("0/run.out")?.hasSuffix("}}\nend") == true)
        #expect(bench.text("0/stdout.log") == nil)
        #expect(bench.sink.outputs.sorted() == ["end", "oops"])
    }

    @Test("an SDK's run.out is left alone, and stdout that says the same is not kept twice")
    func sdk() async throws {
        let record = try await bench.run("line=$(success); echo \"$line\" >> run.out; echo \"$line\"")
        #expect(record.outcome == .success)
        #expect(bench.text("0/run.out")?.split(separator: "\n").count == 1)
        #expect(bench.text("0/stdout.log") == nil)
    }

    @Test("stdout that says more than the SDK's run.out is kept whole beside it")
    func sdkAndPrints() async throws {
        let record = try await bench.run(
            "line=$(success); echo \"$line\" >> run.out; echo before; echo \"$line\"; echo after")
        #expect(record.outcome == .success)
        #expect(bench.text("0/run.out")?.split(separator: "\n").count == 1)
        let log = try #require(bench.text("0/stdout.log"))
        #expect(log.hasPrefix("before\n{") && log.hasSuffix("}}\nafter\n"))
    }

    @Test("what was printed before an SDK made run.err anew is kept beside it")
    func madeAnew() async throws {
        let record = try await bench.run(
            "echo early >&2; sleep 0.2; echo late > run.err; echo late >&2; success")
        #expect(record.outcome == .success, "\(record)")
        #expect(bench.text("0/run.err") == "late\n")
        #expect(bench.text("0/stderr.log") == "early\nlate\n")
    }

    @Test("of a long text before an SDK made run.err anew the beginning is kept, and a mark for the rest")
    func emptied() throws {
        var file = StreamFile(.error, directory: bench.folder)
        let block = [UInt8](repeating: 0x2E, count: 20_000)
        file.write(block, count: block.count)
        try OutputFile(path: "\(bench.folder)/run.err", mode: .replace).write("new\n")
        file.write(block, count: block.count)
        file.finish()
        #expect(Directories.text(of: "\(bench.folder)/run.err") == "new\n")
        let log = try #require(Directories.text(of: "\(bench.folder)/stderr.log"))
        #expect(
            log.prefix { $0 == "." }.count == 16_384 && log.hasSuffix(String(decoding: block, as: UTF8.self)))
        #expect(log.contains("\n[3616 bytes went when "))
        #expect(file.loss == nil)
    }

    @Test("a second writer of run.out takes it over: nothing of either is lost")
    func takenOver() throws {
        var file = StreamFile(.output, directory: bench.folder)
        let (first, second) = (Array("first\n".utf8), Array("second\n".utf8))
        file.write(first, count: first.count)
        let sdk = try OutputFile(path: "\(bench.folder)/run.out", mode: .append)
        try sdk.write("sdk\n")
        file.write(second, count: second.count)
        file.write(second, count: second.count)
        file.finish()
        #expect(Directories.text(of: "\(bench.folder)/run.out") == "first\nsdk\n")
        #expect(Directories.text(of: "\(bench.folder)/stdout.log") == "second\nsecond\n")
        #expect(file.loss == nil)
    }

    @Test("a 20 MiB line and 64 MiB of errors arrive whole; what is shown of them is cut with a mark")
    func muchOutput() async throws {
        let record = try await bench.run(
            """
            head -c 20971520 /dev/zero | tr '\\0' x; echo
            head -c 67108864 /dev/zero >&2
            success
            """)
        #expect(record.outcome == .success)
        #expect(size("run.err") == 67_108_864)
        #expect((size("run.out") ?? 0) > 20_971_521)
        let shown = bench.sink.outputs
        #expect(shown.contains { $0.hasSuffix("[line cut: 19922944 more bytes in the outputs]") })
        #expect(shown.allSatisfy { $0.utf8.count < LineSplitter.longestLine + 100 })
    }

    @Test("a plan that prints without end does not drown those who watch, but its files have all of it")
    func chatter() async throws {
        let record = try await bench.run("yes abcdefg | head -c 8000000; success")
        #expect(record.outcome == .success, "the success event behind the chatter counts")
        #expect((size("run.out") ?? 0) > 8_000_000)
        let shown = bench.sink.outputs.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(shown <= InstanceCapture.mostProgressBytes + 100 && shown > 1_000_000)
        #expect(bench.sink.notes.contains { $0.contains("the rest goes to") })
    }

    @Test("output that cannot be kept fails the instance with the reason, and blocks nobody")
    func cannotKeep() async throws {
        // A directory in the file's place: like a full disk, but possible without mounting one.
        let record = try await bench.run(
            "mkdir run.out stdout.log; head -c 1000000 /dev/zero; echo; success")
        #expect(record.instances.map(\.outcome) == [.failure])
        #expect(record.instances[0].reason?.contains("of its output are lost") == true)
        #expect(bench.sink.notes.contains { $0.contains("is lost") })
        bench.expectNothingLeft()
    }
}

@Suite("Cutting streams into lines")
struct LineSplitterTests {
    private func lines(_ pieces: [String]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        let take: ([UInt8], Int) -> Void = { line, cut in
            lines.append(String(decoding: line, as: UTF8.self) + (cut > 0 ? "+\(cut)" : ""))
        }
        for piece in pieces {
            let bytes = Array(piece.utf8) + [10, 10]
            splitter.take(bytes, count: piece.utf8.count, take)
        }
        splitter.finish(take)
        return lines
    }

    @Test("lines are whole however the stream is cut, and bytes beyond the count are not read")
    func pieces() {
        #expect(lines(["a\nb", "c\n", "\n", "d"]) == ["a", "bc", "", "d"])
        #expect(lines(["", "a\n"]) == ["a"])
        #expect(lines([]) == [])
    }

    @Test("a line is cut at the limit, and the next one is whole again")
    func cut() {
        let long = String(repeating: "x", count: LineSplitter.longestLine - 1)
        #expect(lines([long, "yz", "w\nnext\n"]) == [long + "y+2", "next"])
        #expect(lines([long + "y\n"]) == [long + "y"], "a line of exactly the limit is not cut")
    }
}
