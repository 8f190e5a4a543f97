// What waits and what is due, without threads and clocks.

import InstanceContract
import Testing

@testable import Testground

@Suite struct MetricsQueueTests {
    private func queue() -> MetricsQueue {
        MetricsQueue(intervals: [.results: 10, .diagnostics: 50], now: 0)
    }

    @Test("lines wait in order until they are taken")
    func order() throws {
        var queue = queue()
        queue.append([1], to: .results)
        queue.append([2], to: .results)
        queue.append([3], to: .diagnostics)
        let next = queue.takeWork(now: 1)
        let work = try #require(next)
        #expect(work.batches[.results] == .init(bytes: [1, 2], lines: 2))
        #expect(work.batches[.diagnostics] == .init(bytes: [3], lines: 1))
        #expect(work.emissions.isEmpty)
        let nothing = queue.takeWork(now: 2)
        #expect(nothing == nil)
    }

    @Test("each stream is emitted at its interval, and a late one moves the next")
    func schedule() {
        var queue = queue()
        #expect(queue.deadline == 10)
        let early = queue.takeWork(now: 9)
        #expect(early == nil)
        let late = queue.takeWork(now: 14)
        #expect(late?.emissions == [.results])
        #expect(queue.deadline == 24)
        let both = queue.takeWork(now: 60)
        #expect(both?.emissions == [.results, .diagnostics])
    }

    @Test("a new interval wakes the thread, and without one there is no deadline")
    func reschedule() {
        var queue = queue()
        queue.setInterval(nil, of: .results, now: 1)
        let woken = queue.takeWork(now: 2)
        #expect(woken?.emissions.isEmpty == true)
        #expect(queue.deadline == 50)
        queue.setInterval(5, of: .diagnostics, now: 3)
        #expect(queue.deadline == 8)
    }

    @Test("a full queue drops lines and counts them")
    func full() {
        var queue = queue()
        let half = [UInt8](repeating: 0, count: MetricsQueue.longest / 2)
        for _ in 0..<5 { queue.append(half, to: .results) }
        #expect(queue.lost == 3)
        queue.append([1], to: .diagnostics)
        #expect(queue.lost == 3)
    }

    @Test("closing emits every stream once more, then nothing; later lines are counted as lost")
    func close() throws {
        var queue = queue()
        queue.append([1], to: .results)
        queue.setInterval(nil, of: .diagnostics, now: 0)
        queue.close()
        queue.append([2], to: .results)
        let next = queue.takeWork(now: 1)
        let work = try #require(next)
        #expect(work.isLast)
        #expect(work.emissions == [.results, .diagnostics])
        #expect(work.batches[.results]?.bytes == [1])
        let nothing = queue.takeWork(now: 2)
        #expect(nothing == nil)
        #expect(queue.lost == 1)
    }
}

@Suite struct InfluxBatcherTests {
    @Test("a batch goes when it is a second old or full")
    func batches() {
        var batcher = InfluxBatcher()
        #expect(batcher.step(now: 0) == .wait(until: nil))
        batcher.add("a", now: 5)
        #expect(batcher.step(now: 6) == .wait(until: 5 + InfluxBatcher.interval))
        #expect(batcher.step(now: 5 + InfluxBatcher.interval) == .send(["a"]))
        for _ in 1..<InfluxBatcher.batchLength { batcher.add("b", now: 7) }
        guard case .send(let points) = batcher.step(now: 7) else {
            Issue.record("a full batch is due")
            return
        }
        #expect(points.count == InfluxBatcher.batchLength)
        batcher.succeeded(now: 8)
        #expect(batcher.step(now: 8) == .wait(until: nil))
        #expect(batcher.lost == 0)
    }

    @Test("a batch that fails is tried five times, half a second apart, and then counted as lost")
    func retries() {
        var batcher = InfluxBatcher()
        batcher.add("a", now: 0)
        var now = InfluxBatcher.interval
        for attempt in 1...InfluxBatcher.attempts {
            #expect(batcher.step(now: now) == .send(["a"]))
            batcher.failed("refused", now: now)
            if attempt < InfluxBatcher.attempts {
                #expect(batcher.step(now: now) == .wait(until: now + InfluxBatcher.retryDelay))
                #expect(batcher.lost == 0)
            }
            now += InfluxBatcher.retryDelay
        }
        #expect(batcher.lost == 1)
        #expect(batcher.reason == "refused")
        #expect(batcher.step(now: now) == .wait(until: nil))
    }

    @Test("without a database no more points wait than the limit")
    func limit() {
        var batcher = InfluxBatcher()
        for _ in 0..<InfluxBatcher.longest + 3 { batcher.add("a", now: 0) }
        #expect(batcher.lost == 3)
    }

    @Test("at the end what is left goes at once, one attempt a batch")
    func close() {
        var batcher = InfluxBatcher()
        batcher.add("a", now: 0)
        batcher.close()
        #expect(batcher.step(now: 0) == .send(["a"]))
        batcher.failed("refused", now: 0)
        #expect(batcher.step(now: 0) == .stop)
        #expect(batcher.lost == 1)
    }
}
