// One packet of a capture on its way to a file: what became of it, and when.

/// What became of a packet, or how one came in.
enum CaptureEvent: UInt8, Sendable, CaseIterable {
    /// Seen at the receiver: handed over.
    case arrived
    /// Seen at the sender: it is, or will be, handed over.
    case delivered
    case lost, filtered, rejected, queueFull, disabled, unreachable, housekeeping, noMemory
    /// The gateway answers it.
    case answered
    /// A copy for each of several receivers, each with a fate of its own.
    case spread
    /// The receiver's kernel did not take it.
    case notTaken

    var isInbound: Bool { self == .arrived || self == .notTaken }
}

/// What is known of a captured packet besides its bytes.
struct CaptureRecord: Sendable, Hashable {
    /// Number of the file it belongs to.
    var file: Int32
    var event: CaptureEvent
    /// Nanoseconds of the monotonic clock.
    var time: Int64
    /// Nanoseconds from being sent to being due; at the receiver, those that it came too late.
    var delay: Int64 = 0
    /// Delay of the second copy; negative for none.
    var copyDelay: Int64 = -1
    /// The bit that was inverted, counted from the packet's first; negative for none.
    var corruptedBit: Int32 = -1
    /// Bytes of offload header and packet.
    var count: Int32 = 0

    /// The packet's fate in words, for Wireshark's comments.
    var comment: String {
        switch event {
        case .arrived: return delay > 0 ? "arrived, \(Self.milliseconds(delay)) late" : "arrived"
        case .delivered:
            var text = delay > 0 ? "delivered after \(Self.milliseconds(delay))" : "delivered at once"
            if copyDelay >= 0 { text += ", duplicated: again after \(Self.milliseconds(copyDelay))" }
            if corruptedBit >= 0 { text += ", corrupted: bit \(corruptedBit) inverted" }
            return text
        case .lost: return "lost"
        case .filtered: return "filtered: dropped without a word"
        case .rejected: return "filtered: rejected, the sender is told"
        case .queueFull: return "dropped: the queue of its rate was full"
        case .disabled: return "dropped: sender or receiver is off the network"
        case .unreachable: return "unreachable: nobody has the address"
        case .housekeeping: return "not carried: housekeeping of a link"
        case .noMemory: return "dropped: no memory for packets in flight"
        case .answered: return "answered by the gateway"
        case .spread: return "to all members, each with a fate of its own"
        case .notTaken: return "not taken by the receiver's kernel"
        }
    }

    /// With as many digits as nanoseconds have.
    static func milliseconds(_ nanoseconds: Int64) -> String {
        let digits = String(1_000_000 + nanoseconds % 1_000_000).dropFirst()
        return "\(nanoseconds / 1_000_000).\(digits) ms"
    }
}
