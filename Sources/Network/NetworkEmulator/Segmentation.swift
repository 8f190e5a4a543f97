// Cutting a TCP super-packet, which the kernel hands over whole, into packets of some of its segments.
//
// Hot path: see Packet.swift. What tcp_gso_segment and inet_gso_segment do in the kernel, done here because
// loss, rate and delay are decided for wire segments.

/// How a super-packet divides into segments.
struct Segmentation {
    /// IP and TCP headers, which every segment repeats.
    let headerLength: Int
    let segmentSize: Int
    let payloadLength: Int

    /// - Returns: nil when the packet is one segment.
    init?(_ packet: Packet) {
        guard packet.offload.isSegmented, let tcp = packet.tcpHeaderLength else { return nil }
        headerLength = packet.networkHeaderLength + tcp
        segmentSize = Int(packet.offload.segmentSize)
        payloadLength = packet.length - headerLength
        guard payloadLength > segmentSize else { return nil }
    }

    var count: Int { (payloadLength + segmentSize - 1) / segmentSize }

    /// IP bytes on the wire of `count` segments from `first`.
    func wireBytes(first: Int, count: Int) -> Int {
        payload(first: first, count: count).count + count * headerLength
    }

    /// Bytes of a packet made of them, without the offload header.
    func packetBytes(first: Int, count: Int) -> Int {
        payload(first: first, count: count).count + headerLength
    }

    private func payload(first: Int, count: Int) -> Range<Int> {
        first * segmentSize..<min((first + count) * segmentSize, payloadLength)
    }

    /// Writes the packet made of `count` segments from `first`, offload header included, and returns its
    /// bytes.
    ///
    /// - Parameter target: room for `OffloadHeader.byteCount + packetBytes(first:count:)`.
    func write(_ packet: Packet, first: Int, count: Int, to target: UnsafeMutableRawPointer) -> Int {
        let payload = payload(first: first, count: count)
        let ip = target + OffloadHeader.byteCount
        ip.copyMemory(from: packet.ip, byteCount: headerLength)
        (ip + headerLength).copyMemory(
            from: packet.ip + headerLength + payload.lowerBound, byteCount: payload.count)
        let length = headerLength + payload.count
        let transportLength = length - packet.networkHeaderLength

        if packet.isIPv4 {
            Packet.store(UInt16(truncatingIfNeeded: length), ip, 2)
            Packet.store(Packet.bigEndian16(ip, 4) &+ UInt16(truncatingIfNeeded: first), ip, 4)
            Checksum.storeIPv4Header(ip, length: packet.networkHeaderLength)
        } else {
            Packet.store(UInt16(truncatingIfNeeded: transportLength), ip, 4)
        }

        let tcp = ip + packet.networkHeaderLength
        Packet.store(Packet.bigEndian32(tcp, 4) &+ UInt32(truncatingIfNeeded: payload.lowerBound), tcp, 4)
        var flags = tcp.load(fromByteOffset: 13, as: UInt8.self)
        // FIN and PSH belong to the last segment, CWR to the first.
        if payload.upperBound < payloadLength { flags &= ~0x09 }
        if first > 0 { flags &= ~0x80 }
        tcp.storeBytes(of: flags, toByteOffset: 13, as: UInt8.self)
        let pseudo = Checksum.pseudoHeader(packet, transportLength: transportLength)
        tcp.storeBytes(of: Checksum.fold(pseudo), toByteOffset: 16, as: UInt16.self)

        var offload = OffloadHeader()
        offload.flags = OffloadHeader.needsChecksum
        offload.checksumStart = UInt16(truncatingIfNeeded: packet.networkHeaderLength)
        offload.checksumOffset = 16
        if payload.count > segmentSize {
            offload.segmentation = packet.offload.segmentation
            offload.segmentSize = packet.offload.segmentSize
            offload.headerLength = UInt16(truncatingIfNeeded: headerLength)
        }
        offload.store(target)
        return OffloadHeader.byteCount + length
    }
}
