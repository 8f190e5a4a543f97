// The Internet checksum. RFC 1071.
//
// Hot path: sums 8 bytes at a time, as RFC 1071 §2 allows.

enum Checksum {
    /// The unfolded sum of 16-bit words; a last odd byte counts as the word's upper one. The result is in the
    /// machine's byte order and stays valid for folding whichever that is (RFC 1071 §2(B)).
    static func sum(_ bytes: UnsafeRawPointer, count: Int, initial: UInt64 = 0) -> UInt64 {
        var sum = initial
        var offset = 0
        while offset + 8 <= count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let (partial, carry) = sum.addingReportingOverflow(word)
            sum = partial &+ (carry ? 1 : 0)
            offset += 8
        }
        var rest: UInt64 = 0
        withUnsafeMutableBytes(of: &rest) { buffer in
            buffer.copyMemory(from: UnsafeRawBufferPointer(start: bytes + offset, count: count - offset))
        }
        let (partial, carry) = sum.addingReportingOverflow(rest)
        return partial &+ (carry ? 1 : 0)
    }

    /// Folds to 16 bits, in the order of the summed bytes.
    static func fold(_ sum: UInt64) -> UInt16 {
        var value = (sum >> 32) + (sum & 0xFFFF_FFFF)
        value = (value >> 16) + (value & 0xFFFF)
        value = (value >> 16) + (value & 0xFFFF)
        value = (value >> 16) + (value & 0xFFFF)
        return UInt16(truncatingIfNeeded: value)
    }

    /// Sum of the pseudo header (RFC 9293 §3.1, RFC 8200 §8.1): addresses, protocol, length.
    static func pseudoHeader(_ packet: Packet, transportLength: Int) -> UInt64 {
        let addresses = packet.isIPv4 ? (12, 8) : (8, 32)
        let tail = UInt64(UInt16(packet.transport).bigEndian) + UInt64(UInt32(transportLength).bigEndian)
        return sum(packet.ip + addresses.0, count: addresses.1, initial: tail)
    }

    /// Computes an IPv4 header's checksum anew.
    static func storeIPv4Header(_ ip: UnsafeMutableRawPointer, length: Int) {
        ip.storeBytes(of: 0, toByteOffset: 10, as: UInt16.self)
        ip.storeBytes(of: ~fold(sum(ip, count: length)), toByteOffset: 10, as: UInt16.self)
    }

    /// Does what the kernel left undone: completes the transport checksum and says so in the offload header.
    static func complete(_ base: UnsafeMutableRawPointer, count: Int) {
        var offload = OffloadHeader(base)
        guard offload.flags & OffloadHeader.needsChecksum != 0 else { return }
        let ip = base + OffloadHeader.byteCount
        let length = count - OffloadHeader.byteCount
        let start = Int(offload.checksumStart)
        let field = start + Int(offload.checksumOffset)
        guard field + 2 <= length else { return }
        // The field holds the pseudo header's sum, so summing over it includes that.
        let checksum = ~fold(sum(ip + start, count: length - start))
        // UDP means "no checksum" by zero (RFC 768); the complement of zero is zero as well.
        ip.storeBytes(of: checksum == 0 ? 0xFFFF : checksum, toByteOffset: field, as: UInt16.self)
        offload.flags &= ~OffloadHeader.needsChecksum
        offload.checksumStart = 0
        offload.checksumOffset = 0
        offload.store(base)
    }
}
