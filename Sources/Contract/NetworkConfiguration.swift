// An instance's wish for its network (contract §5), as it stands on the topic `network:<hostname>`.

/// What a link does with packets before it carries them.
package enum LinkFilter: Int, Sendable, Hashable, CaseIterable {
    case accept = 0
    /// The sender gets an ICMP error at once.
    case reject = 1
    case drop = 2
}

/// Which networks beyond the data network an instance reaches.
package enum RoutingPolicy: String, Sendable, Hashable, CaseIterable {
    case allowAll = "allow_all"
    case denyAll = "deny_all"
}

/// The shape of an instance's egress, in the units of the wire.
package struct LinkShape: Sendable, Hashable {
    package var latencyNanoseconds: Int64
    package var jitterNanoseconds: Int64
    /// Bits per second; 0 for no limit. The other SDKs call it bytes, but upstream hands the number on as a
    /// rate in bits, and plans are tuned to what happens.
    package var bandwidthBitsPerSecond: UInt64
    package var filter: LinkFilter
    /// Percentages, 0 to 100, with the correlations of tc-netem(8).
    package var loss: Double
    package var corrupt: Double
    package var corruptCorrelation: Double
    package var reorder: Double
    package var reorderCorrelation: Double
    package var duplicate: Double
    package var duplicateCorrelation: Double

    package init(
        latencyNanoseconds: Int64 = 0, jitterNanoseconds: Int64 = 0, bandwidthBitsPerSecond: UInt64 = 0,
        filter: LinkFilter = .accept, loss: Double = 0, corrupt: Double = 0, corruptCorrelation: Double = 0,
        reorder: Double = 0, reorderCorrelation: Double = 0, duplicate: Double = 0,
        duplicateCorrelation: Double = 0
    ) {
        self.latencyNanoseconds = latencyNanoseconds
        self.jitterNanoseconds = jitterNanoseconds
        self.bandwidthBitsPerSecond = bandwidthBitsPerSecond
        self.filter = filter
        self.loss = loss
        self.corrupt = corrupt
        self.corruptCorrelation = corruptCorrelation
        self.reorder = reorder
        self.reorderCorrelation = reorderCorrelation
        self.duplicate = duplicate
        self.duplicateCorrelation = duplicateCorrelation
    }
}

/// A shape for one destination subnet.
package struct LinkRule: Sendable, Hashable {
    package var shape: LinkShape
    /// CIDR notation.
    package var subnet: String

    package init(shape: LinkShape, subnet: String) {
        self.shape = shape
        self.subnet = subnet
    }
}

/// A request to configure an instance's network.
package struct NetworkConfiguration: Sendable, Hashable {
    package var network: String
    /// New address in CIDR notation; nil keeps the present one.
    package var ipv4: String?
    package var ipv6: String?
    /// False takes the instance off the network.
    package var enable: Bool
    package var defaultShape: LinkShape
    package var rules: [LinkRule]
    /// The state signalled once the request is applied.
    package var callbackState: String
    package var routingPolicy: RoutingPolicy

    package init(
        network: String = "default", ipv4: String? = nil, ipv6: String? = nil, enable: Bool = true,
        defaultShape: LinkShape = LinkShape(), rules: [LinkRule] = [], callbackState: String,
        routingPolicy: RoutingPolicy = .denyAll
    ) {
        self.network = network
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.enable = enable
        self.defaultShape = defaultShape
        self.rules = rules
        self.callbackState = callbackState
        self.routingPolicy = routingPolicy
    }
}
