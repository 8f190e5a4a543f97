// What an instance may wish of its network, in typed quantities.

import InstanceContract

/// A wish for this instance's network.
///
/// ```swift
/// try await run.network.configure(
///     NetworkConfiguration(
///         shape: LinkShape(latency: .milliseconds(100), bandwidth: .megabitsPerSecond(1)),
///         callbackState: "network-configured"))
/// ```
public struct NetworkConfiguration: Sendable, Hashable {
    /// The network's name.
    public var network = "default"
    /// New address in CIDR notation, e.g. `16.0.1.2/16`; nil keeps the present one.
    public var ipv4: String?
    /// New IPv6 address in CIDR notation; nil keeps the present one.
    public var ipv6: String?
    /// False takes the instance off the data network.
    public var isEnabled = true
    /// The shape of everything this instance sends, where no rule says otherwise.
    public var shape: LinkShape
    /// Shapes for destinations; the most specific one that fits is used.
    public var rules: [LinkRule]
    /// Whether networks beyond the data network can be reached.
    public var routing: RoutingPolicy
    /// The state that is signalled once this is applied.
    public var callbackState: String
    /// How many signals of the callback state to wait for; every instance of the run when nil.
    public var callbackTarget: Int?

    /// A wish for this instance's network.
    public init(
        ipv4: String? = nil, isEnabled: Bool = true, shape: LinkShape = LinkShape(), rules: [LinkRule] = [],
        routing: RoutingPolicy = .denyAll, callbackState: String, callbackTarget: Int? = nil
    ) {
        self.ipv4 = ipv4
        self.isEnabled = isEnabled
        self.shape = shape
        self.rules = rules
        self.routing = routing
        self.callbackState = callbackState
        self.callbackTarget = callbackTarget
    }
}

/// The shape of a link, acting on what this instance sends.
public struct LinkShape: Sendable, Hashable {
    /// Time a packet takes.
    public var latency: Duration
    /// How far a packet's time may be off the latency.
    public var jitter: Duration
    /// How much may be sent.
    public var bandwidth: Bandwidth
    /// Whether anything is sent at all.
    public var filter: LinkFilter
    /// Packets that are lost.
    public var loss: Percentage
    /// Packets in which a bit is flipped.
    public var corruption: Percentage
    /// How much each corruption depends on the one before.
    public var corruptionCorrelation: Percentage
    /// Packets that overtake others.
    public var reordering: Percentage
    /// How much each reordering depends on the one before.
    public var reorderingCorrelation: Percentage
    /// Packets that are sent twice.
    public var duplication: Percentage
    /// How much each duplication depends on the one before.
    public var duplicationCorrelation: Percentage

    /// A shape; what is left out does not disturb.
    public init(
        latency: Duration = .zero, jitter: Duration = .zero, bandwidth: Bandwidth = .unlimited,
        filter: LinkFilter = .accept, loss: Percentage = 0, corruption: Percentage = 0,
        corruptionCorrelation: Percentage = 0, reordering: Percentage = 0,
        reorderingCorrelation: Percentage = 0, duplication: Percentage = 0,
        duplicationCorrelation: Percentage = 0
    ) {
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
        self.filter = filter
        self.loss = loss
        self.corruption = corruption
        self.corruptionCorrelation = corruptionCorrelation
        self.reordering = reordering
        self.reorderingCorrelation = reorderingCorrelation
        self.duplication = duplication
        self.duplicationCorrelation = duplicationCorrelation
    }
}

/// A shape for what is sent to one subnet.
public struct LinkRule: Sendable, Hashable {
    /// The destinations in CIDR notation, e.g. `16.0.2.0/24`.
    public var subnet: String
    /// Their shape.
    public var shape: LinkShape

    /// A shape for what is sent to `subnet`.
    public init(to subnet: String, _ shape: LinkShape) {
        self.subnet = subnet
        self.shape = shape
    }
}

/// What a link does with packets.
public enum LinkFilter: Sendable, Hashable, CaseIterable {
    /// Carries them.
    case accept
    /// Sends an ICMP error back at once.
    case reject
    /// Loses them without a word.
    case drop
}

/// Which networks an instance reaches beyond the data network.
public enum RoutingPolicy: Sendable, Hashable, CaseIterable {
    /// Whatever the machine reaches.
    case allowAll
    /// None.
    case denyAll
}

/// How much a link carries.
///
/// Upstream's SDK documents its number as bytes a second, but the network has always read it as bits a
/// second. Here the unit is in the name.
public struct Bandwidth: Sendable, Hashable {
    /// Bits a second; 0 means no limit.
    public let bitsPerSecond: UInt64

    /// No limit.
    public static let unlimited = Bandwidth(bitsPerSecond: 0)
    /// Bits a second, at least one.
    public static func bitsPerSecond(_ count: UInt64) -> Bandwidth { Bandwidth(bitsPerSecond: max(count, 1)) }
    /// Thousands of bits a second.
    public static func kilobitsPerSecond(_ count: Double) -> Bandwidth { scaled(count, 1e3) }
    /// Millions of bits a second.
    public static func megabitsPerSecond(_ count: Double) -> Bandwidth { scaled(count, 1e6) }
    /// Thousands of millions of bits a second.
    public static func gigabitsPerSecond(_ count: Double) -> Bandwidth { scaled(count, 1e9) }
    /// Bytes a second.
    public static func bytesPerSecond(_ count: UInt64) -> Bandwidth { scaled(Double(count), 8) }

    private static func scaled(_ count: Double, _ factor: Double) -> Bandwidth {
        bitsPerSecond(UInt64(exactly: (count * factor).rounded()) ?? (count > 0 ? UInt64(Int64.max) : 1))
    }
}

/// A share of a hundred, written as a number: `loss: 2.5`.
public struct Percentage: Sendable, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    /// 0 to 100; what is beyond is refused when the network is configured.
    public let value: Double

    /// A share of a hundred, 0 to 100.
    public init(_ value: Double) { self.value = value }
    /// E.g. `2.5`.
    public init(floatLiteral value: Double) { self.init(value) }
    /// E.g. `10`.
    public init(integerLiteral value: Int) { self.init(Double(value)) }
}
