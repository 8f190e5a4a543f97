// Sends points to InfluxDB on a thread of its own. What fails is told once and counted; the plan never waits
// for it.

import InstanceContract
import LinuxSystem

/// The way of points to `POST <url>/write?db=testground&precision=n`.
final class InfluxDispatcher: Sendable {
    private struct State {
        var batcher = InfluxBatcher()
        var finished = false
    }

    private let url: String
    private let report: @Sendable (String) -> Void
    private let post: @Sendable (_ url: String, _ body: [UInt8], _ timeout: Duration) throws -> Int
    private let monitor = Monitor(State())

    /// Longest wait for one request.
    private static let requestTimeout = Duration.seconds(5)
    private static let idleNanoseconds: Int64 = 3600 * 1_000_000_000

    /// - Parameters:
    ///   - url: e.g. `http://testground-influxdb:8086`.
    ///   - report: tells people that points are lost.
    ///   - post: sends a body and answers the status; throws when there is no answer in time.
    init(
        url: String, report: @escaping @Sendable (String) -> Void,
        post: @escaping @Sendable (String, [UInt8], Duration) throws -> Int = HTTPExchange.post
    ) {
        self.url = (url.hasSuffix("/") ? String(url.dropLast()) : url) + "/write?db=testground&precision=n"
        self.report = report
        self.post = post
    }

    /// Starts the sending thread. Without one every point is lost, and `close` waits for nothing.
    func start() throws(SystemError) {
        do throws(SystemError) {
            try NamedThread.start("influxdb") { [self] in run() }.detach()
        } catch {
            monitor.change { state in
                state.batcher.abandon()
                state.finished = true
            }
            throw error
        }
    }

    func add(_ line: InfluxLine) {
        guard let text = line.text else { return }
        monitor.change { $0.batcher.add(text, now: SystemClock.monotonic()) }
    }

    /// Sends what is left and reports what got lost.
    func close(timeout: Duration) {
        monitor.change { $0.batcher.close() }
        let deadline = SystemClock.monotonic() + timeout.nanoseconds
        let finished = monitor.wait(until: deadline) { $0.finished ? true : nil }
        let (lost, reason) = monitor.change { state in
            if finished == nil { state.batcher.abandon() }
            return (state.batcher.lost, state.batcher.reason)
        }
        guard lost > 0 else { return }
        let cause = reason ?? "no answer within \(timeout)"
        report(
            "\(lost) points did not reach InfluxDB at \(url): \(cause). They are in the outputs all the same."
        )
    }

    // MARK: The thread

    private func run() {
        var warned = false
        while true {
            switch monitor.read({ $0.batcher.step(now: SystemClock.monotonic()) }) {
            case .stop:
                monitor.change { $0.finished = true }
                return
            case .wait(let deadline): wait(until: deadline)
            case .send(let points):
                guard let failure = send(points) else {
                    monitor.change { $0.batcher.succeeded(now: SystemClock.monotonic()) }
                    continue
                }
                monitor.change { $0.batcher.failed(failure, now: SystemClock.monotonic()) }
                if !warned { report("metrics do not reach InfluxDB at \(url): \(failure)") }
                warned = true
            }
        }
    }

    /// Until the time has come or the next step is another one.
    private func wait(until deadline: Int64?) {
        let end = deadline ?? SystemClock.monotonic() + Self.idleNanoseconds
        let _: Bool? = monitor.wait(until: end) {
            $0.batcher.step(now: SystemClock.monotonic()) == .wait(until: deadline) ? nil : true
        }
    }

    /// The reason why the points did not arrive; nil when they did.
    private func send(_ points: [String]) -> String? {
        do {
            let status = try post(url, Array(points.joined(separator: "\n").utf8), Self.requestTimeout)
            return (200..<300).contains(status) ? nil : "it answered the status \(status)"
        } catch {
            return "\(error)"
        }
    }
}
