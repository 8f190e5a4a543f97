// Packets made and judged by slow, plain code, so that the switch's fast code is not its own judge.

@testable import NetworkEmulator

/// An IP packet with its offload header, as bytes.
struct TestPacket: Hashable {
    var offload = OffloadHeader()
    var ip: [UInt8]

    var bytes: [UInt8] {
        var header = [UInt8](repeating: 0, count: OffloadHeader.byteCount)
        header.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { offload.store(base) }
        }
        return header + ip
    }

    init(ip: [UInt8], offload: OffloadHeader = OffloadHeader()) {
        self.ip = ip
        self.offload = offload
    }

    init(bytes: [UInt8]) {
        offload = bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { OffloadHeader($0) } ?? OffloadHeader()
        }
        ip = Array(bytes.dropFirst(OffloadHeader.byteCount))
    }

    var isIPv4: Bool { ip[0] >> 4 == 4 }
    var headerLength: Int { isIPv4 ? Int(ip[0] & 0xF) * 4 : 40 }
    var transport: [UInt8] { Array(ip[headerLength...]) }
    var source: [UInt8] { Array(isIPv4 ? ip[12..<16] : ip[8..<24]) }
    var destination: [UInt8] { Array(isIPv4 ? ip[16..<20] : ip[24..<40]) }

    // MARK: Making

    static func address(_ text: String) -> IPAddress {
        IPAddress(ipv4: text.split(separator: ".").reduce(0) { $0 << 8 | (UInt32($1) ?? 0) })
    }

    static func ipv4(
        from: String, to: String, transport: UInt8, payload: [UInt8], identification: UInt16 = 7
    ) -> TestPacket {
        let length = 20 + payload.count
        var header: [UInt8] = [
            0x45, 0, UInt8(length >> 8), UInt8(length & 255), UInt8(identification >> 8),
            UInt8(identification & 255),
            0, 0, 64, transport, 0, 0,
        ]
        header += address(from).bytes + address(to).bytes
        let checksum = ~plainSum(header)
        header[10] = UInt8(checksum >> 8)
        header[11] = UInt8(checksum & 255)
        return TestPacket(ip: header + payload)
    }

    static func udp(from: String, to: String, payload: [UInt8]) -> TestPacket {
        let length = 8 + payload.count
        var packet = ipv4(
            from: from, to: to, transport: 17,
            payload: [0x13, 0x88, 0x13, 0x89, UInt8(length >> 8), UInt8(length & 255), 0, 0] + payload)
        packet.completeTransportChecksum(at: 6)
        return packet
    }

    /// A TCP super-packet as the kernel hands it over: the checksum field holds the pseudo header's sum.
    static func superPacket(from: String, to: String, payload: [UInt8], segmentSize: Int, flags: UInt8 = 0x19)
        -> TestPacket
    {
        let tcp: [UInt8] = [
            0x13, 0x88, 0x13, 0x89, 0xFF, 0xFF, 0xFF, 0x00, 0, 0, 0, 9, 0x50, flags, 0x20, 0, 0, 0, 0, 0,
        ]
        var packet = ipv4(from: from, to: to, transport: 6, payload: tcp + payload, identification: 0xFFFF)
        let pseudo = plainSum(packet.pseudoHeader)
        packet.ip[36] = UInt8(pseudo >> 8)
        packet.ip[37] = UInt8(pseudo & 255)
        packet.offload.flags = OffloadHeader.needsChecksum
        packet.offload.segmentation = OffloadHeader.segmentTCPv4
        packet.offload.segmentSize = UInt16(segmentSize)
        packet.offload.headerLength = 40
        packet.offload.checksumStart = 20
        packet.offload.checksumOffset = 16
        return packet
    }

    mutating func completeTransportChecksum(at field: Int) {
        ip[headerLength + field] = 0
        ip[headerLength + field + 1] = 0
        let checksum = ~Self.plainSum(pseudoHeader + transport)
        ip[headerLength + field] = UInt8(checksum >> 8)
        ip[headerLength + field + 1] = UInt8(checksum & 255)
    }

    // MARK: Judging

    /// RFC 1071 word by word.
    static func plainSum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            sum = (sum & 0xFFFF) + (sum >> 16)
        }
        return UInt16(sum)
    }

    var pseudoHeader: [UInt8] {
        let length = ip.count - headerLength
        let tail: [UInt8] =
            isIPv4
            ? [0, ip[9], UInt8(length >> 8), UInt8(length & 255)]
            : [0, 0, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0, ip[6]]
        return source + destination + tail
    }

    var hasValidIPv4Header: Bool {
        Self.plainSum(Array(ip[..<headerLength])) == 0xFFFF && Int(ip[2]) << 8 | Int(ip[3]) == ip.count
    }

    /// Whether the transport checksum is right, or will be once the receiving kernel has completed it.
    var hasValidTransportChecksum: Bool {
        if offload.flags & OffloadHeader.needsChecksum != 0 {
            let field = headerLength + Int(offload.checksumOffset)
            return UInt16(ip[field]) << 8 | UInt16(ip[field + 1]) == Self.plainSum(pseudoHeader)
        }
        return Self.plainSum(pseudoHeader + transport) == 0xFFFF
    }

    var tcpSequence: UInt32 { transport[4..<8].reduce(0) { $0 << 8 | UInt32($1) } }
    var tcpFlags: UInt8 { transport[13] }
    var tcpPayload: [UInt8] { Array(transport.dropFirst(20)) }
}
