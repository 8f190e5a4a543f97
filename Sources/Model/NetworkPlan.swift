// The network of a run, every value decided: who is where, and what lies between.

/// The network that a run's instances start in; the default shapes nothing.
package struct NetworkPlan: Sendable, Hashable {
    /// Where an instance is.
    package struct Place: Sendable, Hashable {
        /// Number of its region; nil for none.
        package var region: Int?
        /// Number of the uplink it is behind; nil for none.
        package var uplink: Int?

        package init(region: Int? = nil, uplink: Int? = nil) {
            self.region = region
            self.uplink = uplink
        }
    }

    /// A bottleneck that several instances share.
    package struct Uplink: Sendable, Hashable {
        package var bandwidthBitsPerSecond: UInt64
        /// Bytes that may wait; nil for the network's default.
        package var queueBytes: Int?

        package init(bandwidthBitsPerSecond: UInt64, queueBytes: Int? = nil) {
            self.bandwidthBitsPerSecond = bandwidthBitsPerSecond
            self.queueBytes = queueBytes
        }
    }

    package var hasIPv6 = true
    /// Bytes of the largest packet.
    package var mtu = 1_500
    /// Prefix length of the IPv4 data network.
    package var subnetBits = 16
    /// Of links that no other is for.
    package var defaultLink = LinkQuality()
    /// Names of the regions.
    package var regions: [String] = []
    /// What lies on the way from each region to each, by their numbers; nil for the default link.
    package var links: [[LinkQuality?]] = []
    package var uplinks: [Uplink] = []
    /// The place of each instance, by group id and number; groups that are nowhere are left out.
    package var places: [String: [Place]] = [:]

    package init() {}

    /// Addresses of the data network without its own, the gateway's and that for broadcasts.
    package var mostInstances: Int { (1 << (32 - subnetBits)) - 3 }

    /// Whether links of instances differ from those of a network without a topology.
    package var isShaped: Bool {
        defaultLink != LinkQuality() || links.contains { $0.contains { $0 != nil } } || !uplinks.isEmpty
    }

    package func place(ofInstance index: Int, in group: String) -> Place {
        guard let places = places[group], places.indices.contains(index) else { return Place() }
        return places[index]
    }
}
