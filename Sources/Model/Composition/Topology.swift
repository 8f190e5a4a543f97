// `[network]` of a composition: the network that instances start in, before the plan changes anything. A
// section of ours, which other tools ignore.

/// What a link does to the packets that take it; the default passes everything at once.
package struct LinkQuality: Sendable, Hashable {
    package enum JitterDistribution: String, Sendable, Hashable, CaseIterable {
        /// Evenly over latency ± jitter.
        case uniform
        /// Normal, with the jitter as standard deviation.
        case normal
    }

    package var latencyNanoseconds: Int64 = 0
    package var jitterNanoseconds: Int64 = 0
    package var jitterDistribution = JitterDistribution.uniform
    /// Bits a second of IP packets; 0 for no limit.
    package var bandwidthBitsPerSecond: UInt64 = 0
    /// Bytes that may wait for the bandwidth; nil for the network's default.
    package var queueBytes: Int?
    /// Percentages, 0 to 100.
    package var loss = 0.0
    package var duplicate = 0.0
    package var corrupt = 0.0
    package var reorder = 0.0

    package init() {}
}

/// `[network]` as it was written.
package struct Topology: Sendable, Hashable {
    package struct Region: Sendable, Hashable {
        package var name = ""
        /// Groups whose instances are there; empty for all groups.
        package var groups: [String] = []
        /// Share of those instances, above 0 and up to 1; nil for all.
        package var share: Double?
    }

    /// A link from one region to another, or within one.
    package struct Link: Sendable, Hashable {
        package var from = ""
        package var to = ""
        /// Whether it is the same in the other direction, unless that has a link of its own.
        package var isSymmetric = true
        package var quality = LinkQuality()
    }

    /// A bottleneck that everything sent by the instances behind it passes one after the other.
    package struct Uplink: Sendable, Hashable {
        package var groups: [String] = []
        package var bandwidthBitsPerSecond: UInt64 = 0
        /// Bytes that may wait; nil for the network's default.
        package var queueBytes: Int?
    }

    /// False for a network of IPv4 alone.
    package var hasIPv6 = true
    /// Bytes of the largest packet; nil for 1,500.
    package var mtu: Int?
    /// Prefix length of the IPv4 data network; nil for 16.
    package var subnetBits: Int?
    /// Of links that no other is for.
    package var defaultLink = LinkQuality()
    package var regions: [Region] = []
    /// From each region to each; empty where none was written.
    package var matrix: [[LinkQuality]] = []
    /// Links of single pairs of regions, which count before the matrix.
    package var links: [Link] = []
    package var uplinks: [Uplink] = []

    package static let mtuRange = 1_280...65_535
    /// From a sixteenth of 16.0.0.0/4 to a network of five instances.
    package static let subnetBitsRange = 8...29

    package init() {}
}
