// Events as lines, to the letter.

import Execution
import InstanceContract
import TestgroundModel
import Testing

@testable import Commands

@Suite("lines of progress")
struct LineFormatTests {
    private let format = LineFormat(style: .plain, groups: [("miners", 5), ("dht", 2)])
    private let miner = InstanceReference(group: "miners", index: 3)

    private func line(_ event: InstanceEvent, of instance: InstanceReference? = nil) -> String {
        format.text(
            .instanceEvent(
                instance ?? miner, EventLine(timestamp: 0, groupID: "miners", runID: "r", event: event)),
            at: 12.3452)
    }

    @Test("events stand below each other")
    func events() {
        let dht = InstanceReference(group: "dht", index: 0)
        let text =
            line(.start(runenv: "{}")) + line(.message("dialled 3 peers"), of: dht)
            + line(.stageStart(name: "warmup", group: "miners")) + line(.success(group: "miners"))
            + line(.failure(group: "miners", error: "no route"))
        #expect(
            text == """
                  12.3452s    START << miners[003] >>
                  12.3452s  MESSAGE << dht[000]    >> dialled 3 peers
                  12.3452s    STAGE << miners[003] >> warmup begins
                  12.3452s       OK << miners[003] >>
                  12.3452s     FAIL << miners[003] >> no route

                """)
    }

    @Test("further lines of an event are indented to its text")
    func stacks() {
        let text = line(
            .crash(group: "miners", error: "index out of range", stacktrace: "main.go:12\nmain.go:34\n"))
        #expect(
            text == """
                  12.3452s    CRASH << miners[003] >> index out of range
                                                      main.go:12
                                                      main.go:34

                """)
    }

    @Test("a stack of a thousand lines is cut with its count")
    func longStacks() {
        let stack = (1...1000).map { "frame \($0)" }.joined(separator: "\n")
        let lines = line(.crash(group: "miners", error: "boom", stacktrace: stack)).split(separator: "\n")
        #expect(lines.count == LineFormat.linesPerEvent + 1)
        #expect(lines.last?.hasSuffix("… 977 more lines in the outputs") == true)
    }

    @Test("a line of a mebibyte is cut with its count, at a character's edge")
    func longLines() {
        let text = line(.message(String(repeating: "é", count: 524_288)))
        #expect(text.utf8.count < LineFormat.bytesPerLine + 200)
        #expect(text.hasSuffix("é… 1,044,480 more bytes in the outputs\n"))
    }

    @Test("plain output, errors and ends are told apart")
    func outputs() {
        let ended = InstanceRecord(
            instance: miner, outcome: .failure, reason: "exited with status 1", exit: .status(1))
        let text =
            format.text(.instanceOutput(miner, line: "hello", isError: false), at: 0)
            + format.text(.instanceOutput(miner, line: "\u{1b}[2Jdanger", isError: true), at: 0.5)
            + format.text(.instanceEnded(ended), at: 1)
        #expect(
            text == """
                   0.0000s   OUTPUT << miners[003] >> hello
                   0.5000s    ERROR << miners[003] >> \\x1b[2Jdanger
                   1.0000s     EXIT << miners[003] >> failure: exited with status 1

                """)
    }

    @Test("a reason that says the outcome itself is not told twice")
    func reasons() {
        #expect(LineFormat.reasoned(.canceled, "canceled while running", .plain) == "canceled while running")
        #expect(LineFormat.reasoned(.timeout, "still running", .plain) == "timeout: still running")
        #expect(LineFormat.reasoned(.crash, "", .plain) == "crash")
    }

    @Test("an instance that ended well needs no second line")
    func goodEnd() {
        #expect(
            format.text(.instanceEnded(InstanceRecord(instance: miner, outcome: .success)), at: 1).isEmpty)
    }

    @Test("builds and phases are told")
    func buildsAndPhases() {
        let result = BuildResult(artifact: .executable(path: "/a/plan"), cached: true)
        let text =
            format.text(.buildStarted(key: "k", builder: "exec:go", groups: ["miners", "dht"]), at: 0)
            + format.text(.buildOutput(key: "k", line: "go: downloading"), at: 0.1)
            + format.text(.buildFinished(key: "k", result: result, seconds: 1.5), at: 1.5)
            + format.text(.phase(.started, count: 4, total: 5), at: 2)
            + format.text(.phase(.networkInitialised, count: 5, total: 5), at: 2)
            + format.text(
                .warning(
                    Diagnostic(
                        .warning, at: SourceLocation(file: "c.toml", line: 2, column: 3), "unknown key",
                        remedy: "did you mean plan?")), at: 3)
        #expect(
            text == """
                   0.0000s    BUILD  exec:go for miners, dht
                   0.1000s    BUILD  | go: downloading
                   1.5000s    BUILD  up to date in 1.500 s: /a/plan
                   2.0000s    PHASE  network initialised: 5 instances
                   3.0000s  WARNING  c.toml:2:3: unknown key (did you mean plan?)

                """)
    }

    @Test("on a terminal the kind is coloured and the text is not")
    func colours() {
        let coloured = LineFormat(style: Style(isColoured: true), groups: [("miners", 5)])
        let event = EventLine(
            timestamp: 0, groupID: "", runID: "", event: .failure(group: "", error: "no route"))
        #expect(
            coloured.text(.instanceEvent(miner, event), at: 1)
                == "\u{1b}[2m   1.0000s\u{1b}[0m  \u{1b}[1;31m   FAIL\u{1b}[0m\u{1b}[2m << \u{1b}[0m"
                + "miners[003]\u{1b}[2m >> \u{1b}[0mno route\n")
    }
}
