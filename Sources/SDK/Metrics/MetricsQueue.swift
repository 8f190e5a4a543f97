// What waits to be written, and what is due to be emitted. Pure: time is an argument, in monotonic
// nanoseconds.

import InstanceContract

/// Lines that wait for the writing thread, and the times of the next emissions.
struct MetricsQueue: Sendable {
    /// Lines of one stream, ready to write.
    struct Batch: Sendable, Equatable {
        var bytes: [UInt8] = []
        var lines = 0
    }

    /// What the writing thread does next.
    struct Work: Sendable {
        var batches: [MetricStream: Batch] = [:]
        /// Streams whose instruments are to be written now.
        var emissions: Set<MetricStream> = []
        /// Nothing comes after it.
        var isLast = false
    }

    private struct Schedule: Sendable {
        var interval: Int64?
        var next: Int64?

        init(interval: Int64?, now: Int64) {
            self.interval = interval
            next = interval.map { now + $0 }
        }
    }

    /// Most bytes that may wait in a stream: about 30,000 lines, the work of a tight loop during a disk's
    /// pause. What comes beyond them is counted and dropped, so that a plan never waits for a disk.
    static let longest = 4 * 1024 * 1024

    private var batches: [MetricStream: Batch] = [:]
    private var schedules: [MetricStream: Schedule]
    private var rescheduled = false
    private var closing = false
    private var closed = false
    /// Lines dropped because the queue was full or closed.
    private(set) var overflown = 0
    /// Lines dropped because they held infinities or NaN.
    private(set) var unwritable = 0
    /// Lines that could not be written to their file.
    private(set) var unwritten = 0

    init(intervals: [MetricStream: Int64], now: Int64) {
        schedules = intervals.mapValues { Schedule(interval: $0, now: now) }
    }

    /// All lines that did not reach their file.
    var lost: Int { overflown + unwritable + unwritten }

    /// When there is something to do although nothing is appended; nil for never.
    var deadline: Int64? { schedules.values.compactMap(\.next).min() }

    mutating func append(_ line: [UInt8], to stream: MetricStream) {
        var batch = batches.removeValue(forKey: stream) ?? Batch()
        if closing || batch.bytes.count + line.count > Self.longest {
            overflown += 1
        } else {
            batch.bytes += line
            batch.lines += 1
        }
        if batch.lines > 0 { batches[stream] = batch }
    }

    mutating func dropUnwritable() { unwritable += 1 }

    mutating func dropUnwritten(_ lines: Int) { unwritten += lines }

    mutating func setInterval(_ interval: Int64?, of stream: MetricStream, now: Int64) {
        schedules[stream] = Schedule(interval: interval, now: now)
        rescheduled = true
    }

    /// Everything is emitted a last time; what is appended from now on is lost.
    mutating func close() { closing = true }

    /// The next work; nil when there is none yet. Work without content means that the deadline has changed.
    mutating func takeWork(now: Int64) -> Work? {
        guard !closed else { return nil }
        var work = Work()
        if closing {
            work.emissions = Set(schedules.keys)
            work.isLast = true
            closed = true
        }
        for (stream, schedule) in schedules {
            guard let next = schedule.next, next <= now, let interval = schedule.interval else { continue }
            work.emissions.insert(stream)
            // A late emission moves those after it, as a ticker that drops ticks does.
            schedules[stream] = Schedule(interval: interval, now: now)
        }
        defer { rescheduled = false }
        guard rescheduled || closing || !batches.isEmpty || !work.emissions.isEmpty else { return nil }
        work.batches = batches
        batches = [:]
        return work
    }
}
