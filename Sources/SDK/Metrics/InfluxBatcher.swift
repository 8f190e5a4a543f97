// Which points go to InfluxDB when. Pure: time is an argument, in monotonic nanoseconds.

/// Points that wait for InfluxDB, in batches that are tried a few times.
struct InfluxBatcher: Sendable {
    enum Step: Sendable, Equatable {
        /// Post the batch, then say `succeeded` or `failed`.
        case send([String])
        /// Nothing to do before then, unless a point comes; nil for never.
        case wait(until: Int64?)
        case stop
    }

    /// Points in a request: about 50 KB.
    static let batchLength = 500
    /// Points that may wait; beyond them the newest are lost, so that memory stays bounded without a
    /// database.
    static let longest = 10_000
    /// A batch that is not full waits for so long.
    static let interval: Int64 = 1_000_000_000
    /// Requests for one batch before it is given up.
    static let attempts = 5
    /// Between two requests for the same batch.
    static let retryDelay: Int64 = 500_000_000

    private var pending: [String] = []
    private var attempt = 0
    private var due: Int64?
    private var closing = false
    /// Points that did not reach the database.
    private(set) var lost = 0
    /// Why the last request failed.
    private(set) var reason: String?

    mutating func add(_ point: String, now: Int64) {
        guard !closing, pending.count < Self.longest else {
            lost += 1
            return
        }
        pending.append(point)
        if due == nil { due = now + Self.interval }
        // A batch that has failed waits for its next attempt even when it is full.
        if attempt == 0, pending.count >= Self.batchLength { due = now }
    }

    /// What is left goes at once, one attempt a batch.
    mutating func close() { closing = true }

    func step(now: Int64) -> Step {
        if pending.isEmpty { return closing ? .stop : .wait(until: nil) }
        guard closing || due.map({ $0 <= now }) ?? true else { return .wait(until: due) }
        return .send(Array(pending.prefix(Self.batchLength)))
    }

    mutating func succeeded(now: Int64) { finishBatch(now: now) }

    mutating func failed(_ reason: String, now: Int64) {
        self.reason = reason
        attempt += 1
        if closing || attempt >= Self.attempts {
            lost += min(pending.count, Self.batchLength)
            finishBatch(now: now)
        } else {
            due = now + Self.retryDelay
        }
    }

    /// Gives up what is left.
    mutating func abandon() {
        closing = true
        lost += pending.count
        pending = []
    }

    private mutating func finishBatch(now: Int64) {
        pending.removeFirst(min(pending.count, Self.batchLength))
        attempt = 0
        due = pending.isEmpty ? nil : (pending.count >= Self.batchLength ? now : now + Self.interval)
    }
}
