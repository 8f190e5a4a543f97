// A queue that is emptied at a rate, without storing a packet: only when it will be empty.

/// Serialises packets at a rate. One belongs to every link; a shared uplink is one that several links pass.
package struct RateQueue: Sendable, Hashable {
    /// When the last admitted packet's last bit leaves.
    package private(set) var emptyAt = Instant(nanoseconds: .min)
    /// What did not fill a nanosecond, in bits × 10⁹ / rate: without it small packets at high rates would be
    /// served too fast.
    private var remainder: UInt64 = 0

    package init() {}

    /// Admits a packet and says when its last bit leaves; nil when the queue is full.
    ///
    /// - Parameters:
    ///   - bytes: IP bytes of one wire segment.
    ///   - limitBytes: bytes that may wait in front of the packet, itself included; a packet that finds
    ///     the queue empty is always admitted.
    package mutating func admit(
        bytes: Int, rate: Bandwidth, limitBytes: Int, at now: Instant
    ) -> Instant? {
        guard !rate.isUnlimited else {
            emptyAt = max(emptyAt, now)
            return emptyAt
        }
        if now < emptyAt {
            if waitingBytes(rate: rate, at: now) + bytes > limitBytes { return nil }
        } else {
            emptyAt = now
            remainder = 0
        }
        // Saturates: a packet on a link of 1 bit/s takes hours, never a negative time.
        let (work, overflow) = (UInt64(bytes) &* 8).multipliedReportingOverflow(by: 1_000_000_000)
        let (total, carried) = work.addingReportingOverflow(remainder)
        guard !overflow, !carried else { return nil }
        let (span, rest) = total.quotientAndRemainder(dividingBy: rate.bitsPerSecond)
        remainder = rest
        emptyAt = emptyAt + Span(nanoseconds: Int64(min(span, UInt64(Int64.max / 2))))
        return emptyAt
    }

    /// Bytes that have been admitted and have not left.
    package func waitingBytes(rate: Bandwidth, at now: Instant) -> Int {
        guard now < emptyAt, !rate.isUnlimited else { return 0 }
        let span = UInt64((emptyAt - now).nanoseconds)
        let (high, low) = span.multipliedFullWidth(by: rate.bitsPerSecond)
        let divisor: UInt64 = 8 * 1_000_000_000
        guard high < divisor else { return .max / 2 }
        return Int(clamping: divisor.dividingFullWidth((high, low)).quotient)
    }
}
