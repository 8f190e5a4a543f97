// The quantities of a link. No bare number crosses the target.

/// A point in time of the switch's monotonic clock, in nanoseconds.
package struct Instant: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (instant: Self, span: Span) -> Self {
        Self(nanoseconds: instant.nanoseconds &+ span.nanoseconds)
    }

    package static func - (later: Self, earlier: Self) -> Span {
        Span(nanoseconds: later.nanoseconds &- earlier.nanoseconds)
    }
}

/// A span of time in nanoseconds: 64 bits are exact for 292 years and cost a quarter of `Duration` on the way
/// of a packet.
package struct Span: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package static let zero = Self(nanoseconds: 0)

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        nanoseconds = overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (left: Self, right: Self) -> Self {
        Self(nanoseconds: left.nanoseconds &+ right.nanoseconds)
    }
}

/// A rate in bits a second of IP bytes; zero means unlimited, as in the contract.
package struct Bandwidth: Sendable, Hashable {
    package var bitsPerSecond: UInt64

    package static let unlimited = Self(bitsPerSecond: 0)

    package init(bitsPerSecond: UInt64) { self.bitsPerSecond = bitsPerSecond }

    package var isUnlimited: Bool { bitsPerSecond == 0 }
}

/// A probability as a 32-bit fraction, the resolution tc-netem(8) decides with: `UInt32.max` is certainty,
/// zero never.
package struct Probability: Sendable, Hashable {
    package var fraction: UInt32

    package static let never = Self(fraction: 0)
    package static let always = Self(fraction: .max)

    package init(fraction: UInt32) { self.fraction = fraction }

    /// - Parameter percentage: 0 to 100; what lies outside is brought to the nearer end.
    package init(percentage: Double) {
        let share = min(max(percentage / 100, 0), 1)
        fraction = share.isNaN ? 0 : UInt32((share * Double(UInt32.max)).rounded())
    }
}

/// How often something happens to a packet, and how much that depends on what happened to the one before.
package struct Chance: Sendable, Hashable {
    package var probability: Probability
    /// Weight of the previous draw in this one, tc-netem(8)'s CORRELATION. As there, a correlation narrows
    /// the draws around one half, so that chances below 50 % come out rarer than asked: 30 % with 50 %
    /// correlation is about 12 %.
    package var correlation: Probability

    package static let never = Self(probability: .never)

    package init(probability: Probability, correlation: Probability = .never) {
        self.probability = probability
        self.correlation = correlation
    }

    /// Percentages from 0 to 100, as the contract's network message has them.
    package init(percentage: Double, correlation: Double = 0) {
        self.init(
            probability: Probability(percentage: percentage),
            correlation: Probability(percentage: correlation))
    }
}
