// Both sets of metrics of an instance, with the thread that writes them: what RunEnvironment holds.

import InstanceContract
import LinuxSystem

/// The metrics of one instance, from its start to its end.
final class RunMetrics: Sendable {
    let results: Metrics
    let diagnostics: Metrics
    private let output: MetricsOutput
    private let influx: InfluxDispatcher?
    private let scope: RunScope
    private let groupID: String
    private let clock: MetricClock

    /// How often instruments are written unless the plan says otherwise; those of the Go SDK.
    static let intervals: [MetricStream: Int64] = [.results: 1_000_000_000, .diagnostics: 5_000_000_000]

    /// Longest wait at the end for the disk, and for InfluxDB. Together they stay below the grace of a
    /// cancelled run.
    static let closeTimeout = Duration.seconds(5)
    static let influxTimeout = Duration.seconds(2)

    /// - Parameters:
    ///   - environment: the outputs directory, the names, and InfluxDB's address unless metrics are disabled.
    ///   - seed: decides what histograms keep.
    ///   - report: tells people what went wrong with metrics.
    init(
        _ environment: InstanceEnvironment, seed: UInt64, clock: MetricClock = .system,
        report: @escaping @Sendable (String) -> Void
    ) {
        let scope = environment.scope
        let groupID = environment.groupID
        let dispatcher =
            environment.disableMetrics || environment.influxDBURL.isEmpty
            ? nil : InfluxDispatcher(url: environment.influxDBURL, report: report)
        let registries: [MetricStream: MetricRegistry] = [
            .results: MetricRegistry(), .diagnostics: MetricRegistry(),
        ]
        var forward: (@Sendable (MetricLine, MetricStream) -> Void)?
        if let dispatcher {
            forward = { line, stream in
                dispatcher.add(InfluxLine(line, stream: stream, scope: scope, groupID: groupID))
            }
        }
        let output = MetricsOutput(
            directory: environment.outputsPath, registries: registries, intervals: Self.intervals,
            clock: clock, forward: forward, report: report)
        let sources = MetricSources(clock: clock, seed: seed)
        func metrics(_ stream: MetricStream) -> Metrics {
            Metrics(
                stream, registry: registries[stream] ?? MetricRegistry(), output: output, sources: sources)
        }
        results = metrics(.results)
        diagnostics = metrics(.diagnostics)
        self.output = output
        influx = dispatcher
        self.scope = scope
        self.groupID = groupID
        self.clock = clock
        registerProcessMetrics()
        do throws(SystemError) {
            try output.start()
            try dispatcher?.start()
        } catch {
            report("metrics are not written: \(error)")
        }
    }

    /// Tells InfluxDB about a lifecycle event, by its name in the contract, e.g. `start_event`.
    func record(event: String) {
        influx?.add(InfluxLine(event: event, timestamp: clock.wall(), scope: scope, groupID: groupID))
    }

    /// Writes every metric a last time. Blocks until it is done, for at most seven seconds when disk or
    /// database hang.
    func close() {
        output.close(timeout: Self.closeTimeout)
        influx?.close(timeout: Self.influxTimeout)
    }

    /// What the process itself uses, among the diagnostics, where the Go SDK has its runtime's figures.
    private func registerProcessMetrics() {
        diagnostics.gauge("process.resident_bytes") { Double(ProcessUsage.current().residentBytes) }
        diagnostics.gauge("process.cpu_seconds") {
            let usage = ProcessUsage.current()
            return Double(usage.userNanoseconds + usage.systemNanoseconds) / 1e9
        }
        diagnostics.gauge("process.involuntary_switches") {
            Double(ProcessUsage.current().involuntarySwitches)
        }
    }
}
