// The way of a packet through the switch.
//
// Hot path: see SwitchCore.swift.

import LinkModel
import LinuxSystem

extension SwitchCore {
    /// Refusals a member gets in a second; Linux limits itself likewise (`icmp_ratelimit`).
    private static var refusalsPerSecond: Int { 1_000 }
    /// A super-packet that waits for its rate is cut so that a piece takes about this long on the wire:
    /// larger ones would make the rate lumpy, smaller ones cost a write each.
    private static var pieceNanoseconds: UInt64 { 1_000_000 }

    /// Takes a packet that a member sent.
    ///
    /// - Parameters:
    ///   - base: offload header and packet; may be changed.
    ///   - count: bytes of both.
    func receive(from number: Int, _ base: UnsafeMutableRawPointer, count bytes: Int, at now: Instant) {
        guard let sender = members[number] else { return }
        guard let packet = Packet(base, count: bytes) else {
            received &+= 1
            return count(.malformed)
        }
        let segments = Segmentation(packet)?.count ?? 1
        received &+= UInt64(segments)
        guard sender.pointee.isEnabled else {
            note(.disabled, packet, sender, at: now)
            return count(.disabled, segments)
        }
        guard !isHousekeeping(packet) else {
            note(.housekeeping, packet, sender, at: now)
            return count(.housekeeping)
        }

        if packet.destination.isMulticast { return spread(packet, from: sender, number, at: now) }
        let match = owner(of: packet.destination)
        if match >= 0, let receiver = members[Int(match)] {
            guard receiver.pointee.isEnabled else {
                note(.disabled, packet, sender, at: now)
                return count(.disabled, segments)
            }
            let link = sender.pointee.links.link(
                towards: packet.destination, inRegion: receiver.pointee.region)
            return transmit(
                packet, from: sender, to: receiver, Int(match), link: link, segments: segments, at: now)
        }
        if isBroadcast(packet.destination) { return spread(packet, from: sender, number, at: now) }
        if configuration.gateways.contains(packet.destination), Replies.isEchoRequest(packet) {
            note(.answered, packet, sender, at: now)
            Checksum.complete(base, count: packet.totalCount)
            Replies.answerEcho(packet)
            return write(base, count: packet.totalCount, to: sender)
        }
        note(.unreachable, packet, sender, at: now)
        count(.unreachable, segments)
        refuse(packet, .hostUnreachable, to: sender, at: now)
    }

    /// Sends a packet to every other member, each over the link that leads to the receiver's own address:
    /// what a rule keeps from a receiver it keeps from it also when it is sent to all.
    private func spread(
        _ packet: Packet, from sender: UnsafeMutablePointer<Member>, _ number: Int, at now: Instant
    ) {
        group &+= 1
        note(.spread, packet, sender, at: now)
        for other in 0..<memberCount where other != number {
            guard let receiver = members[other], receiver.pointee.isEnabled else { continue }
            let address = packet.isIPv4 ? receiver.pointee.ipv4 : receiver.pointee.ipv6
            let link = sender.pointee.links.link(towards: address, inRegion: receiver.pointee.region)
            transmit(packet, from: sender, to: receiver, other, link: link, group: group, at: now)
        }
    }

    /// Whether the address is the last of a data network, or 255.255.255.255.
    private func isBroadcast(_ address: IPAddress) -> Bool {
        guard let ipv4 = address.ipv4 else { return false }
        if ipv4 == .max { return true }
        for subnet in configuration.subnets where subnet.contains(address) { return subnet.last == address }
        return false
    }

    /// Traffic by which hosts find routers, neighbours and group members on a link: with a thousand instances
    /// it would be a million deliveries at start, and means nothing where the switch knows every address.
    private func isHousekeeping(_ packet: Packet) -> Bool {
        if packet.transport == Packet.TransportProtocol.igmp { return packet.isIPv4 }
        guard !packet.isIPv4 else { return false }
        // MLD reports stand behind a hop-by-hop header (RFC 3810 §5).
        if packet.transport == 0 { return packet.destination.isMulticast }
        guard packet.transport == Packet.TransportProtocol.icmpv6, packet.transportLength >= 1 else {
            return false
        }
        let type = (packet.ip + packet.networkHeaderLength).load(as: UInt8.self)
        return (130...137).contains(type) || type == 143
    }

    // MARK: A link

    private func transmit(
        _ packet: Packet, from sender: UnsafeMutablePointer<Member>,
        to receiver: UnsafeMutablePointer<Member>, _ number: Int, link index: Int, segments: Int = 1,
        group: UInt64 = 0, at now: Instant
    ) {
        if sender.pointee.links.transparent[index], sender.pointee.uplink < 0 {
            if group == 0 { note(.delivered, packet, sender, at: now) }
            return write(packet.base, count: packet.totalCount, to: receiver, segments: segments)
        }
        let link = sender.pointee.links.links + index
        guard let segmentation = Segmentation(packet) else {
            let fate = decide(link, sender, bytes: packet.length, group: group, at: now)
            note(fate, packet.base, packet.totalCount, sender, at: now)
            return carryOut(
                fate, packet, packet.base, packet.totalCount, sender, receiver, number, isShared: group != 0,
                at: now)
        }
        let step = pieceSegments(of: link.pointee.shape, behind: sender.pointee.uplink, segmentation)
        var first = 0
        while first < segmentation.count {
            let count = min(step, segmentation.count - first)
            let fate = decide(
                link, sender, bytes: segmentation.wireBytes(first: first, count: count), at: now)
            if case .deliver = fate {
                let bytes = segmentation.write(packet, first: first, count: count, to: scratch)
                note(fate, scratch, bytes, sender, at: now)
                carryOut(fate, packet, scratch, bytes, sender, receiver, number, segments: count, at: now)
            } else {
                if sender.pointee.capture >= 0 {
                    let bytes = segmentation.write(packet, first: first, count: count, to: scratch)
                    note(fate, scratch, bytes, sender, at: now)
                }
                carryOut(fate, packet, packet.base, 0, sender, receiver, number, segments: count, at: now)
                // One answer for the whole super-packet.
                if fate == .reject { return self.count(.rejected, segmentation.count - first - count) }
            }
            first += count
        }
    }

    /// Segments that are decided about together: one where chance decides, else what the rate serves in about
    /// a millisecond.
    private func pieceSegments(
        of shape: LinkShape, behind uplink: Int32, _ segmentation: Segmentation
    ) -> Int {
        if shape.loss.probability != .never || shape.duplicate.probability != .never
            || shape.corrupt.probability != .never || shape.reorder.probability != .never
            || shape.jitter > .zero
        {
            return 1
        }
        // The slower of the link's rate and the uplink's; neither is limited where this is 0.
        var rate = shape.bandwidth.bitsPerSecond
        if uplink >= 0 {
            let shared = uplinks[Int(uplink)].bandwidth.bitsPerSecond
            if shared > 0, rate == 0 || shared < rate { rate = shared }
        }
        guard rate > 0 else { return segmentation.count }
        let bits = UInt64(segmentation.segmentSize + segmentation.headerLength) * 8
        let nanoseconds = bits * 1_000_000_000 / rate
        return max(1, Int(Self.pieceNanoseconds / max(1, nanoseconds)))
    }

    private func decide(
        _ link: UnsafeMutablePointer<Link>, _ sender: UnsafeMutablePointer<Member>, bytes: Int,
        group: UInt64 = 0, at now: Instant
    ) -> Fate {
        let uplink = Int(sender.pointee.uplink)
        guard uplink >= 0 else { return link.pointee.admit(bytes: bytes, at: now, group: group) }
        return link.pointee.admit(
            bytes: bytes, at: now, group: group, uplink: &uplinkQueues[uplink],
            uplinkRate: uplinks[uplink].bandwidth,
            uplinkQueueBytes: uplinks[uplink].queueBytes)
    }

    private func carryOut(
        _ fate: Fate, _ packet: Packet, _ base: UnsafeMutableRawPointer, _ bytes: Int,
        _ sender: UnsafeMutablePointer<Member>, _ receiver: UnsafeMutablePointer<Member>, _ number: Int,
        segments: Int = 1, isShared: Bool = false, at now: Instant
    ) {
        switch fate {
        case .reject:
            count(.rejected, segments)
            refuse(packet, .prohibited, to: sender, at: now)
        case .drop(.filtered): count(.filtered, segments)
        case .drop(.lost): count(.lost, segments)
        case .drop(.queueFull): count(.queueFull, segments)
        case .deliver(let delivery, let copy):
            // The copy first: delivering at once may corrupt the bytes in place.
            if let copy { send(copy, base, bytes, segments, receiver, number, mustCopy: true, at: now) }
            send(delivery, base, bytes, segments, receiver, number, mustCopy: isShared, at: now)
        }
    }

    /// Writes a delivery now, or keeps it until it is due.
    ///
    /// - Parameter mustCopy: others get the same bytes, which must not be corrupted for them as well.
    private func send(
        _ delivery: Delivery, _ base: UnsafeMutableRawPointer, _ bytes: Int, _ segments: Int,
        _ receiver: UnsafeMutablePointer<Member>, _ number: Int, mustCopy: Bool, at now: Instant
    ) {
        if delivery.due <= now, !mustCopy || delivery.corruptedBit == nil {
            if let bit = delivery.corruptedBit { corrupt(base, count: bytes, bit: bit) }
            return write(base, count: bytes, to: receiver, segments: segments)
        }
        guard let slot = pool.take(bytes) else { return count(.noMemory, segments) }
        slot.packet.copyMemory(from: base, byteCount: bytes)
        if let bit = delivery.corruptedBit { corrupt(slot.packet, count: bytes, bit: bit) }
        queue.push(
            due: delivery.due, slot: slot, count: bytes, segments: segments, member: Int32(number),
            generation: receiver.pointee.generation)
    }

    /// Inverts a bit. The checksum is completed before, or the damage could not be noticed.
    private func corrupt(_ base: UnsafeMutableRawPointer, count: Int, bit: Int) {
        Checksum.complete(base, count: count)
        let byte = base + OffloadHeader.byteCount + bit / 8
        guard bit / 8 < count - OffloadHeader.byteCount else { return }
        byte.storeBytes(of: byte.load(as: UInt8.self) ^ (0x80 >> UInt8(bit % 8)), as: UInt8.self)
    }

    // MARK: Out

    func write(
        _ base: UnsafeRawPointer, count bytes: Int, to member: UnsafeMutablePointer<Member>,
        segments: Int = 1, late: Int64 = 0
    ) {
        let error = output.write(base, count: bytes, to: member.pointee.descriptor)
        if member.pointee.capture >= 0 {
            noteArrival(base, bytes, at: member, late: late, isTaken: error == 0)
        }
        if error == 0 {
            delivered &+= UInt64(segments)
            deliveredBytes &+= UInt64(bytes - OffloadHeader.byteCount)
        } else {
            // A device that is down, or gone with its instance, is nothing the switch has done.
            count(error == PacketDevice.down || error == PacketDevice.gone ? .departed : .notTaken, segments)
        }
    }

    private func refuse(
        _ packet: Packet, _ refusal: Refusal, to sender: UnsafeMutablePointer<Member>, at now: Instant
    ) {
        let second = now.nanoseconds / 1_000_000_000
        if sender.pointee.refusalSecond != second {
            sender.pointee.refusalSecond = second
            sender.pointee.refusals = 0
        }
        guard sender.pointee.refusals < Self.refusalsPerSecond else { return }
        let gateway = configuration.gateways.first { ($0.ipv4 != nil) == packet.isIPv4 }
        guard let gateway, let bytes = Replies.refuse(packet, refusal, gateway: gateway, to: scratch) else {
            return
        }
        sender.pointee.refusals += 1
        write(scratch, count: bytes, to: sender)
    }
}
