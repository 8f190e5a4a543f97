// Requests of rtnetlink(7) as bytes, and its answers read back: the wire format, once, without a socket.
//
// Integers stand in the machine's own byte order, addresses in the network's; every attribute starts at a
// multiple of 4.

/// An IP address as its 4 or 16 bytes, most significant first.
package struct AddressBytes: Sendable, Hashable {
    package var bytes: [UInt8]

    /// - Returns: nil unless there are 4 or 16 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    package var isIPv4: Bool { bytes.count == 4 }
}

/// A request of rtnetlink(7).
package enum NetlinkRequest: Sendable, Hashable {
    /// `ip link set dev <index> up|down [mtu <bytes>]`
    case setLink(index: UInt32, isUp: Bool, mtu: UInt32?)
    /// `ip addr add <address>/<prefix> dev <index>`
    case addAddress(AddressBytes, prefix: UInt8, index: UInt32)
    /// `ip addr del <address>/<prefix> dev <index>`
    case removeAddress(AddressBytes, prefix: UInt8, index: UInt32)
    /// `ip route replace [unicast|broadcast] <destination>/<prefix> [via <gateway>] dev <index>`
    case addRoute(AddressBytes, prefix: UInt8, gateway: AddressBytes?, index: UInt32, kind: RouteKind)
    /// `ip route del <destination>/<prefix> dev <index>`
    case removeRoute(AddressBytes, prefix: UInt8, index: UInt32)

    package enum RouteKind: Sendable, Hashable { case unicast, broadcast }
}

// Numbers of linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h and linux/if_link.h.
private enum Number {
    static let newLink: UInt16 = 16
    static let newAddress: UInt16 = 20
    static let deleteAddress: UInt16 = 21
    static let newRoute: UInt16 = 24
    static let deleteRoute: UInt16 = 25
    static let error: UInt16 = 2

    static let request: UInt16 = 0x1
    static let acknowledge: UInt16 = 0x4
    static let replace: UInt16 = 0x100
    static let create: UInt16 = 0x400

    static let interfaceUp: UInt32 = 0x1
    static let linkMTU: UInt16 = 4
    static let address: UInt16 = 1
    static let localAddress: UInt16 = 2
    /// No duplicate address detection: nobody else answers on a TUN device, and the wait would take a second.
    static let noDetection: UInt8 = 0x2
    static let routeDestination: UInt16 = 1
    static let routeInterface: UInt16 = 4
    static let routeGateway: UInt16 = 5
    static let mainTable: UInt8 = 254
    static let localTable: UInt8 = 255
    static let staticProtocol: UInt8 = 4
    static let unicast: UInt8 = 1
    static let broadcast: UInt8 = 3
    static let universe: UInt8 = 0
    static let linkScope: UInt8 = 253
    static let inet: UInt8 = 2
    static let inet6: UInt8 = 10
}

extension NetlinkRequest {
    /// The request's bytes: `nlmsghdr`, the family's header, attributes.
    package func bytes(sequence: UInt32) -> [UInt8] {
        var writer = Writer()
        switch self {
        case .setLink(let index, let isUp, let mtu):
            writer.begin(Number.newLink, Number.request | Number.acknowledge, sequence)
            // struct ifinfomsg: family, padding, type, index, flags, change
            writer.bytes([0, 0])
            writer.integer(UInt16(0))
            writer.integer(index)
            writer.integer(isUp ? Number.interfaceUp : 0)
            writer.integer(Number.interfaceUp)
            if let mtu { writer.attribute(Number.linkMTU) { $0.integer(mtu) } }
        case .addAddress(let address, let prefix, let index):
            let flags = Number.request | Number.acknowledge | Number.create | Number.replace
            writer.begin(Number.newAddress, flags, sequence)
            writer.address(address, prefix: prefix, index: index)
        case .removeAddress(let address, let prefix, let index):
            writer.begin(Number.deleteAddress, Number.request | Number.acknowledge, sequence)
            writer.address(address, prefix: prefix, index: index)
        case .addRoute(let destination, let prefix, let gateway, let index, let kind):
            let flags = Number.request | Number.acknowledge | Number.create | Number.replace
            writer.begin(Number.newRoute, flags, sequence)
            writer.route(destination, prefix: prefix, gateway: gateway, index: index, kind: kind)
        case .removeRoute(let destination, let prefix, let index):
            writer.begin(Number.deleteRoute, Number.request | Number.acknowledge, sequence)
            writer.route(destination, prefix: prefix, gateway: nil, index: index, kind: .unicast)
        }
        return writer.finish()
    }

    /// What the kernel answers to the request with the sequence number: 0 for success, else the errno; nil
    /// when the bytes hold no answer to it.
    package static func acknowledgement(in bytes: [UInt8], sequence: UInt32) -> Int32? {
        var rest = bytes[...]
        while rest.count >= 16 {
            let length = Int(integer(rest, at: 0, UInt32.self))
            guard length >= 16, length <= rest.count else { return nil }
            if integer(rest, at: 4, UInt16.self) == Number.error,
                integer(rest, at: 8, UInt32.self) == sequence,
                length >= 20
            {
                // Wrapping: only a kernel that is none says Int32.min.
                return 0 &- integer(rest, at: 16, Int32.self)
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return nil
    }

    private static func integer<Integer: FixedWidthInteger>(
        _ bytes: ArraySlice<UInt8>, at offset: Int, _: Integer.Type
    ) -> Integer {
        bytes.dropFirst(offset).withUnsafeBytes { $0.loadUnaligned(as: Integer.self) }
    }
}

/// Appends in the format of netlink(7).
private struct Writer {
    private var buffer: [UInt8] = []

    /// Starts the message; its length is filled in at the end.
    mutating func begin(_ type: UInt16, _ flags: UInt16, _ sequence: UInt32) {
        integer(UInt32(0))
        integer(type)
        integer(flags)
        integer(sequence)
        // The port: 0 stands for the kernel.
        integer(UInt32(0))
    }

    mutating func finish() -> [UInt8] {
        let length = UInt32(buffer.count)
        withUnsafeBytes(of: length) { buffer.replaceSubrange(0..<4, with: $0) }
        return buffer
    }

    mutating func bytes(_ bytes: [UInt8]) { buffer += bytes }

    mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value) { buffer.append(contentsOf: $0) }
    }

    /// struct rtattr: length without padding, type, payload, padding to 4 bytes.
    mutating func attribute(_ type: UInt16, _ payload: (inout Writer) -> Void) {
        var inner = Writer()
        payload(&inner)
        integer(UInt16(4 + inner.buffer.count))
        integer(type)
        buffer += inner.buffer
        while !buffer.count.isMultiple(of: 4) { buffer.append(0) }
    }

    /// struct ifaddrmsg: family, prefix length, flags, scope, index.
    mutating func address(_ address: AddressBytes, prefix: UInt8, index: UInt32) {
        bytes([
            address.isIPv4 ? Number.inet : Number.inet6, prefix, address.isIPv4 ? 0 : Number.noDetection,
            Number.universe,
        ])
        integer(index)
        attribute(Number.localAddress) { $0.bytes(address.bytes) }
        attribute(Number.address) { $0.bytes(address.bytes) }
    }

    /// struct rtmsg: family, destination's prefix length, source's, TOS, table, protocol, scope, type, flags.
    mutating func route(
        _ destination: AddressBytes, prefix: UInt8, gateway: AddressBytes?, index: UInt32,
        kind: NetlinkRequest.RouteKind
    ) {
        let isBroadcast = kind == .broadcast
        bytes([
            destination.isIPv4 ? Number.inet : Number.inet6, prefix, 0, 0,
            isBroadcast ? Number.localTable : Number.mainTable, Number.staticProtocol,
            gateway == nil ? Number.linkScope : Number.universe,
            isBroadcast ? Number.broadcast : Number.unicast,
        ])
        integer(UInt32(0))
        if prefix > 0 { attribute(Number.routeDestination) { $0.bytes(destination.bytes) } }
        if let gateway { attribute(Number.routeGateway) { $0.bytes(gateway.bytes) } }
        attribute(Number.routeInterface) { $0.integer(index) }
    }
}
