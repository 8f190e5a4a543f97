// Writes the profiles that a run asks for: samples of what the process uses, as CSV.
//
// Swift on Linux has no profiler inside the process as Go's pprof is one: no stacks are sampled. What is
// written says what the process used and when; for stacks, run perf(1) beside the instance.

import LinuxSystem

/// Samples the process until it is closed.
final class ProfileRecorder: Sendable {
    private struct State {
        var closing = false
        var finished = false
    }

    private let requests: [ProfileRequest]
    private let messages: [String]
    private let directory: String
    private let clock: MetricClock
    private let report: @Sendable (String) -> Void
    private let monitor = Monitor(State())

    /// How long `close` waits for the last samples.
    private static let closeTimeout = Duration.seconds(2)

    /// - Parameters:
    ///   - profiles: `TEST_CAPTURE_PROFILES`, by kind.
    ///   - directory: where `profile-cpu.csv` and `profile-heap.csv` go.
    ///   - report: tells people which profiles there are not.
    init(
        _ profiles: [String: String], directory: String, clock: MetricClock = .system,
        report: @escaping @Sendable (String) -> Void
    ) {
        (requests, messages) = ProfileRequest.read(profiles)
        self.directory = directory
        self.clock = clock
        self.report = report
    }

    /// Tells which profiles there are not, and samples the others from now on.
    func start() {
        for message in messages { report(message) }
        do throws(SystemError) {
            if !requests.isEmpty { try NamedThread.start("profiles") { [self] in run() }.detach() }
        } catch {
            report("no profiles are captured: \(error)")
            monitor.change { $0.finished = true }
        }
    }

    /// Takes a last sample of each kind and ends. Blocks for at most two seconds.
    func close() {
        guard !requests.isEmpty else { return }
        monitor.change { $0.closing = true }
        let deadline = SystemClock.monotonic() + Self.closeTimeout.nanoseconds
        let _: Bool? = monitor.wait(until: deadline) { $0.finished ? true : nil }
    }

    private func run() {
        do throws(SystemError) {
            for request in requests { try append(request.kind.header, to: request.kind) }
            try sampleUntilClosed()
        } catch {
            report("profiles end here: \(error)")
        }
        monitor.change { $0.finished = true }
    }

    private func sampleUntilClosed() throws(SystemError) {
        var due = requests.map { (request: $0, next: SystemClock.monotonic()) }
        while true {
            let next = due.map(\.next).min() ?? 0
            let closing = monitor.wait(until: next) { $0.closing ? true : nil } ?? false
            let now = SystemClock.monotonic()
            let usage = ProcessUsage.current()
            for index in due.indices where closing || due[index].next <= now {
                let kind = due[index].request.kind
                try append(kind.sample(usage, timestamp: clock.wall()), to: kind)
                due[index].next = now + due[index].request.interval
            }
            if closing { return }
        }
    }

    private func append(_ line: String, to kind: ProfileRequest.Kind) throws(SystemError) {
        try OutputFile(path: "\(directory)/profile-\(kind.rawValue).csv", mode: .append).write(line + "\n")
    }
}

extension ProfileRequest.Kind {
    /// The first line of the file.
    var header: String {
        switch self {
        case .cpu: "ts,user_ns,system_ns,voluntary_switches,involuntary_switches"
        case .heap: "ts,resident_bytes,peak_resident_bytes"
        }
    }

    /// One line: Unix time in nanoseconds, then totals since the start of the process.
    func sample(_ usage: ProcessUsage, timestamp: Int64) -> String {
        let values =
            switch self {
            case .cpu:
                [
                    usage.userNanoseconds, usage.systemNanoseconds, usage.voluntarySwitches,
                    usage.involuntarySwitches,
                ]
            case .heap: [usage.residentBytes, usage.peakResidentBytes]
            }
        return ([timestamp] + values).map(String.init).joined(separator: ",")
    }
}
