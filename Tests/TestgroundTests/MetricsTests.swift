// Metrics from the plan's side down to the lines in the files.

import InstanceContract
import LinuxSystem
import Synchronization
import Testing

@testable import Testground

/// A directory of its own, messages that were reported, and the metrics of an instance.
private final class Bench: Sendable {
    let directory: String
    private let reported = Mutex<[String]>([])
    private let time = Mutex<Int64>(0)

    init(_ name: String) throws {
        directory = try TemporaryDirectory.make(name)
    }

    var messages: [String] { reported.withLock { $0 } }

    func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }

    func metrics(outputs: String? = nil) -> RunMetrics {
        let environment = InstanceEnvironment(
            plan: "p", testCase: "c", run: "r", instanceCount: 1, groupID: "g", groupInstanceCount: 1,
            outputsPath: outputs ?? directory, tempPath: directory, startTimeUnixSeconds: 0)
        let clock = MetricClock(wall: { 42 }, monotonic: { self.time.withLock { $0 } })
        let metrics = RunMetrics(environment, seed: 1, clock: clock) { message in
            self.reported.withLock { $0.append(message) }
        }
        // Only what the tests do is written, not what happens to be due.
        metrics.results.setFrequency(nil)
        metrics.diagnostics.setFrequency(nil)
        return metrics
    }

    func lines(_ stream: MetricStream) throws -> [MetricLine] {
        try TemporaryDirectory.text(of: "\(directory)/\(stream.fileName)").split(separator: "\n").map {
            try #require(MetricLine(line: String($0)), "not a metric: \($0)")
        }
    }
}

@Suite struct MetricsTests {
    @Test("a point is written with its time, name, tags and value")
    func point() throws {
        let bench = try Bench("point")
        let metrics = bench.metrics()
        metrics.results.recordPoint("time_to_find", 1.5, tags: ["peer": "3"])
        metrics.close()
        #expect(
            try bench.lines(.results) == [
                MetricLine(
                    timestamp: 42, type: .point, name: "time_to_find,peer=3",
                    measures: [.init("value", 1.5)])
            ])
        #expect(bench.messages.isEmpty)
    }

    @Test("every kind of metric has the measures of the contract in the last emission")
    func kinds() throws {
        let bench = try Bench("kinds")
        let metrics = bench.metrics()
        let results = metrics.results
        results.counter("counter").increment(by: 5)
        results.counter("counter").decrement(by: 2)
        results.gauge("gauge").update(2.5)
        results.gauge("read") { 7 }
        results.ewma("ewma", alpha: 0.5).update(10)
        for value in [1, 2, 3] { results.histogram("histogram").update(value) }
        results.meter("meter").mark(4)
        results.timer("timer").update(.microseconds(3))
        bench.advance(by: 5_000_000_000)
        metrics.close()
        let lines = Dictionary(uniqueKeysWithValues: try bench.lines(.results).map { ($0.name, $0) })
        func names(_ name: String) -> [String]? { lines[name]?.measures.map(\.name) }
        let distribution = [
            "count", "max", "mean", "min", "stddev", "variance", "p50", "p75", "p95", "p99", "p999", "p9999",
        ]
        #expect(lines["counter"]?["count"] == 3)
        #expect(lines["gauge"]?["value"] == 2.5)
        #expect(lines["read"]?["value"] == 7)
        #expect(lines["ewma"]?["rate"] == 2)
        #expect(names("histogram") == distribution)
        #expect(lines["histogram"]?["p50"] == 2)
        #expect(names("meter") == ["count", "m1", "m5", "m15", "mean"])
        #expect(lines["meter"]?["mean"] == 0.8)
        #expect(names("timer") == distribution + ["m1", "m5", "m15", "meanrate"])
        #expect(lines["timer"]?["max"] == 3000)
        #expect(lines["timer"]?.type == .timer)
    }

    @Test("asking again answers the same metric, and tags make another one")
    func identity() throws {
        let metrics = try Bench("identity").metrics()
        defer { metrics.close() }
        let counter = metrics.results.counter("c", tags: ["b": "2", "a": "1"])
        #expect(counter === metrics.results.counter("c", tags: ["a": "1", "b": "2"]))
        #expect(counter === metrics.results.counter("c,a=1,b=2"))
        #expect(counter !== metrics.results.counter("c"))
        #expect(counter !== metrics.diagnostics.counter("c,a=1,b=2"))
    }

    @Test("a name that is taken by another kind ends the plan with the remedy")
    func conflict() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricRegistry()
            _ = registry.instrument("n") { _ in Metrics.Counter(resets: false) }
            _ = registry.instrument("n") { _ in Metrics.Gauge() }
        }
    }

    @Test("resetting metrics start anew at each emission")
    func resetting() {
        let sources = MetricSources(clock: MetricClock(wall: { 0 }, monotonic: { 0 }), seed: 1)
        let counter = Metrics.Counter(resets: true)
        counter.increment(by: 3)
        #expect(counter.measures().first?.value == 3)
        #expect(counter.measures().first?.value == 0)
        let histogram = Metrics.Histogram(
            .uniform(size: 10), sources: sources, name: "h", resets: true)
        histogram.update(8)
        #expect(histogram.statistics.max == 8)
        #expect(histogram.measures().first { $0.name == "max" }?.value == 8)
        #expect(histogram.measures().allSatisfy { $0.value == 0 })
    }

    @Test("a timer takes the time of its body, also when it throws")
    func timer() async throws {
        let time = Mutex<Int64>(0)
        let clock = MetricClock(wall: { 0 }, monotonic: { time.withLock { $0 } })
        let timer = Metrics.Timer(sources: MetricSources(clock: clock, seed: 1), name: "t")
        #expect(timer.time { time.withLock { $0 += 5 } } == ())
        await timer.time {
            await Task.yield()
            time.withLock { $0 += 7 }
        }
        #expect(throws: CancellationError.self) {
            try timer.time {
                time.withLock { $0 += 9 }
                throw CancellationError()
            }
        }
        #expect(timer.statistics.values == [5, 7, 9])
        #expect(timer.rates.count == 3)
    }

    @Test("metrics are emitted again and again at the interval that is set")
    func periodic() throws {
        let metrics = try Bench("periodic").metrics()
        defer { metrics.close() }
        let emissions = Monitor(0)
        metrics.results.gauge("watched") {
            emissions.change {
                $0 += 1
                return Double($0)
            }
        }
        metrics.results.setFrequency(.milliseconds(1))
        let deadline = SystemClock.monotonic() + 60_000_000_000
        #expect(emissions.wait(until: deadline) { $0 >= 3 ? true : nil } == true)
    }

    @Test("diagnostics tell what the process uses")
    func diagnostics() throws {
        let bench = try Bench("diagnostics")
        bench.metrics().close()
        let lines = try bench.lines(.diagnostics)
        #expect(lines.map(\.name).contains("process.resident_bytes"))
        #expect(lines.allSatisfy { $0.type == .gauge })
        #expect(try bench.lines(.results).isEmpty)
    }

    @Test("points of many threads arrive whole and complete")
    func threads() throws {
        let bench = try Bench("threads")
        let metrics = bench.metrics()
        let results = metrics.results
        let threads = try (0..<4).map { thread in
            try NamedThread.start("points") {
                for number in 0..<500 {
                    results.recordPoint("p", Double(thread * 500 + number))
                    results.counter("c").increment()
                }
            }
        }
        for thread in threads { thread.join() }
        metrics.close()
        let lines = try bench.lines(.results)
        #expect(Set(lines.compactMap { $0["value"] }).count == 2000)
        #expect(lines.first { $0.type == .counter }?["count"] == 2000)
    }

    @Test("a value that JSON cannot hold is reported as lost, and so is what comes after the end")
    func lost() throws {
        let bench = try Bench("lost")
        let metrics = bench.metrics()
        metrics.results.recordPoint("p", .nan)
        metrics.results.recordPoint("p", 1)
        metrics.close()
        #expect(try bench.lines(.results).count == 1)
        #expect(bench.messages.count == 1)
        #expect(bench.messages.first?.contains("1 held infinities or NaN") == true)
    }

    @Test("a directory that is missing is named once, with the count of what was lost")
    func unwritable() throws {
        let bench = try Bench("unwritable")
        let metrics = bench.metrics(outputs: "/nowhere/at/all")
        metrics.results.recordPoint("p", 1)
        metrics.close()
        let messages = bench.messages
        #expect(
            messages.contains("metrics are lost: open /nowhere/at/all/results.out: No such file or directory")
        )
        // One point and the three gauges of the process.
        #expect(messages.last?.contains("4 could not be written") == true)
    }
}
