// Addresses and prefixes of both families as 128 bits, so that every table of the switch needs one kind of
// key.

/// An IPv6 address, or an IPv4 address as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
package struct IPAddress: Sendable, Hashable, BitwiseCopyable {
    package var high: UInt64
    package var low: UInt64

    package static let mappedPrefix: UInt64 = 0x0000_FFFF_0000_0000

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter ipv4: the address as a number, `16.0.0.2` = 0x1000_0002.
    package init(ipv4: UInt32) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4))
    }

    package var ipv4: UInt32? {
        high == 0 && low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix ? UInt32(truncatingIfNeeded: low) : nil
    }

    /// The 4 or 16 bytes, most significant first.
    package var bytes: [UInt8] {
        if let ipv4 { return (0..<4).map { UInt8(truncatingIfNeeded: ipv4 >> (24 - 8 * $0)) } }
        return [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) }
        }
    }

    /// The address with all bits after the first `length` cleared.
    func masked(_ length: UInt8) -> IPAddress {
        let highBits = min(length, 64)
        let lowBits = length - highBits
        return IPAddress(
            high: highBits == 0 ? 0 : high & (~0 << (64 - UInt64(highBits))),
            low: lowBits == 0 ? 0 : low & (~0 << (64 - UInt64(lowBits))))
    }

    /// 224.0.0.0/4 or ff00::/8.
    var isMulticast: Bool {
        if let ipv4 { return ipv4 >> 28 == 0xE }
        return high >> 56 == 0xFF
    }
}

/// A network in CIDR notation.
package struct Prefix: Sendable, Hashable, BitwiseCopyable {
    package var address: IPAddress
    /// Significant bits of the 128; an IPv4 prefix of n bits has n + 96.
    package var length: UInt8

    package init(address: IPAddress, length: UInt8) {
        self.address = address.masked(length)
        self.length = length
    }

    /// - Parameter bits: 0 to 32.
    package init(ipv4: UInt32, bits: UInt8) {
        self.init(address: IPAddress(ipv4: ipv4), length: min(bits, 32) + 96)
    }

    package func contains(_ other: IPAddress) -> Bool { other.masked(length) == address }

    /// The last address, which IPv4 reserves for broadcasts.
    var last: IPAddress {
        let host = IPAddress(high: .max, low: .max).masked(length)
        return IPAddress(high: address.high | ~host.high, low: address.low | ~host.low)
    }
}
