// Where metrics take time and chance from: arguments, so that tests and seeds decide them.

import LinuxSystem

/// The clocks of metrics, both in nanoseconds.
struct MetricClock: Sendable {
    /// Unix time, for timestamps.
    var wall: @Sendable () -> Int64
    /// Never goes back, for rates and intervals.
    var monotonic: @Sendable () -> Int64

    static let system = MetricClock(wall: SystemClock.wall, monotonic: SystemClock.monotonic)
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): small,
/// fast, and the same sequence for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator for one purpose, independent of those of other names with the same seed.
    init(seed: UInt64, name: String) {
        // FNV-1a: Swift's own hash differs from process to process.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
        }
        self.init(seed: seed ^ hash)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// What instruments are made with.
struct MetricSources: Sendable {
    var clock: MetricClock
    /// Decides what reservoirs keep.
    var seed: UInt64
}

extension Duration {
    /// Whole nanoseconds, cut at 292 years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
    }
}
