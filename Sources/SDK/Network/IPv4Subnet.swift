// IPv4 addresses and subnets as numbers.

/// An address with a prefix length, `16.3.0.0/16`.
struct IPv4Subnet: Sendable, Hashable {
    var address: UInt32
    var prefixLength: Int

    /// Reads CIDR notation; nil when it is not.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Self.address(String(parts[0])),
            let length = Int(parts[1]), (0...32).contains(length)
        else { return nil }
        self.address = address
        prefixLength = length
    }

    /// Whether the address, in dotted notation, is of this subnet.
    func contains(_ text: String) -> Bool {
        guard let other = Self.address(text) else { return false }
        let mask = prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - prefixLength)
        return other & mask == address & mask
    }

    /// Four decimal numbers, without leading zeros, which some read as octal.
    static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let number = UInt8(part), String(number) == part else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }
}
