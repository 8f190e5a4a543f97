// Periodic copies of what a URL shows, e.g. of a metrics page of the system under test.

import LinuxSystem

/// Gets a URL at an interval and writes each body into a file of its own, until stopped.
///
/// Files are named `<Unix time in milliseconds>.out`. A failed request is told once for each row of failures,
/// and the next one follows at its time. A slow answer moves the next request; none are made at the same
/// time.
public final class PeriodicSnapshots: Sendable {
    private struct State {
        var stopping = false
        var finished = false
    }

    private let url: String
    private let interval: Duration
    private let directory: String
    private let clock: MetricClock
    private let report: @Sendable (String) -> Void
    private let monitor = Monitor(State())

    /// Shortest interval; nobody's page changes faster, and faster would be a load of its own.
    static let shortestInterval = Duration.milliseconds(10)
    /// Longest wait for one answer.
    static let requestTimeout = Duration.seconds(30)
    /// How long `stop` waits for a request that is under way.
    static let stopTimeout = Duration.seconds(2)

    init(
        url: String, interval: Duration, directory: String, clock: MetricClock = .system,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.url = url
        self.interval = max(interval, Self.shortestInterval)
        self.directory = directory
        self.clock = clock
        self.report = report
    }

    /// Makes the directory and starts the thread.
    ///
    /// - Throws: `HTTPError` for a URL that cannot be asked; `SystemError` when the directory cannot be made.
    func start() throws {
        _ = try HTTPAddress(url)
        try Directories.make(directory)
        try NamedThread.start("snapshots") { [self] in run() }.detach()
    }

    /// Makes no more requests. Returns when the last file is whole, or after two seconds.
    public func stop() {
        monitor.change { $0.stopping = true }
        let deadline = SystemClock.monotonic() + Self.stopTimeout.nanoseconds
        let _: Bool? = monitor.wait(until: deadline) { $0.finished ? true : nil }
    }

    private func run() {
        var failing = false
        var next = SystemClock.monotonic() + interval.nanoseconds
        while monitor.wait(until: next, { $0.stopping ? true : nil }) == nil {
            let failure = snapshot()
            if let failure, !failing { report("no snapshot of \(url): \(failure)") }
            failing = failure != nil
            next = max(next + interval.nanoseconds, SystemClock.monotonic())
        }
        monitor.change { $0.finished = true }
    }

    /// The reason why there is none.
    private func snapshot() -> String? {
        do {
            let file = try OutputFile(path: "\(directory)/\(clock.wall() / 1_000_000).out")
            let status = try HTTPExchange.get(url, timeout: Self.requestTimeout) { _, bytes in
                try file.write(bytes)
            }
            return (200..<300).contains(status) ? nil : "it answered the status \(status)"
        } catch {
            return "\(error)"
        }
    }
}
