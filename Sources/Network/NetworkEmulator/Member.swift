// One instance on the switch: its addresses, its links, its rules.
//
// Hot path: links lie in raw memory, since each is changed by every packet that takes it.

package import LinkModel

/// A shape for one destination network.
package struct LinkRule: Sendable, Hashable {
    package var destination: Prefix
    package var shape: LinkShape

    package init(destination: Prefix, shape: LinkShape) {
        self.destination = destination
        self.shape = shape
    }
}

/// Everything about a member that a plan may change while it runs; applied between two packets.
package struct MemberConfiguration: Sendable, Hashable {
    package var isEnabled: Bool
    package var addresses: [IPAddress]
    /// What happens to packets that no rule and no region's shape is for.
    package var shape: LinkShape
    /// The most specific one for a packet's destination counts.
    package var rules: [LinkRule]
    /// The region the member is in, by number; nil for none.
    package var region: Int?
    /// What happens to packets for members of each region that no rule is for, by the region's number; empty
    /// where regions make no difference.
    package var regionShapes: [LinkShape]
    /// A bottleneck shared with others, by number; nil for none.
    package var uplink: Int?

    package init(
        isEnabled: Bool = true, addresses: [IPAddress], shape: LinkShape = LinkShape(),
        rules: [LinkRule] = [], region: Int? = nil, regionShapes: [LinkShape] = [], uplink: Int? = nil
    ) {
        self.isEnabled = isEnabled
        self.addresses = addresses
        self.shape = shape
        self.rules = rules
        self.region = region
        self.regionShapes = regionShapes
        self.uplink = uplink
    }
}

/// A bottleneck that several members' packets pass one after the other.
package struct Uplink: Sendable, Hashable {
    package var bandwidth: Bandwidth
    package var queueBytes: Int

    package init(bandwidth: Bandwidth, queueBytes: Int = LinkShape.defaultQueueBytes) {
        self.bandwidth = bandwidth
        self.queueBytes = queueBytes
    }
}

/// A member's links: one for each rule and each region, and the one that all other packets take. Raw memory,
/// owned here.
struct LinkSet: ~Copyable {
    /// What a link is for.
    enum Destination: Hashable {
        case network(Prefix)
        case region(Int)
        case others
    }

    /// Link 0 is the default; then those of the rules, then those to the regions.
    let links: UnsafeMutablePointer<Link>
    /// Whether the link at the same place passes everything at once.
    let transparent: UnsafeMutablePointer<Bool>
    let rules: PrefixTable
    /// Where the links to regions begin, and how many there are.
    private let firstRegion: Int
    private let regionCount: Int32

    /// - Parameter kept: links that go on.
    init(_ configuration: MemberConfiguration, seed: UInt64, identity: UInt64, kept: [Destination: Link]) {
        firstRegion = 1 + configuration.rules.count
        regionCount = Int32(configuration.regionShapes.count)
        let count = firstRegion + configuration.regionShapes.count
        let links = UnsafeMutablePointer<Link>.allocate(capacity: count)
        let transparent = UnsafeMutablePointer<Bool>.allocate(capacity: count)
        func place(_ index: Int, _ destination: Destination, _ shape: LinkShape) {
            let name = Self.name(identity, destination)
            var link = kept[destination] ?? Link(seed: seed, identity: name, shape: shape)
            link.reshape(shape)
            (links + index).initialize(to: link)
            (transparent + index).initialize(to: shape.isTransparent)
        }
        place(0, .others, configuration.shape)
        var entries: [(prefix: Prefix, value: Int32)] = []
        for (index, rule) in configuration.rules.enumerated() {
            place(index + 1, .network(rule.destination), rule.shape)
            entries.append((rule.destination, Int32(index + 1)))
        }
        for (region, shape) in configuration.regionShapes.enumerated() {
            place(firstRegion + region, .region(region), shape)
        }
        self.links = links
        self.transparent = transparent
        rules = PrefixTable(entries)
    }

    deinit {
        links.deallocate()
        transparent.deallocate()
    }

    /// The place of the link that the most specific rule for the address asks for, else of that to the
    /// receiver's region, else of the default.
    func link(towards address: IPAddress, inRegion region: Int32) -> Int {
        if !rules.isEmpty {
            let match = rules.longestMatch(address)
            if match >= 0 { return Int(match) }
        }
        return region >= 0 && region < regionCount ? firstRegion + Int(region) : 0
    }

    /// What tells a link from every other of the run: the member and what the link is for.
    private static func name(_ member: UInt64, _ destination: Destination) -> UInt64 {
        let base = member &* 0x9E37_79B9_7F4A_7C15
        switch destination {
        case .others: return base
        case .region(let number): return mix(base, UInt64.max, UInt64(number))
        case .network(let prefix):
            return mix(base, prefix.address.high, prefix.address.low) &+ UInt64(prefix.length)
        }
    }

    private static func mix(_ base: UInt64, _ high: UInt64, _ low: UInt64) -> UInt64 {
        var name = base ^ high &* 0xD6E8_FEB8_6659_FD93
        name = (name ^ (name >> 31)) &* 0xBF58_476D_1CE4_E5B9 ^ low
        return name ^ (name >> 29)
    }
}

/// A member's state within the switch. Lives in raw memory that the switch owns.
struct Member: ~Copyable {
    let descriptor: Int32
    let generation: UInt32
    /// Number of the file that its packets are captured in; -1 for none.
    let capture: Int32
    private(set) var configuration: MemberConfiguration
    private(set) var isEnabled: Bool
    private(set) var uplink: Int32
    private(set) var region: Int32
    /// The first address of each family, zero for none.
    private(set) var ipv4: IPAddress
    private(set) var ipv6: IPAddress
    private(set) var links: LinkSet
    private let seed: UInt64
    private let identity: UInt64
    /// Refusals sent in the current second, and which second that is: a flood is not answered by a flood.
    var refusals = 0
    var refusalSecond: Int64 = 0

    init(
        descriptor: Int32, generation: UInt32, identity: UInt64, seed: UInt64,
        configuration: MemberConfiguration, capture: Int32 = -1
    ) {
        self.descriptor = descriptor
        self.capture = capture
        self.generation = generation
        self.identity = identity
        self.seed = seed
        self.configuration = configuration
        isEnabled = configuration.isEnabled
        uplink = Int32(configuration.uplink ?? -1)
        region = Int32(configuration.region ?? -1)
        (ipv4, ipv6) = Self.firstAddresses(configuration)
        links = LinkSet(configuration, seed: seed, identity: identity, kept: [:])
    }

    /// Puts a new configuration into force. A link whose destination stays keeps its queue and its place in
    /// the trace.
    mutating func apply(_ configuration: MemberConfiguration) {
        var kept: [LinkSet.Destination: Link] = [.others: links.links[0]]
        for (index, rule) in self.configuration.rules.enumerated() {
            kept[.network(rule.destination)] = links.links[index + 1]
        }
        for region in self.configuration.regionShapes.indices {
            kept[.region(region)] = links.links[1 + self.configuration.rules.count + region]
        }
        links = LinkSet(configuration, seed: seed, identity: identity, kept: kept)
        isEnabled = configuration.isEnabled
        uplink = Int32(configuration.uplink ?? -1)
        region = Int32(configuration.region ?? -1)
        (ipv4, ipv6) = Self.firstAddresses(configuration)
        self.configuration = configuration
    }

    private static func firstAddresses(
        _ configuration: MemberConfiguration
    ) -> (ipv4: IPAddress, ipv6: IPAddress) {
        let none = IPAddress(high: 0, low: 0)
        return (
            configuration.addresses.first { $0.ipv4 != nil } ?? none,
            configuration.addresses.first { $0.ipv4 == nil } ?? none
        )
    }
}
