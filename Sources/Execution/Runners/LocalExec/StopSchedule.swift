// How a run is brought to its end: SIGTERM, the grace, SIGKILL, and at last giving up. Pure: time is an
// argument.

/// The run's end that somebody asked for, with its deadlines in monotonic nanoseconds.
struct StopSchedule: Sendable {
    enum State: Sendable, Hashable {
        /// Running, until the time limit.
        case running(until: Int64)
        /// Asked to end; killed at the deadline.
        case terminating(killAt: Int64)
        /// Killed; given up on at the deadline.
        case killing(giveUpAt: Int64)
        case givenUp
    }

    enum Action: Sendable, Hashable {
        case stopAll(StopCause)
        case killAll
        case giveUp
    }

    /// How long a process may take to vanish after SIGKILL: only one stuck in the kernel takes longer than
    /// moments.
    static let killAllowance = Duration.seconds(10)

    private(set) var state: State
    private let limit: Duration
    private let grace: Duration

    init(start: Int64, limit: Duration, grace: Duration) {
        self.limit = limit
        self.grace = grace
        state = .running(until: Self.sum(start, limit))
    }

    var deadline: Int64? {
        switch state {
        case .running(let time), .terminating(let time), .killing(let time): time
        case .givenUp: nil
        }
    }

    /// The time limit counts from the first instance's start.
    mutating func firstInstanceStarted(at now: Int64) {
        if case .running = state { state = .running(until: Self.sum(now, limit)) }
    }

    mutating func cancel(at now: Int64) -> [Action] {
        guard case .running = state else { return [] }
        state = .terminating(killAt: Self.sum(now, grace))
        return [.stopAll(.canceled)]
    }

    /// Cancels, without a grace or with what is left of it.
    mutating func kill(at now: Int64) -> [Action] {
        let stop = cancel(at: now)
        guard case .terminating = state else { return stop }
        state = .killing(giveUpAt: Self.sum(now, Self.killAllowance))
        return stop + [.killAll]
    }

    mutating func tick(at now: Int64) -> [Action] {
        switch state {
        case .running(let time) where now >= time:
            state = .terminating(killAt: Self.sum(now, grace))
            return [.stopAll(.timeLimit(limit))]
        case .terminating(let time) where now >= time:
            state = .killing(giveUpAt: Self.sum(now, Self.killAllowance))
            return [.killAll]
        case .killing(let time) where now >= time:
            state = .givenUp
            return [.giveUp]
        case .running, .terminating, .killing, .givenUp:
            return []
        }
    }

    private static func sum(_ time: Int64, _ duration: Duration) -> Int64 {
        let (sum, overflow) = time.addingReportingOverflow(duration.nanoseconds)
        return overflow ? .max : sum
    }
}
