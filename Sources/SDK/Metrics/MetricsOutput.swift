// Writes metrics to their files on a thread of its own.

import InstanceContract
import LinuxSystem

/// The way of metric lines into `results.out` and `diagnostics.out`, and to InfluxDB where there is one.
///
/// A line that does not get there is counted, and `close` reports how many did not.
final class MetricsOutput: Sendable {
    private struct State {
        var queue: MetricsQueue
        var finished = false
    }

    private let directory: String
    private let registries: [MetricStream: MetricRegistry]
    private let clock: MetricClock
    private let forward: (@Sendable (MetricLine, MetricStream) -> Void)?
    private let report: @Sendable (String) -> Void
    private let monitor: Monitor<State>

    /// Bytes of most points, taken at once.
    private static let commonLine = 160

    /// Longest wait of the thread when nothing is due; it only looks around then.
    private static let idleNanoseconds: Int64 = 3600 * 1_000_000_000

    /// - Parameters:
    ///   - directory: where the files lie.
    ///   - intervals: nanoseconds between emissions.
    ///   - forward: is given every line too, and must not block.
    ///   - report: tells people about lost lines.
    init(
        directory: String, registries: [MetricStream: MetricRegistry], intervals: [MetricStream: Int64],
        clock: MetricClock, forward: (@Sendable (MetricLine, MetricStream) -> Void)?,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.registries = registries
        self.clock = clock
        self.forward = forward
        self.report = report
        monitor = Monitor(
            State(queue: MetricsQueue(intervals: intervals, now: SystemClock.monotonic())))
    }

    /// Starts the writing thread. Without one every line is lost, and `close` waits for nothing.
    func start() throws(SystemError) {
        do throws(SystemError) {
            try NamedThread.start("metrics") { [self] in run() }.detach()
        } catch {
            monitor.change { state in
                state.queue.close()
                state.finished = true
            }
            throw error
        }
    }

    func append(_ line: MetricLine, to stream: MetricStream) {
        guard let bytes = encode(line, of: stream) else { return }
        monitor.change { $0.queue.append(bytes, to: stream) }
    }

    func setInterval(_ interval: Duration?, of stream: MetricStream) {
        monitor.change {
            $0.queue.setInterval(interval?.nanoseconds, of: stream, now: SystemClock.monotonic())
        }
    }

    /// Writes every metric a last time and ends the thread. Lines recorded later are lost.
    ///
    /// - Parameter timeout: longest wait for a disk that does not take the lines.
    func close(timeout: Duration) {
        monitor.change { $0.queue.close() }
        let deadline = SystemClock.monotonic() + timeout.nanoseconds
        let finished = monitor.wait(until: deadline) { $0.finished ? true : nil }
        if finished == nil {
            report("metrics are still being written to \(directory) after \(timeout): some may be lost")
        }
        let queue = monitor.read { $0.queue }
        guard queue.lost > 0 else { return }
        report(
            "\(queue.lost) lines of metrics were lost: \(queue.overflown) came faster than the disk took "
                + "them or after the end, \(queue.unwritable) held infinities or NaN, "
                + "\(queue.unwritten) could not be written")
    }

    // MARK: The thread

    private func run() {
        let files = MetricStream.allCases.map { MetricsFile(directory: directory, stream: $0) }
        // Both files are there from the start, also when nothing is measured.
        for file in files { write(.init(), to: file) }
        while true {
            let now = SystemClock.monotonic()
            let deadline = monitor.read { $0.queue.deadline } ?? now + Self.idleNanoseconds
            let work = monitor.wait(until: deadline) {
                $0.queue.takeWork(now: SystemClock.monotonic())
            }
            guard var work else { continue }
            for stream in work.emissions { emit(stream, into: &work.batches[stream, default: .init()]) }
            for file in files {
                if let batch = work.batches[file.stream] { write(batch, to: file) }
            }
            if work.isLast { break }
        }
        monitor.change { $0.finished = true }
    }

    private func emit(_ stream: MetricStream, into batch: inout MetricsQueue.Batch) {
        for line in registries[stream]?.collect(timestamp: clock.wall()) ?? [] {
            guard let bytes = encode(line, of: stream) else { continue }
            batch.bytes += bytes
            batch.lines += 1
        }
    }

    private func write(_ batch: MetricsQueue.Batch, to file: MetricsFile) {
        guard let failure = file.write(batch.bytes) else { return }
        monitor.change { $0.queue.dropUnwritten(batch.lines) }
        if let news = failure.news { report("metrics are lost: \(news)") }
    }

    /// The line with its newline, which is forwarded too; nil when it cannot be written.
    private func encode(_ line: MetricLine, of stream: MetricStream) -> [UInt8]? {
        guard line.isWritable else {
            monitor.change { $0.queue.dropUnwritable() }
            return nil
        }
        forward?(line, stream)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.commonLine)
        line.write(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

/// One of the two files, opened by the thread that writes it.
private final class MetricsFile {
    struct Failure {
        /// Text for people; nil when the same has been said already.
        var news: String?
    }

    let stream: MetricStream
    private let path: String
    private var file: OutputFile?
    private var reported = false
    /// Whether a failed write may have left part of a line.
    private var mayBeBroken = false

    init(directory: String, stream: MetricStream) {
        self.stream = stream
        path = "\(directory)/\(stream.fileName)"
    }

    func write(_ bytes: [UInt8]) -> Failure? {
        do throws(SystemError) {
            if file == nil { file = try OutputFile(path: path, mode: .append) }
            guard !bytes.isEmpty else { return nil }
            if mayBeBroken { try file?.write("\n") }
            mayBeBroken = true
            try file?.write(bytes)
            mayBeBroken = false
            return nil
        } catch {
            defer { reported = true }
            return Failure(news: reported ? nil : error.description)
        }
    }
}
