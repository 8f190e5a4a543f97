// Exponentially weighted moving averages of rates, as the UNIX load average has them. Pure: time is an
// argument.

import LinuxSystem

/// An exponentially weighted moving average of a rate.
///
/// Time goes in ticks of five seconds. The first tick sets the rate to that of its interval; each later one
/// moves it towards its interval's by the fraction alpha: `rate += alpha · (count / 5 s - rate)`. Until the
/// first tick the rate is 0. Ticks are made up when somebody looks, so that no timer is needed.
struct MovingAverage: Sendable {
    static let tickNanoseconds: Int64 = 5_000_000_000
    private static let tickSeconds = 5.0

    private let alpha: Double
    private var uncounted = 0
    private var lastTick: Int64
    /// Events a second; nil until the first tick.
    private var current: Double?

    /// - Parameter start: monotonic nanoseconds.
    init(alpha: Double, start: Int64) {
        self.alpha = alpha
        lastTick = start
    }

    /// The average over about that many minutes: `alpha = 1 - e^(-5 s / minutes)`.
    init(minutes: Double, start: Int64) {
        self.init(alpha: 1 - Mathematics.exponential(-Self.tickSeconds / 60 / minutes), start: start)
    }

    mutating func update(_ events: Int, now: Int64) {
        advance(to: now)
        uncounted &+= events
    }

    /// Events a second.
    mutating func rate(now: Int64) -> Double {
        advance(to: now)
        return current ?? 0
    }

    private mutating func advance(to now: Int64) {
        let ticks = (now - lastTick) / Self.tickNanoseconds
        guard ticks > 0 else { return }
        lastTick += ticks * Self.tickNanoseconds
        let instant = Double(uncounted) / Self.tickSeconds
        uncounted = 0
        let first = current.map { $0 + alpha * (instant - $0) } ?? instant
        // In the ticks after the first one nothing happened.
        current = first * Mathematics.power(1 - alpha, Double(ticks - 1))
    }
}

/// Count and rates of events: the averages of one, five and fifteen minutes and the mean since the start.
struct EventRates: Sendable {
    private(set) var count = 0
    private let start: Int64
    private var minute1: MovingAverage
    private var minute5: MovingAverage
    private var minute15: MovingAverage

    /// - Parameter start: monotonic nanoseconds.
    init(start: Int64) {
        self.start = start
        minute1 = MovingAverage(minutes: 1, start: start)
        minute5 = MovingAverage(minutes: 5, start: start)
        minute15 = MovingAverage(minutes: 15, start: start)
    }

    mutating func mark(_ events: Int, now: Int64) {
        count &+= events
        minute1.update(events, now: now)
        minute5.update(events, now: now)
        minute15.update(events, now: now)
    }

    mutating func rates(now: Int64) -> Rates {
        Rates(
            count: count, minute1: minute1.rate(now: now), minute5: minute5.rate(now: now),
            minute15: minute15.rate(now: now),
            mean: now > start ? Double(count) * 1e9 / Double(now - start) : 0)
    }
}

/// Count and rates of a meter or timer at one moment, in events a second.
public struct Rates: Sendable, Hashable {
    public let count: Int
    public let minute1: Double
    public let minute5: Double
    public let minute15: Double
    /// Since the meter was made.
    public let mean: Double
}
