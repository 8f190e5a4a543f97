// What a switch has counted: every packet is in exactly one of these.

package import LinuxSystem

/// Why a packet was not delivered. The first five are what the model or the plan asked for; the others are
/// the machine's or the plan's fault and make a run untrusted or are at least shown.
package enum DropCause: Int, Sendable, Hashable, CaseIterable {
    case filtered, lost, rejected
    /// The rate's own queue was full, as configured.
    case queueFull
    /// Sender or receiver has been taken off the network.
    case disabled
    /// Nobody has the address.
    case unreachable
    /// No IP packet, or one that contradicts itself.
    case malformed
    /// Housekeeping of a real link (IGMP, MLD, neighbour discovery) that means nothing on this one.
    case housekeeping
    /// The switch had no memory left for packets in flight: not the model's decision.
    case noMemory
    /// The receiver's kernel did not take it: not the model's decision.
    case notTaken
    /// The receiver left while the packet was in flight.
    case departed

    /// Whether a run in which it happened can still be trusted.
    package var isDecided: Bool { self != .noMemory && self != .notTaken }
}

/// Counters of one switch since its start.
package struct SwitchStatistics: Sendable, Hashable {
    /// Wire segments read from instances.
    package var received: UInt64 = 0
    /// Wire segments handed to instances, copies and broadcasts included.
    package var delivered: UInt64 = 0
    package var deliveredBytes: UInt64 = 0
    package var drops: [DropCause: UInt64] = [:]
    /// Delayed deliveries.
    package var delayed: UInt64 = 0
    /// Lateness (delivered − due) of delayed deliveries in nanoseconds, by percentile.
    package var latenessMedian: UInt64 = 0
    package var lateness99: UInt64 = 0
    package var latenessMaximum: UInt64 = 0
    /// Deliveries waiting now.
    package var waiting = 0
    /// What the scheduler gave the switch's thread.
    package var thread = ThreadTime(running: 0, waiting: 0)

    package init() {}
}

/// Counts values from nanoseconds to seconds in buckets that are at most an eighth wide.
///
/// Hot path: a fixed array in raw memory; hdrhistogram's checks cost more than the delivery's own
/// bookkeeping.
struct LatenessHistogram: ~Copyable {
    private static let subBits = 3
    private static let bucketCount = 64 << subBits
    private let buckets: UnsafeMutablePointer<UInt64>
    private(set) var count: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    init() {
        buckets = .allocate(capacity: Self.bucketCount)
        buckets.initialize(repeating: 0, count: Self.bucketCount)
    }

    deinit { buckets.deallocate() }

    mutating func record(_ value: UInt64) {
        buckets[Self.bucket(value)] &+= 1
        count &+= 1
        if value > maximum { maximum = value }
    }

    /// Upper end of the bucket below or in which the share of values lies.
    func percentile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = UInt64((share * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for index in 0..<Self.bucketCount {
            seen += buckets[index]
            if seen >= max(1, rank) { return min(maximum, Self.upperEnd(index)) }
        }
        return maximum
    }

    private static func bucket(_ value: UInt64) -> Int {
        guard value >= 1 << subBits else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        let sub = Int((value >> (exponent - subBits)) & ((1 << subBits) - 1))
        return ((exponent - subBits + 1) << subBits) + sub
    }

    private static func upperEnd(_ bucket: Int) -> UInt64 {
        guard bucket >= 1 << subBits else { return UInt64(bucket) }
        let exponent = (bucket >> subBits) + subBits - 1
        let sub = UInt64(bucket & ((1 << subBits) - 1))
        let width: UInt64 = 1 << (exponent - subBits)
        return ((1 << subBits) + sub) * width + (width - 1)
    }
}
