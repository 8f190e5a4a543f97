// A plan's request for its network (contract §5), checked, and as what has to be done for it.

import InstanceContract
import LinkModel
import NetworkEmulator

/// Why a request cannot be applied: one sentence with the offending value.
struct NetworkChangeError: Error, Sendable, Hashable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// What an instance's network is like at a time.
struct NetworkSettings: Sendable, Hashable {
    /// One for each family.
    var addresses: [InterfaceAssignment]
    var isEnabled = true
    var shape = LinkModel.LinkShape()
    var rules: [NetworkEmulator.LinkRule] = []
    /// Where the composition puts the instance.
    var region: Int?
    /// What the composition wants on the way to each region; empty once the plan has wishes of its own.
    var regionShapes: [LinkModel.LinkShape] = []
    var uplink: Int?

    /// Every shape that packets may meet.
    var shapes: [LinkModel.LinkShape] { [shape] + rules.map(\.shape) + regionShapes }

    var member: MemberConfiguration {
        MemberConfiguration(
            isEnabled: isEnabled, addresses: addresses.map(\.address), shape: shape, rules: rules,
            region: region, regionShapes: regionShapes, uplink: uplink)
    }
}

struct NetworkChange: Sendable {
    var settings: NetworkSettings
    /// Addresses of the device to exchange.
    var replacements: [(old: InterfaceAssignment?, new: InterfaceAssignment)] = []

    /// The only network there is.
    private static let network = "default"

    /// - Throws: `NetworkChangeError` when the request cannot be applied.
    init(
        _ request: NetworkConfiguration, from current: NetworkSettings, in network: DataNetwork
    ) throws(NetworkChangeError) {
        guard request.network.isEmpty || request.network == Self.network else {
            throw NetworkChangeError(
                "the network \"\(request.network)\" does not exist; the only one is \"\(Self.network)\"")
        }
        guard request.routingPolicy == .denyAll else {
            throw NetworkChangeError(
                "routing_policy is \"\(request.routingPolicy.rawValue)\", but instances of local:exec reach "
                    + "no network besides the data network; use \"deny_all\", or isolation = \"none\"")
        }
        settings = current
        settings.isEnabled = request.enable
        settings.shape = LinkModel.LinkShape(request.defaultShape)
        settings.rules = []
        settings.regionShapes = []
        for (index, rule) in request.rules.enumerated() {
            guard let destination = Prefix(rule.subnet) else {
                throw NetworkChangeError(
                    "rules[\(index)].subnet is \"\(rule.subnet)\", expected a subnet such as 16.0.2.0/24")
            }
            settings.rules.append(
                NetworkEmulator.LinkRule(
                    destination: destination, shape: LinkModel.LinkShape(rule.shape)))
        }
        try move("IPv4", to: request.ipv4, in: network) { $0.ipv4 != nil }
        try move("IPv6", to: request.ipv6, in: network) { $0.ipv4 == nil }
    }

    /// Exchanges the address of one family.
    private mutating func move(
        _ name: String, to text: String?, in network: DataNetwork, isOfFamily: (IPAddress) -> Bool
    ) throws(NetworkChangeError) {
        guard let text, !text.isEmpty else { return }
        guard let new = InterfaceAssignment(text), isOfFamily(new.address) else {
            throw NetworkChangeError(
                "\(name) is \"\(text)\", expected an address with the length of its network, e.g. "
                    + (name == "IPv4" ? "16.0.1.2/16" : "fd00::2/64"))
        }
        guard !network.isReserved(new.address) else {
            throw NetworkChangeError("\(name) is \(text), which is no address that an instance may have")
        }
        let place = settings.addresses.firstIndex { isOfFamily($0.address) }
        let old = place.map { settings.addresses[$0] }
        guard old != new else { return }
        replacements.append((old, new))
        if let place {
            settings.addresses[place] = new
        } else {
            settings.addresses.append(new)
        }
    }
}

extension LinkModel.LinkShape {
    /// From the wire's units: nanoseconds, bits per second, percentages.
    init(_ wire: InstanceContract.LinkShape) {
        self.init(
            filter: Filter(wire.filter), latency: Span(nanoseconds: wire.latencyNanoseconds),
            jitter: Span(nanoseconds: wire.jitterNanoseconds),
            bandwidth: Bandwidth(bitsPerSecond: wire.bandwidthBitsPerSecond),
            loss: Chance(percentage: wire.loss),
            duplicate: Chance(percentage: wire.duplicate, correlation: wire.duplicateCorrelation),
            corrupt: Chance(percentage: wire.corrupt, correlation: wire.corruptCorrelation),
            reorder: Chance(percentage: wire.reorder, correlation: wire.reorderCorrelation))
    }
}

extension Filter {
    init(_ wire: LinkFilter) {
        switch wire {
        case .accept: self = .accept
        case .reject: self = .reject
        case .drop: self = .drop
        }
    }
}
