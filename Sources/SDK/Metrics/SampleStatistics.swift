// The figures of a sample of values, defined as rcrowley/go-metrics does, so that results of plans in
// different languages can be compared.

/// A read-only copy of what a histogram or timer has sampled.
public struct SampleStatistics: Sendable, Hashable {
    /// Values recorded, which may be more than were kept.
    public let count: Int
    /// The values kept, in ascending order.
    public let values: [Int]

    init(count: Int, values: [Int]) {
        self.count = count
        self.values = values.sorted()
    }

    /// The smallest value kept; 0 when there is none.
    public var min: Int { values.first ?? 0 }

    /// The largest value kept; 0 when there is none.
    public var max: Int { values.last ?? 0 }

    /// The arithmetic mean of the values kept; 0 when there is none.
    public var mean: Double {
        values.isEmpty ? 0 : values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    }

    /// The variance of the values kept as a whole population (divided by n, not by n - 1); 0 when there is
    /// none.
    public var variance: Double {
        guard !values.isEmpty else { return 0 }
        let mean = mean
        let squares = values.reduce(0.0) { sum, value in
            let difference = Double(value) - mean
            return sum + difference * difference
        }
        return squares / Double(values.count)
    }

    /// The square root of the variance.
    public var standardDeviation: Double { variance.squareRoot() }

    /// The value below which the fraction `fraction` of the sample lies: with n values, the one at place
    /// `fraction · (n + 1)` counted from 1, interpolated linearly between its two neighbours.
    ///
    /// - Parameter fraction: from 0 to 1, e.g. 0.95. Below the first place it is the smallest
    ///   value, above the last the largest.
    public func percentile(_ fraction: Double) -> Double {
        guard !values.isEmpty else { return 0 }
        let place = fraction * Double(values.count + 1)
        // Also when the fraction is no number.
        guard place >= 1 else { return Double(min) }
        guard place < Double(values.count) else { return Double(max) }
        let below = Int(place)
        let lower = Double(values[below - 1])
        let upper = Double(values[below])
        return lower + (place - Double(below)) * (upper - lower)
    }
}
