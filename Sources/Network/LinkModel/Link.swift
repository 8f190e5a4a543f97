// One link from one instance towards others: a packet in, its fate out. No clock, no socket, no device.
//
// filter → loss → duplicate → corrupt → bandwidth → latency ± jitter → reorder, in this order (see
// LinkShape).

import Foundation

/// Why a packet is not delivered.
package enum DropReason: Sendable, Hashable {
    case filtered
    case lost
    /// The rate's queue was full.
    case queueFull
}

/// A packet, or the copy of one, on its way.
package struct Delivery: Sendable, Hashable {
    package var due: Instant
    /// The bit to invert, counted from the packet's first; nil when it arrives as it was sent.
    package var corruptedBit: Int?

    package init(due: Instant, corruptedBit: Int? = nil) {
        self.due = due
        self.corruptedBit = corruptedBit
    }
}

/// What becomes of a packet.
package enum Fate: Sendable, Hashable {
    /// The sender is told.
    case reject
    case drop(DropReason)
    /// Delivered, with a copy where it was duplicated.
    case deliver(Delivery, copy: Delivery?)
}

/// Decides the fate of one link's packets.
///
/// Packets keep the fate they were given when the shape changes: those in flight arrive as planned, later
/// ones follow the new shape, behind what still waits for the old rate.
package struct Link: Sendable {
    package private(set) var shape: LinkShape
    private let random: PacketRandom
    private var queue = RateQueue()
    /// Packets offered so far; the number of the next one.
    package private(set) var packets: UInt64 = 0
    /// Latest delivery so far, which no packet may precede while jitter may not reorder.
    private var lastDue = Instant(nanoseconds: .min)
    /// The last packet to many that took this link, and when it left the rate's queue; nil if that was full.
    private var group: UInt64 = 0
    private var groupDeparture: Instant?
    private var lastLoss: UInt32 = 0
    private var lastDuplicate: UInt32 = 0
    private var lastCorrupt: UInt32 = 0
    private var lastReorder: UInt32 = 0

    /// - Parameters:
    ///   - seed: the run's.
    ///   - identity: what tells this link from every other of the run, stable between runs.
    package init(seed: UInt64, identity: UInt64, shape: LinkShape) {
        random = PacketRandom(seed: seed, link: identity)
        self.shape = shape
    }

    package mutating func reshape(_ shape: LinkShape) {
        self.shape = shape
    }

    /// Decides the fate of the next packet.
    ///
    /// - Parameters:
    ///   - bytes: IP bytes of one wire segment.
    ///   - group: number of a packet that goes to many, above 0: calls with the same number are one packet
    ///     for the rate, as a broadcast is sent once, and one for each receiver for everything else.
    package mutating func admit(bytes: Int, at now: Instant, group: UInt64 = 0) -> Fate {
        var none = RateQueue()
        return admit(
            bytes: bytes, at: now, group: group, uplink: &none, uplinkRate: .unlimited, uplinkQueueBytes: .max
        )
    }

    /// Decides the fate of the next packet, which passes a shared uplink after the link's own rate.
    package mutating func admit(
        bytes: Int, at now: Instant, group: UInt64 = 0, uplink: inout RateQueue, uplinkRate: Bandwidth,
        uplinkQueueBytes: Int
    ) -> Fate {
        let packet = packets
        packets &+= 1
        switch shape.filter {
        case .accept: break
        case .reject: return .reject
        case .drop: return .drop(.filtered)
        }
        if happens(shape.loss, .loss, packet, &lastLoss) { return .drop(.lost) }
        let isDuplicated = happens(shape.duplicate, .duplicate, packet, &lastDuplicate)

        func pass(_ link: inout Link, isCopy: Bool) -> Delivery? {
            let bit = link.corruption(packet, bytes: bytes, isCopy: isCopy)
            let departure: Instant?
            if group != 0, group == link.group, !isCopy {
                departure = link.groupDeparture
            } else {
                let sent = link.queue.admit(
                    bytes: bytes, rate: link.shape.bandwidth, limitBytes: link.shape.queueBytes, at: now)
                departure =
                    uplinkRate.isUnlimited
                    ? sent
                    : sent.flatMap {
                        uplink.admit(bytes: bytes, rate: uplinkRate, limitBytes: uplinkQueueBytes, at: $0)
                    }
                if group != 0, !isCopy { (link.group, link.groupDeparture) = (group, departure) }
            }
            guard let departure else { return nil }
            return Delivery(due: link.due(packet, departure: departure, isCopy: isCopy), corruptedBit: bit)
        }

        let original = pass(&self, isCopy: false)
        let copy = isDuplicated ? pass(&self, isCopy: true) : nil
        guard let first = original ?? copy else { return .drop(.queueFull) }
        return .deliver(first, copy: original == nil ? nil : copy)
    }

    /// tc-netem(8)'s correlated draw: the previous value weighs `correlation` in this one.
    private func happens(
        _ chance: Chance, _ draw: Draw, _ packet: UInt64, isCopy: Bool = false, _ last: inout UInt32
    ) -> Bool {
        guard chance.probability != .never else { return false }
        var value = UInt32(truncatingIfNeeded: random.bits(draw, packet: packet, isCopy: isCopy) >> 32)
        if chance.correlation != .never {
            let weight = UInt64(chance.correlation.fraction)
            value = UInt32((UInt64(value) * ((1 << 32) - weight) + UInt64(last) * weight) >> 32)
            last = value
        }
        return value <= chance.probability.fraction
    }

    private mutating func corruption(_ packet: UInt64, bytes: Int, isCopy: Bool) -> Int? {
        guard bytes > 0, happens(shape.corrupt, .corrupt, packet, isCopy: isCopy, &lastCorrupt) else {
            return nil
        }
        let bits = random.bits(.corruptedBit, packet: packet, isCopy: isCopy)
        return Int(bits.multipliedFullWidth(by: UInt64(bytes) * 8).high)
    }

    private mutating func due(_ packet: UInt64, departure: Instant, isCopy: Bool) -> Instant {
        if shape.latency > .zero || shape.jitter > .zero,
            happens(shape.reorder, .reorder, packet, isCopy: isCopy, &lastReorder)
        {
            return departure
        }
        var delay = shape.latency
        if shape.jitter > .zero {
            delay = max(.zero, delay + Span(nanoseconds: jitter(packet, isCopy: isCopy)))
        }
        var due = departure + delay
        if !shape.jitterMayReorder, shape.jitter > .zero { due = max(due, lastDue) }
        lastDue = max(lastDue, due)
        return due
    }

    /// Deviation from the latency in nanoseconds.
    private func jitter(_ packet: UInt64, isCopy: Bool) -> Int64 {
        let jitter = Double(shape.jitter.nanoseconds)
        let first = unit(random.bits(.jitter, packet: packet, isCopy: isCopy))
        switch shape.jitterDistribution {
        case .uniform:
            return Int64((jitter * (2 * first - 1)).rounded())
        case .normal:
            // Box and Muller (1958); `1 - first` keeps the logarithm's argument above zero.
            let second = unit(random.bits(.jitterSecond, packet: packet, isCopy: isCopy))
            let deviation = (-2 * log(1 - first)).squareRoot() * cos(2 * .pi * second)
            return Int64((jitter * min(max(deviation, -4), 4)).rounded())
        }
    }

    /// Uniform in [0, 1).
    private func unit(_ bits: UInt64) -> Double {
        Double(bits >> 11) * 0x1p-53
    }
}
