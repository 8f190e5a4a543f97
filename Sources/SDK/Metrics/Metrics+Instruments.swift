// Counters, gauges, moving averages and meters.

import InstanceContract
import Synchronization

extension Metrics {
    /// A count.
    public final class Counter: Instrument {
        private let value = Atomic<Int>(0)
        private let resets: Bool
        let type = MetricType.counter

        init(resets: Bool) { self.resets = resets }

        public var count: Int { value.load(ordering: .relaxed) }

        public func increment(by amount: Int = 1) { value.wrappingAdd(amount, ordering: .relaxed) }

        public func decrement(by amount: Int = 1) { value.wrappingSubtract(amount, ordering: .relaxed) }

        public func clear() { value.store(0, ordering: .relaxed) }

        func measures() -> [MetricLine.Measure] {
            let count = resets ? value.exchange(0, ordering: .relaxed) : count
            return [.init("count", Double(count))]
        }
    }

    /// A value at a time.
    public final class Gauge: Instrument {
        private let bits = Atomic<UInt64>(0)
        private let read: (@Sendable () -> Double)?
        let type = MetricType.gauge

        init(read: (@Sendable () -> Double)? = nil) { self.read = read }

        /// The value set last, or what the gauge's function says.
        public var value: Double {
            read?() ?? Double(bitPattern: bits.load(ordering: .relaxed))
        }

        /// Sets the value. A gauge with a function ignores it.
        public func update(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

        func measures() -> [MetricLine.Measure] { [.init("value", value)] }
    }

    /// An exponentially weighted moving average of events a second.
    public final class EWMA: Instrument {
        private let average: Mutex<MovingAverage>
        private let clock: MetricClock
        let type = MetricType.ewma

        init(alpha: Double, clock: MetricClock) {
            self.clock = clock
            average = Mutex(MovingAverage(alpha: alpha, start: clock.monotonic()))
        }

        /// Counts events that have just happened.
        public func update(_ events: Int = 1) {
            average.withLock { $0.update(events, now: clock.monotonic()) }
        }

        /// Events a second; 0 in the first five seconds.
        public var rate: Double { average.withLock { $0.rate(now: clock.monotonic()) } }

        func measures() -> [MetricLine.Measure] { [.init("rate", rate)] }
    }

    /// Count and rates of events.
    public final class Meter: Instrument {
        private let events: Mutex<EventRates>
        private let clock: MetricClock
        let type = MetricType.meter

        init(clock: MetricClock) {
            self.clock = clock
            events = Mutex(EventRates(start: clock.monotonic()))
        }

        /// Counts events that have just happened.
        public func mark(_ count: Int = 1) { events.withLock { $0.mark(count, now: clock.monotonic()) } }

        public var rates: Rates { events.withLock { $0.rates(now: clock.monotonic()) } }

        func measures() -> [MetricLine.Measure] {
            let rates = rates
            return [
                .init("count", Double(rates.count)), .init("m1", rates.minute1), .init("m5", rates.minute5),
                .init("m15", rates.minute15), .init("mean", rates.mean),
            ]
        }
    }
}
