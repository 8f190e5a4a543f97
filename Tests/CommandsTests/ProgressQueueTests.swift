// The sink under load: who reports never waits, and what is left out is counted.

import Execution
import InstanceContract
import Testing

@testable import Commands

@Suite("progress queue")
struct ProgressQueueTests {
    private let instance = InstanceReference(group: "a", index: 0)

    private func output(_ text: String) -> ProgressEvent {
        .instanceOutput(instance, line: text, isError: false)
    }

    private func display(_ mode: RunDisplay.Mode = .lines) -> RunDisplay {
        RunDisplay(mode: mode, style: .plain, isTerminal: false, width: 100)
    }

    @Test("a full buffer counts what it leaves out, and keeps what figures are counted from")
    func overflow() {
        var buffer = ProgressBuffer(limits: .init(chatter: 3, essential: 2, bytes: 1000))
        for number in 0..<10 { buffer.add(.event(output("line \(number)")), at: Double(number)) }
        buffer.add(.event(.phase(.started, count: 1, total: 1)), at: 11)
        buffer.add(.event(.phase(.finished, count: 1, total: 1)), at: 12)
        buffer.add(.event(.phase(.finished, count: 1, total: 1)), at: 13)
        let items = buffer.takeAll()
        #expect(items.count == 3 + 2 + 1)
        guard case .leftOut(let count) = items.last?.item else {
            Issue.record("nothing said")
            return
        }
        #expect(count == 8)
        #expect(buffer.isEmpty)
    }

    @Test("long lines fill the buffer by their bytes")
    func bytes() {
        var buffer = ProgressBuffer(limits: .init(chatter: 100, essential: 100, bytes: 1000))
        for _ in 0..<5 { buffer.add(.event(output(String(repeating: "x", count: 400))), at: 0) }
        #expect(buffer.takeAll().count == 2 + 1)
    }

    @Test("a stopped terminal holds nobody up; afterwards shown and left out make up the whole")
    func stopped() async {
        let output = StoppedOutput()
        let queue = ProgressQueue(
            display: display(), stream: ConsoleStream(output),
            limits: .init(chatter: 100, essential: 100, bytes: 1 << 20), seconds: { 0 })
        let total = 20_000
        // Returns only because reporting does not wait for the output, which is shut.
        for number in 0..<total { queue.report(self.output("line \(number)")) }
        output.open()
        await queue.finish()
        let lines = output.record.text.split(separator: "\n")
        let shown = lines.filter { $0.contains("OUTPUT") }.count
        let leftOut = lines.compactMap { line -> Int? in
            guard line.contains("left out here; all are in the outputs") else { return nil }
            return Int(
                line.split(separator: " ").first { $0.first?.isNumber == true && !$0.hasSuffix("s") }?
                    .replacing(",", with: "") ?? "")
        }.reduce(0, +)
        #expect(shown + leftOut == total)
        #expect(leftOut > 0)
    }

    @Test("when nobody reads the output any more, the run goes on and ends")
    func closed() async {
        let queue = ProgressQueue(display: display(), stream: ConsoleStream(ClosedOutput()), seconds: { 0 })
        for number in 0..<100 { queue.report(output("line \(number)")) }
        await queue.finish()
        queue.report(output("late"))
        await queue.finish()
    }

    @Test("everything shown before the end is written, in order")
    func order() async {
        let record = RecordingOutput()
        let queue = ProgressQueue(display: display(), stream: ConsoleStream(record), seconds: { 0 })
        for number in 0..<500 { queue.show(.text("\(number)\n")) }
        await queue.finish()
        #expect(record.text == (0..<500).map { "\($0)\n" }.joined())
    }
}
