// An IP packet in memory, behind the header that a TUN device with IFF_VNET_HDR puts before it.
//
// Hot path: raw pointers. A packet is looked at where it was read, and copied only if it must wait. Every
// access is behind the length checks of `init`, which the fuzzer exercises.

/// `struct virtio_net_hdr`: what the kernel has left undone about a packet. Virtual I/O Device 1.2 §5.1.6.
package struct OffloadHeader: Sendable, Hashable {
    package static let byteCount = 10
    /// The transport checksum holds only the pseudo header's sum.
    package static let needsChecksum: UInt8 = 1
    package static let noSegmentation: UInt8 = 0
    package static let segmentTCPv4: UInt8 = 1
    package static let segmentTCPv6: UInt8 = 4
    /// Beside a type: CWR stands in the first segment only (RFC 3168 §6.1.2).
    package static let congestionMark: UInt8 = 0x80

    package var flags: UInt8 = 0
    package var segmentation: UInt8 = 0
    package var headerLength: UInt16 = 0
    /// Payload bytes of each segment but the last.
    package var segmentSize: UInt16 = 0
    package var checksumStart: UInt16 = 0
    package var checksumOffset: UInt16 = 0

    package init() {}

    init(_ bytes: UnsafeRawPointer) {
        flags = bytes.load(as: UInt8.self)
        segmentation = bytes.load(fromByteOffset: 1, as: UInt8.self)
        headerLength = bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        segmentSize = bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
        checksumStart = bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
        checksumOffset = bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
    }

    func store(_ bytes: UnsafeMutableRawPointer) {
        bytes.storeBytes(of: flags, as: UInt8.self)
        bytes.storeBytes(of: segmentation, toByteOffset: 1, as: UInt8.self)
        bytes.storeBytes(of: headerLength, toByteOffset: 2, as: UInt16.self)
        bytes.storeBytes(of: segmentSize, toByteOffset: 4, as: UInt16.self)
        bytes.storeBytes(of: checksumStart, toByteOffset: 6, as: UInt16.self)
        bytes.storeBytes(of: checksumOffset, toByteOffset: 8, as: UInt16.self)
    }

    var isSegmented: Bool { segmentation & ~Self.congestionMark != Self.noSegmentation && segmentSize > 0 }
}

/// A well-formed packet: every offset below lies within it.
struct Packet {
    enum TransportProtocol {
        static let icmp: UInt8 = 1
        static let igmp: UInt8 = 2
        static let tcp: UInt8 = 6
        static let udp: UInt8 = 17
        static let icmpv6: UInt8 = 58
    }

    /// Offload header, then the IP packet.
    let base: UnsafeMutableRawPointer
    let offload: OffloadHeader
    let source: IPAddress
    let destination: IPAddress
    let isIPv4: Bool
    let transport: UInt8
    /// IPv4 header with options, or the fixed IPv6 header.
    let networkHeaderLength: Int
    /// IP bytes, without the offload header.
    let length: Int
    /// A fragment other than the first: it has no transport header.
    let isLaterFragment: Bool

    /// The IP packet's first byte.
    var ip: UnsafeMutableRawPointer { base + OffloadHeader.byteCount }

    /// - Parameters:
    ///   - base: offload header and packet.
    ///   - count: bytes of both.
    /// - Returns: nil for what is no IP packet.
    init?(_ base: UnsafeMutableRawPointer, count: Int) {
        guard count >= OffloadHeader.byteCount + 20 else { return nil }
        self.base = base
        offload = OffloadHeader(base)
        let ip = base + OffloadHeader.byteCount
        let available = count - OffloadHeader.byteCount
        let version = ip.load(as: UInt8.self) >> 4
        switch version {
        case 4:
            isIPv4 = true
            networkHeaderLength = Int(ip.load(as: UInt8.self) & 0xF) * 4
            length = Int(Self.bigEndian16(ip, 2))
            guard networkHeaderLength >= 20, length >= networkHeaderLength, length <= available else {
                return nil
            }
            transport = ip.load(fromByteOffset: 9, as: UInt8.self)
            isLaterFragment = Self.bigEndian16(ip, 6) & 0x1FFF != 0
            source = IPAddress(ipv4: Self.bigEndian32(ip, 12))
            destination = IPAddress(ipv4: Self.bigEndian32(ip, 16))
        case 6:
            guard available >= 40 else { return nil }
            isIPv4 = false
            networkHeaderLength = 40
            length = 40 + Int(Self.bigEndian16(ip, 4))
            guard length <= available else { return nil }
            transport = ip.load(fromByteOffset: 6, as: UInt8.self)
            isLaterFragment = false
            source = IPAddress(high: Self.bigEndian64(ip, 8), low: Self.bigEndian64(ip, 16))
            destination = IPAddress(high: Self.bigEndian64(ip, 24), low: Self.bigEndian64(ip, 32))
        default:
            return nil
        }
    }

    /// Offload header and IP packet.
    var totalCount: Int { OffloadHeader.byteCount + length }

    /// Bytes behind the network header.
    var transportLength: Int { length - networkHeaderLength }

    /// Bytes of the TCP header, nil when this is not the start of a whole one.
    var tcpHeaderLength: Int? {
        guard transport == TransportProtocol.tcp, !isLaterFragment, transportLength >= 20 else { return nil }
        let bytes = Int((ip + networkHeaderLength).load(fromByteOffset: 12, as: UInt8.self) >> 4) * 4
        return bytes >= 20 && bytes <= transportLength ? bytes : nil
    }

    static func bigEndian16(_ base: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    static func bigEndian32(_ base: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    static func bigEndian64(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    static func store(_ value: UInt16, _ base: UnsafeMutableRawPointer, _ offset: Int) {
        base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    static func store(_ value: UInt32, _ base: UnsafeMutableRawPointer, _ offset: Int) {
        base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }
}
