// What a plan measures with. `RunEnvironment` has two: `results` (upstream's R(), file results.out) for what
// the plan is about, and `diagnostics` (D(), diagnostics.out) for how the program itself is doing.
//
// Map: Metrics (this file) makes and finds instruments; Metrics+Instruments.swift and
// Metrics+Distributions.swift are the instruments; MetricRegistry keeps them by name; MetricsOutput writes
// lines; MetricsEmission makes them periodically.

import InstanceContract

/// A set of metrics under one name each, written as JSON lines.
///
/// Points are written at once. Every other metric is written whole at each emission, whether it has changed
/// or not, and a last time when the test case has ended: by default every second in `results` and every five
/// in `diagnostics`, as the Go SDK has it. A crash loses what was not emitted yet. A plan never waits for its
/// metrics: lines that come faster than the disk takes them, beyond 4 MiB, are dropped, and a message at the
/// end says how many.
///
/// Asking for a metric that exists answers the existing one; its other arguments are ignored then. Asking for
/// one that exists as another kind is a mistake in the plan and ends it. Tags become part of the name,
/// `name,tag=v`; commas, `=` and control characters in them become `_`. All methods may be called from any
/// thread or task.
public final class Metrics: Sendable {
    private let stream: MetricStream
    private let registry: MetricRegistry
    private let output: MetricsOutput
    private let sources: MetricSources

    init(_ stream: MetricStream, registry: MetricRegistry, output: MetricsOutput, sources: MetricSources) {
        self.stream = stream
        self.registry = registry
        self.output = output
        self.sources = sources
    }

    /// Records one value, at once.
    ///
    /// Infinities and NaN cannot be written: such a point is counted as lost, which a message tells at the
    /// end.
    public func recordPoint(_ name: String, _ value: Double, tags: [String: String] = [:]) {
        output.append(
            MetricLine(
                timestamp: sources.clock.wall(), type: .point,
                name: MetricName.text(name, tags: tags), measures: [.init("value", value)]),
            to: stream)
    }

    /// A count that goes up and down.
    public func counter(_ name: String, tags: [String: String] = [:]) -> Counter {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in Counter(resets: false) }
    }

    /// A count that starts again from 0 at each emission.
    public func resettingCounter(_ name: String, tags: [String: String] = [:]) -> Counter {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in Counter(resets: true) }
    }

    /// The last value set.
    public func gauge(_ name: String, tags: [String: String] = [:]) -> Gauge {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in Gauge() }
    }

    /// A value that is asked for at each emission, on a thread of the SDK's: `read` must be quick and must
    /// not block.
    @discardableResult
    public func gauge(
        _ name: String, tags: [String: String] = [:], read: @escaping @Sendable () -> Double
    ) -> Gauge {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in Gauge(read: read) }
    }

    /// An exponentially weighted moving average of events a second, ticking every five seconds.
    ///
    /// - Parameter alpha: weight of the newest tick, from 0 to 1.
    public func ewma(_ name: String, alpha: Double, tags: [String: String] = [:]) -> EWMA {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in EWMA(alpha: alpha, clock: sources.clock)
        }
    }

    /// The distribution of a sample of whole numbers, since the start.
    public func histogram(
        _ name: String, sampling: Sampling = .uniform(), tags: [String: String] = [:]
    ) -> Histogram {
        registry.instrument(MetricName.text(name, tags: tags)) { name in
            Histogram(sampling, sources: sources, name: name, resets: false)
        }
    }

    /// The distribution of whole numbers since the last emission. All values count as long as there are no
    /// more than 65,536 of them in between, a uniform sample of that size beyond.
    public func resettingHistogram(_ name: String, tags: [String: String] = [:]) -> Histogram {
        registry.instrument(MetricName.text(name, tags: tags)) { name in
            Histogram(
                .uniform(size: Histogram.resettingSize), sources: sources, name: name, resets: true)
        }
    }

    /// Count and rates of events, over one, five and fifteen minutes and since the start.
    public func meter(_ name: String, tags: [String: String] = [:]) -> Meter {
        registry.instrument(MetricName.text(name, tags: tags)) { _ in Meter(clock: sources.clock) }
    }

    /// The distribution of durations, in nanoseconds, and their rates.
    public func timer(_ name: String, tags: [String: String] = [:]) -> Timer {
        registry.instrument(MetricName.text(name, tags: tags)) { name in Timer(sources: sources, name: name) }
    }

    /// How often metrics are written; nil or zero for only at the end of the test case. An interval below a
    /// millisecond counts as one.
    public func setFrequency(_ interval: Duration?) {
        let interval = interval.flatMap { $0 > .zero ? Swift.max($0, .milliseconds(1)) : nil }
        output.setInterval(interval, of: stream)
    }
}
