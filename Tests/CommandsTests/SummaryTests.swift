// Large runs: the tally, the block that is painted again, and the display's modes.

import Execution
import InstanceContract
import TestgroundModel
import Testing

@testable import Commands

private func event(_ group: String, _ index: Int, _ event: InstanceEvent) -> ProgressEvent {
    .instanceEvent(
        InstanceReference(group: group, index: index),
        EventLine(timestamp: 0, groupID: group, runID: "r", event: event))
}

private func ended(_ group: String, _ index: Int, _ outcome: InstanceOutcome = .success) -> ProgressEvent {
    .instanceEnded(
        InstanceRecord(
            instance: InstanceReference(group: group, index: index), outcome: outcome,
            reason: outcome == .success ? nil : "exited with status 1"))
}

@Suite("large runs")
struct SummaryTests {
    private func tally() -> RunTally {
        var tally = RunTally(groups: [("miners", 40), ("clients", 60)])
        for index in 0..<40 { tally.note(event("miners", index, .start(runenv: "")), at: 0.1) }
        for index in 0..<30 { tally.note(event("clients", index, .start(runenv: "")), at: 0.2) }
        for index in 0..<20 { tally.note(ended("miners", index), at: 1) }
        for index in 20..<22 { tally.note(ended("miners", index, .failure), at: 1) }
        for index in 0..<10 {
            tally.note(event("clients", index, .stageStart(name: "dial", group: "")), at: 4)
        }
        tally.note(event("clients", 10, .stageStart(name: "warmup", group: "")), at: 4)
        return tally
    }

    @Test("counts follow the events")
    func counts() {
        let tally = tally()
        #expect(tally.groups[0] == RunTally.Group(id: "miners", total: 40, started: 40, ok: 20, failed: 2))
        #expect(tally.groups[1] == RunTally.Group(id: "clients", total: 60, started: 30, ok: 0, failed: 0))
        #expect(tally.stages().map { "\($0.name) \($0.count)" } == ["dial 10", "warmup 1"])
        #expect(tally.running.count == 48)
    }

    @Test(
        "an end without a start counts as started, one that never started does not, and no end counts twice")
    func ends() {
        var tally = RunTally(groups: [("a", 3)])
        tally.note(ended("a", 0), at: 1)
        tally.note(ended("a", 0), at: 1)
        tally.note(ended("a", 1, .neverStarted), at: 1)
        #expect(tally.groups == [RunTally.Group(id: "a", total: 3, started: 1, ok: 1, failed: 1)])
        tally.note(
            .instanceOutput(InstanceReference(group: "a", index: 0), line: "late", isError: false), at: 2)
        #expect(tally.groups[0].started == 1)
    }

    @Test("a stage ends where it began, also when stages are nested")
    func nestedStages() {
        var tally = RunTally(groups: [("a", 1)])
        tally.note(event("a", 0, .stageStart(name: "outer", group: "")), at: 0)
        tally.note(event("a", 0, .stageStart(name: "inner", group: "")), at: 0)
        #expect(tally.stages().map(\.name) == ["inner"])
        tally.note(event("a", 0, .stageEnd(name: "inner", group: "")), at: 0)
        #expect(tally.stages().map(\.name) == ["outer"])
    }

    @Test("the block shows groups, stages and who is silent")
    func block() {
        let lines = SummaryFormat(style: .plain, width: 100).block(tally(), at: 5)
        #expect(
            lines == [
                "   5.0000s  22 of 100 finished · 48 running · 30 to start · 2 failed",
                "  miners   ███████████▒▒▒▒▒▒▒▒▒  20/40 ok  2 failed",
                "  clients  ▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░   0/60 ok  dial 10, warmup 1",
                "  slowest  miners[22] silent 4 s, miners[23] silent 4 s, miners[24] silent 4 s",
            ])
    }

    @Test("a bar has no gap once every instance has begun, however the parts round")
    func fullBar() {
        var tally = RunTally(groups: [("nodes", 80)])
        for index in 0..<80 { tally.note(event("nodes", index, .start(runenv: "")), at: 0) }
        for index in 0..<7 { tally.note(ended("nodes", index), at: 1) }
        let lines = SummaryFormat(style: .plain, width: 100).block(tally, at: 1)
        #expect(lines[1].hasPrefix("  nodes    █▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒"))
    }

    @Test("no line of the block is wider than the terminal, so that it can be painted over")
    func narrow() {
        for width in [20, 40, 60, 80] {
            for line in SummaryFormat(style: .plain, width: width).block(tally(), at: 5) {
                #expect(VisibleText.columns(line) < width)
            }
        }
    }

    @Test("a thousand groups make no block of a thousand lines")
    func manyGroups() {
        let tally = RunTally(groups: (0..<1000).map { ("g\($0)", 1) })
        let lines = SummaryFormat(style: .plain, width: 80).block(tally, at: 0)
        #expect(lines.count == SummaryFormat.groupsShown + 2)
        #expect(lines.last == "  … and 992 more groups")
    }

    @Test("away from a terminal a large run writes a line now and then")
    func sparse() {
        var display = RunDisplay(mode: .automatic, style: .plain, isTerminal: false, width: 100)
        let heading = RunHeading(title: "", groups: [("miners", 100)])
        #expect(display.take(.began(heading), at: 0).isEmpty)
        #expect(display.take(.event(event("miners", 0, .message("hello"))), at: 0.1).isEmpty)
        #expect(display.tick(at: 9.9).isEmpty)
        #expect(display.tick(at: 10) == "  10.0000s  SUMMARY  1/100 started, 0 ok, 1 running\n")
        #expect(display.tick(at: 10.2).isEmpty)
        #expect(
            display.take(.event(ended("miners", 0, .failure)), at: 11)
                == "  11.0000s     EXIT << miners[000] >> failure: exited with status 1\n")
    }

    @Test("on a terminal the block is painted over, and removed for what stays")
    func painting() {
        var display = RunDisplay(mode: .automatic, style: .plain, isTerminal: true, width: 100)
        _ = display.take(.began(RunHeading(title: "", groups: [("miners", 100)])), at: 0)
        _ = display.take(.event(event("miners", 0, .start(runenv: ""))), at: 0.1)
        let first = display.tick(at: 0.2)
        #expect(first.split(separator: "\n").count == 2)
        #expect(display.tick(at: 0.25).isEmpty, "painted less than 0.15 s ago")
        #expect(display.tick(at: 0.4).hasPrefix("\u{1b}[2A\r\u{1b}[J"))
        #expect(display.take(.text("verdict\n"), at: 1) == "\u{1b}[2A\r\u{1b}[Jverdict\n")
        #expect(display.end().isEmpty)
    }

    @Test("fifty instances are lines, fifty-one a summary, and --verbose keeps lines")
    func threshold() {
        let message = ProgressItem.event(event("miners", 0, .message("hello")))
        for (mode, instances, isLine) in [
            (RunDisplay.Mode.automatic, 50, true), (.automatic, 51, false), (.lines, 51, true),
            (.quiet, 1, false),
        ] {
            var display = RunDisplay(mode: mode, style: .plain, isTerminal: false, width: 100)
            _ = display.take(.began(RunHeading(title: "", groups: [("miners", instances)])), at: 0)
            #expect(display.take(message, at: 1).isEmpty != isLine)
        }
    }

    @Test("--json prints every event as one object, whatever the run's size")
    func json() {
        var display = RunDisplay(mode: .json, style: .plain, isTerminal: true, width: 100)
        _ = display.take(.began(RunHeading(title: "x", groups: [("miners", 500)])), at: 2)
        #expect(
            display.take(.event(.phase(.started, count: 3, total: 500)), at: 2.5)
                == #"{"at":0.5,"count":3,"kind":"phase","phase":"started","total":500}"# + "\n")
        #expect(
            display.take(
                .event(.instanceOutput(InstanceReference(group: "a", index: 1), line: "x\ny", isError: true)),
                at: 3)
                == #"{"at":1,"group":"a","index":1,"kind":"output","stderr":true,"text":"x\ny"}"# + "\n")
        #expect(display.take(.leftOut(7), at: 3) == #"{"at":1,"count":7,"kind":"left_out"}"# + "\n")
        #expect(display.take(.text("verdict"), at: 3).isEmpty)
        #expect(display.tick(at: 30).isEmpty)
    }
}

@Test("one of several runs is announced on a line of its own")
func announcesRuns() {
    var display = RunDisplay(mode: .automatic, style: .plain, isTerminal: false, width: 100)
    let heading = RunHeading(title: "run 1 of 2: small, 1 instance of p/c", groups: [("a", 1)])
    #expect(display.take(.began(heading), at: 0) == "\nrun 1 of 2: small, 1 instance of p/c\n")
}
