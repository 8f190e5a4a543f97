// What rounds of a measurement come to: medians and spreads.

/// Values of a quantity, one for each round.
public struct Rounds: Sendable {
    public var values: [Double]

    public init(_ values: [Double]) { self.values = values }

    public var median: Double { percentile(0.5) }

    /// The value at that share of the sorted ones, the nearest one; nan without any.
    public func percentile(_ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int((share * Double(sorted.count - 1)).rounded()))]
    }

    /// 10th to 90th percentile.
    public var spread: (low: Double, high: Double) { (percentile(0.1), percentile(0.9)) }
}
