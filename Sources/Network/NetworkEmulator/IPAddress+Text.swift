// Addresses and prefixes as text. RFC 4291 §2.2, RFC 5952, RFC 4632 §3.1.

import LinuxSystem

extension IPAddress {
    /// Reads `16.0.0.2` or `fd00::2`.
    package init?(_ text: String) {
        guard let bytes = AddressBytes(text) else { return nil }
        self.init(bytes)
    }

    init(_ bytes: AddressBytes) {
        let number = { (range: Range<Int>) in
            bytes.bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        if bytes.isIPv4 {
            self.init(ipv4: UInt32(truncatingIfNeeded: number(0..<4)))
        } else {
            self.init(high: number(0..<8), low: number(8..<16))
        }
    }

    package var text: String { AddressBytes(bytes)?.text ?? "" }
}

extension Prefix {
    /// Length as it is written: 0 to 32 for IPv4.
    package var familyLength: UInt8 { address.ipv4 != nil && length >= 96 ? length - 96 : length }

    package var text: String { "\(address.text)/\(familyLength)" }

    /// Reads `16.0.2.0/24`; bits beyond the length may be set. An address alone stands for itself.
    package init?(_ text: String) {
        guard let assignment = InterfaceAssignment(text) else { return nil }
        let offset: UInt8 = assignment.address.ipv4 == nil ? 0 : 96
        self.init(address: assignment.address, length: assignment.prefixLength + offset)
    }
}

extension InterfaceAssignment {
    /// Reads `16.0.1.2/16`; without a length the address is a network of its own.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(String(first)) else {
            return nil
        }
        let most: UInt8 = address.ipv4 == nil ? 128 : 32
        guard parts.count == 2 else {
            self.init(address: address, prefixLength: most)
            return
        }
        guard parts[1].allSatisfy(\.isNumber), let length = UInt8(parts[1]), length <= most else {
            return nil
        }
        self.init(address: address, prefixLength: length)
    }

    package var text: String { "\(address.text)/\(prefixLength)" }
}
