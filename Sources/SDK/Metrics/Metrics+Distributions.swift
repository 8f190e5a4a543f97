// Histograms and timers.

import InstanceContract
import Synchronization

extension Metrics {
    /// The distribution of whole numbers.
    public final class Histogram: Instrument {
        private struct State {
            var reservoir: Reservoir
            var random: SeededGenerator
        }

        /// Values that a resetting histogram keeps between emissions: 512 KiB.
        static let resettingSize = 65_536

        private let state: Mutex<State>
        private let clock: MetricClock
        private let resets: Bool
        let type = MetricType.histogram

        init(_ sampling: Sampling, sources: MetricSources, name: String, resets: Bool) {
            clock = sources.clock
            self.resets = resets
            state = Mutex(
                State(
                    reservoir: Reservoir(sampling, now: clock.monotonic()),
                    random: SeededGenerator(seed: sources.seed, name: name)))
        }

        public func update(_ value: Int) {
            let now = clock.monotonic()
            state.withLock { $0.reservoir.update(value, now: now, using: &$0.random) }
        }

        /// The figures now. A resetting histogram is not reset by it.
        public var statistics: SampleStatistics { state.withLock { $0.reservoir }.statistics }

        public func clear() {
            let now = clock.monotonic()
            state.withLock { $0.reservoir.clear(now: now) }
        }

        func measures() -> [MetricLine.Measure] {
            let now = clock.monotonic()
            // Sorted outside of the lock, which updates wait for.
            let reservoir = state.withLock { state in
                defer { if resets { state.reservoir.clear(now: now) } }
                return state.reservoir
            }
            return reservoir.statistics.measures
        }
    }

    /// The distribution of durations, in nanoseconds, and the rates of what was timed.
    public final class Timer: Instrument {
        private let histogram: Histogram
        private let meter: Meter
        private let clock: MetricClock
        let type = MetricType.timer

        init(sources: MetricSources, name: String) {
            clock = sources.clock
            histogram = Histogram(.exponentiallyDecaying(), sources: sources, name: name, resets: false)
            meter = Meter(clock: sources.clock)
        }

        /// Records how long something took.
        public func update(_ duration: Duration) {
            histogram.update(Int(clamping: duration.nanoseconds))
            meter.mark()
        }

        /// Runs `body` and records how long it took, also when it throws.
        public func time<Result, Failure: Error>(
            _ body: () throws(Failure) -> Result
        ) throws(Failure) -> Result {
            let start = clock.monotonic()
            defer { update(.nanoseconds(clock.monotonic() - start)) }
            return try body()
        }

        /// Runs `body` and records how long it took, also when it throws.
        public func time<Result, Failure: Error>(
            isolation: isolated (any Actor)? = #isolation,
            _ body: () async throws(Failure) -> sending Result
        ) async throws(Failure) -> sending Result {
            let start = clock.monotonic()
            defer { update(.nanoseconds(clock.monotonic() - start)) }
            return try await body()
        }

        /// The distribution, in nanoseconds.
        public var statistics: SampleStatistics { histogram.statistics }

        public var rates: Rates { meter.rates }

        func measures() -> [MetricLine.Measure] {
            let rates = rates
            return histogram.measures() + [
                .init("m1", rates.minute1), .init("m5", rates.minute5), .init("m15", rates.minute15),
                .init("meanrate", rates.mean),
            ]
        }
    }
}

extension SampleStatistics {
    /// The measures of a histogram in the order of the contract.
    var measures: [MetricLine.Measure] {
        [
            .init("count", Double(count)), .init("max", Double(max)), .init("mean", mean),
            .init("min", Double(min)), .init("stddev", standardDeviation), .init("variance", variance),
            .init("p50", percentile(0.5)), .init("p75", percentile(0.75)), .init("p95", percentile(0.95)),
            .init("p99", percentile(0.99)), .init("p999", percentile(0.999)),
            .init("p9999", percentile(0.9999)),
        ]
    }
}
