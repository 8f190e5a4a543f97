// The addresses of a run's data network, and how an instance's kernel is set up for it.
//
// Networks of different runs never meet, so that each has the same addresses: a run that is repeated finds
// the ones it had.

package import LinuxSystem

/// The data network of a run: by default a /16 of 16.0.0.0/4 and a /64 of fd00::/8 (contract §5).
package struct DataNetwork: Sendable, Hashable {
    package let ipv4: Prefix
    /// Nil for a network of IPv4 alone.
    package let ipv6: Prefix?
    /// Bytes of the largest packet.
    package let mtu: Int

    /// 16.0.0.0/16.
    private static let network: UInt32 = 0x1000_0000
    /// fd74:6573:7467::/64; the 40 bits that RFC 4193 §3.2.2 wants random spell "testg": the network is
    /// joined to no other.
    private static let networkIPv6 = IPAddress(high: 0xFD74_6573_7467_0000, low: 0)
    /// Addresses 0 and 1 and the last are the network's, the gateway's and for broadcasts.
    package var mostInstances: Int { (1 << (32 - Int(ipv4.familyLength))) - 3 }
    private static let firstHost: UInt32 = 2

    /// - Parameters:
    ///   - bits: prefix length of the IPv4 network, 4 to 29.
    ///   - mtu: bytes of the largest packet; 1,500 leaves room for the options of any protocol, as on an
    ///     Ethernet.
    package init(bits: Int = 16, hasIPv6: Bool = true, mtu: Int = 1_500) {
        ipv4 = Prefix(ipv4: Self.network, bits: UInt8(bits))
        self.mtu = mtu
        ipv6 = hasIPv6 ? Prefix(address: Self.networkIPv6, length: 64) : nil
    }

    /// `TEST_SUBNET`.
    package var subnet: String { ipv4.text }

    package var gateways: [IPAddress] {
        [IPAddress(ipv4: Self.network + 1)] + (ipv6 == nil ? [] : [address(low: 1)])
    }

    package var subnets: [Prefix] { [ipv4] + (ipv6.map { [$0] } ?? []) }

    /// The first addresses of an instance, by its number in the run from 0.
    package func addresses(ofInstance number: Int) -> [InterfaceAssignment] {
        let host = Self.firstHost + UInt32(truncatingIfNeeded: number)
        let first = InterfaceAssignment(
            address: IPAddress(ipv4: Self.network + host), prefixLength: ipv4.familyLength)
        guard let ipv6 else { return [first] }
        return [
            first,
            InterfaceAssignment(address: address(low: UInt64(host)), prefixLength: ipv6.familyLength),
        ]
    }

    /// Whether no instance may have the address: the network's own, the gateway's, broadcasts and groups.
    package func isReserved(_ address: IPAddress) -> Bool {
        gateways.contains(address) || address.isMulticast
            || subnets.contains { $0.address == address || ($0.address.ipv4 != nil && $0.last == address) }
    }

    private func address(low: UInt64) -> IPAddress { IPAddress(high: Self.networkIPv6.high, low: low) }
}

/// An address with the length of its network, as `ip addr` takes them.
package struct InterfaceAssignment: Sendable, Hashable {
    package var address: IPAddress
    /// 0 to 32, or to 128.
    package var prefixLength: UInt8

    package init(address: IPAddress, prefixLength: UInt8) {
        self.address = address
        self.prefixLength = prefixLength
    }
}

/// The device `data0` of an instance, set up from outside through a socket of its namespace.
package struct DataDevice: ~Copyable, Sendable {
    private var netlink: NetlinkSocket
    private let index: UInt32

    /// - Parameter index: the device's number in its namespace.
    package init(_ netlink: consuming NetlinkSocket, index: UInt32) {
        self.netlink = netlink
        self.index = index
    }

    /// Gives the device its addresses, and broadcasts and multicasts their way.
    package mutating func bringUp(_ addresses: [InterfaceAssignment], mtu: Int) throws(SystemError) {
        // ip link set data0 up mtu 1500
        try netlink.perform(.setLink(index: index, isUp: true, mtu: UInt32(mtu)))
        for address in addresses { try add(address) }
        try addRoutes()
    }

    /// Exchanges addresses of one family: the new one is there before the old one goes.
    package mutating func replace(
        _ old: InterfaceAssignment?, with new: InterfaceAssignment
    ) throws(SystemError) {
        guard old != new else { return }
        try add(new)
        guard let old, let bytes = AddressBytes(old.address.bytes) else { return }
        try netlink.perform(.removeAddress(bytes, prefix: old.prefixLength, index: index))
    }

    private mutating func add(_ assignment: InterfaceAssignment) throws(SystemError) {
        guard let bytes = AddressBytes(assignment.address.bytes) else { return }
        // ip addr add 16.0.0.2/16 dev data0
        try netlink.perform(.addAddress(bytes, prefix: assignment.prefixLength, index: index))
    }

    private mutating func addRoutes() throws(SystemError) {
        // ip route add broadcast 255.255.255.255 dev data0 table local
        if let all = AddressBytes([255, 255, 255, 255]) {
            try netlink.perform(
                .addRoute(all, prefix: 32, gateway: nil, index: index, kind: .broadcast))
        }
        // ip route add 224.0.0.0/4 dev data0: mDNS and the like; IPv6 has such a route by itself.
        if let groups = AddressBytes([224, 0, 0, 0]) {
            try netlink.perform(
                .addRoute(groups, prefix: 4, gateway: nil, index: index, kind: .unicast))
        }
    }

    /// Settings of the instance's network namespace, for testground-launch.
    ///
    /// - Parameter isRoot: outside a user namespace more is allowed.
    package static func settings(isRoot: Bool) -> [String] {
        var settings = [
            // Nobody else answers on the link: an IPv6 address is usable at once, and there is no router.
            "net.ipv6.conf.default.accept_dad=0",
            "net.ipv6.conf.default.router_solicitations=0",
            "net.ipv6.conf.default.accept_ra=0",
            // No link-local address: the switch would not know whose it is.
            "net.ipv6.conf.default.addr_gen_mode=1",
            // Windows for 1 Gbit/s over 250 ms; the defaults (4 and 6 MiB) end at 35 ms, and a window that is
            // too small looks like a rate that is too low.
            "net.ipv4.tcp_wmem=4096 65536 33554432",
            "net.ipv4.tcp_rmem=4096 131072 33554432",
            // An address of the same network is added beside the old one, and must outlive it.
            "net.ipv4.conf.all.promote_secondaries=1",
            // As containers have it: ports below 1024 and ping without privileges.
            "net.ipv4.ip_unprivileged_port_start=0",
        ]
        if isRoot { settings.append("net.ipv4.ping_group_range=0 2147483647") }
        return settings
    }
}
