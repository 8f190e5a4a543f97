// Packets that the switch itself sends: the gateway's echo replies, ICMP errors, TCP resets.
//
// Hot path: see Packet.swift; written into a scratch buffer that the caller owns.

/// Why a packet is answered with an error.
enum Refusal {
    /// Nobody has the address. ICMP 3/1 (RFC 792), ICMPv6 1/3 (RFC 4443 §3.1).
    case hostUnreachable
    /// A rule rejects it. ICMP 3/13 (RFC 1812 §5.2.7.1), ICMPv6 1/1; for TCP a reset, so that connect(2)
    /// fails at once.
    case prohibited
}

enum Replies {
    /// Bytes of the offending packet that an error quotes; RFC 1812 §4.3.2.3 and RFC 4443 §2.4 ask for as
    /// many as fit 576 and 1,280 bytes.
    private static let longestQuote = 512

    /// Room a reply needs.
    static let longestReply = OffloadHeader.byteCount + 40 + 8 + longestQuote

    /// Whether the packet is an echo request for the gateway that can be answered in place.
    static func isEchoRequest(_ packet: Packet) -> Bool {
        guard packet.transportLength >= 8, !packet.isLaterFragment else { return false }
        let type = (packet.ip + packet.networkHeaderLength).load(as: UInt8.self)
        return packet.isIPv4
            ? packet.transport == Packet.TransportProtocol.icmp && type == 8
            : packet.transport == Packet.TransportProtocol.icmpv6 && type == 128
    }

    /// Turns an echo request into its reply, in place.
    static func answerEcho(_ packet: Packet) {
        let ip = packet.ip
        let (source, destination, count) = packet.isIPv4 ? (12, 16, 4) : (8, 24, 16)
        for index in 0..<count {
            let byte = ip.load(fromByteOffset: source + index, as: UInt8.self)
            let other = ip.load(fromByteOffset: destination + index, as: UInt8.self)
            ip.storeBytes(of: other, toByteOffset: source + index, as: UInt8.self)
            ip.storeBytes(of: byte, toByteOffset: destination + index, as: UInt8.self)
        }
        let icmp = ip + packet.networkHeaderLength
        icmp.storeBytes(of: packet.isIPv4 ? 0 : 129, as: UInt8.self)
        if packet.isIPv4 { Checksum.storeIPv4Header(ip, length: packet.networkHeaderLength) }
        finishICMP(packet.base, networkHeaderLength: packet.networkHeaderLength, length: packet.length)
        OffloadHeader().store(packet.base)
    }

    /// Writes the refusal of a packet and returns its bytes, offload header included; nil where none may be
    /// sent.
    ///
    /// - Parameters:
    ///   - gateway: from whom it comes.
    ///   - target: room for `longestReply` bytes.
    static func refuse(
        _ packet: Packet, _ refusal: Refusal, gateway: IPAddress, to target: UnsafeMutableRawPointer
    ) -> Int? {
        if refusal == .prohibited, packet.transport == Packet.TransportProtocol.tcp {
            return reset(packet, to: target)
        }
        guard mayBeAnswered(packet) else { return nil }
        let quote = min(packet.length, longestQuote)
        let header = packet.isIPv4 ? 20 : 40
        let length = header + 8 + quote
        let ip = target + OffloadHeader.byteCount
        writeHeader(
            ip, isIPv4: packet.isIPv4, transport: packet.isIPv4 ? 1 : 58, length: length, source: gateway,
            destination: packet.source)
        let icmp = ip + header
        let code: UInt8 =
            switch (refusal, packet.isIPv4) {
            case (.hostUnreachable, true): 1
            case (.hostUnreachable, false): 3
            case (.prohibited, true): 13
            case (.prohibited, false): 1
            }
        icmp.storeBytes(of: packet.isIPv4 ? 3 : 1, as: UInt8.self)
        icmp.storeBytes(of: code, toByteOffset: 1, as: UInt8.self)
        icmp.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
        (icmp + 8).copyMemory(from: packet.ip, byteCount: quote)
        finishICMP(target, networkHeaderLength: header, length: length)
        OffloadHeader().store(target)
        return OffloadHeader.byteCount + length
    }

    /// RFC 1122 §3.2.2: no error about an error, a later fragment, or what was sent to many.
    private static func mayBeAnswered(_ packet: Packet) -> Bool {
        guard !packet.isLaterFragment, !packet.destination.isMulticast, !packet.source.isMulticast else {
            return false
        }
        guard packet.transportLength >= 1 else { return true }
        let type = (packet.ip + packet.networkHeaderLength).load(as: UInt8.self)
        switch packet.transport {
        case Packet.TransportProtocol.icmp where packet.isIPv4: return [0, 8, 13, 14].contains(type)
        case Packet.TransportProtocol.icmpv6: return type >= 128
        default: return true
        }
    }

    /// RFC 9293 §3.10.7.1: the reset that a closed port would send.
    private static func reset(_ packet: Packet, to target: UnsafeMutableRawPointer) -> Int? {
        guard let headerLength = packet.tcpHeaderLength else { return nil }
        let old = packet.ip + packet.networkHeaderLength
        let flags = old.load(fromByteOffset: 13, as: UInt8.self)
        let (fin, syn, rst, ack): (UInt8, UInt8, UInt8, UInt8) = (0x01, 0x02, 0x04, 0x10)
        guard flags & rst == 0 else { return nil }
        let header = packet.isIPv4 ? 20 : 40
        let length = header + 20
        let ip = target + OffloadHeader.byteCount
        writeHeader(
            ip, isIPv4: packet.isIPv4, transport: Packet.TransportProtocol.tcp, length: length,
            source: packet.destination, destination: packet.source)
        let tcp = ip + header
        tcp.copyMemory(from: old + 2, byteCount: 2)
        (tcp + 2).copyMemory(from: old, byteCount: 2)
        if flags & ack != 0 {
            Packet.store(Packet.bigEndian32(old, 8), tcp, 4)
            Packet.store(UInt32(0), tcp, 8)
            tcp.storeBytes(of: rst, toByteOffset: 13, as: UInt8.self)
        } else {
            let occupied =
                packet.transportLength - headerLength + (flags & syn != 0 ? 1 : 0)
                + (flags & fin != 0 ? 1 : 0)
            Packet.store(UInt32(0), tcp, 4)
            Packet.store(Packet.bigEndian32(old, 4) &+ UInt32(truncatingIfNeeded: occupied), tcp, 8)
            tcp.storeBytes(of: rst | ack, toByteOffset: 13, as: UInt8.self)
        }
        tcp.storeBytes(of: 0x50, toByteOffset: 12, as: UInt8.self)
        // Window, checksum, urgent pointer.
        tcp.storeBytes(of: 0, toByteOffset: 14, as: UInt16.self)
        tcp.storeBytes(of: 0, toByteOffset: 16, as: UInt32.self)
        OffloadHeader().store(target)
        if let reply = Packet(target, count: OffloadHeader.byteCount + length) {
            let pseudo = Checksum.pseudoHeader(reply, transportLength: 20)
            tcp.storeBytes(
                of: ~Checksum.fold(Checksum.sum(tcp, count: 20, initial: pseudo)), toByteOffset: 16,
                as: UInt16.self)
        }
        return OffloadHeader.byteCount + length
    }

    private static func writeHeader(
        _ ip: UnsafeMutableRawPointer, isIPv4: Bool, transport: UInt8, length: Int, source: IPAddress,
        destination: IPAddress
    ) {
        if isIPv4 {
            ip.initializeMemory(as: UInt8.self, repeating: 0, count: 20)
            ip.storeBytes(of: 0x45, as: UInt8.self)
            Packet.store(UInt16(truncatingIfNeeded: length), ip, 2)
            ip.storeBytes(of: 64, toByteOffset: 8, as: UInt8.self)
            ip.storeBytes(of: transport, toByteOffset: 9, as: UInt8.self)
            Packet.store(source.ipv4 ?? 0, ip, 12)
            Packet.store(destination.ipv4 ?? 0, ip, 16)
            Checksum.storeIPv4Header(ip, length: 20)
        } else {
            ip.initializeMemory(as: UInt8.self, repeating: 0, count: 40)
            ip.storeBytes(of: 0x60, as: UInt8.self)
            Packet.store(UInt16(truncatingIfNeeded: length - 40), ip, 4)
            ip.storeBytes(of: transport, toByteOffset: 6, as: UInt8.self)
            ip.storeBytes(of: 64, toByteOffset: 7, as: UInt8.self)
            for (address, offset) in [(source, 8), (destination, 24)] {
                ip.storeBytes(of: address.high.bigEndian, toByteOffset: offset, as: UInt64.self)
                ip.storeBytes(of: address.low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
            }
        }
    }

    /// Computes the checksum of an ICMP or ICMPv6 message; only the latter covers a pseudo header.
    private static func finishICMP(_ base: UnsafeMutableRawPointer, networkHeaderLength: Int, length: Int) {
        let icmp = base + OffloadHeader.byteCount + networkHeaderLength
        icmp.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
        let count = length - networkHeaderLength
        var pseudo: UInt64 = 0
        if let packet = Packet(base, count: OffloadHeader.byteCount + length), !packet.isIPv4 {
            pseudo = Checksum.pseudoHeader(packet, transportLength: count)
        }
        icmp.storeBytes(
            of: ~Checksum.fold(Checksum.sum(icmp, count: count, initial: pseudo)), toByteOffset: 2,
            as: UInt16.self)
    }
}
