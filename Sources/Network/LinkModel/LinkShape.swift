// What a link does to packets, as configured.

/// What happens to every packet of a link before anything else.
package enum Filter: Sendable, Hashable {
    case accept
    /// The sender is told at once (ICMP administratively prohibited, RST for TCP).
    case reject
    /// The packet vanishes.
    case drop
}

/// How delays scatter around the latency.
package enum JitterDistribution: Sendable, Hashable {
    /// Evenly over latency ± jitter; σ = jitter / √3.
    case uniform
    /// Normal with σ = jitter, cut at ± 4 σ.
    case normal
}

/// A link's configuration; the default passes everything at once.
package struct LinkShape: Sendable, Hashable {
    package var filter: Filter
    /// Counts from the packet's departure from the rate queue.
    package var latency: Span
    package var jitter: Span
    package var jitterDistribution: JitterDistribution
    /// Whether jitter alone may let a later packet overtake an earlier one. Off by default, unlike
    /// tc-netem(8): there, jitter on a TCP flow measures reordering instead of delay.
    package var jitterMayReorder: Bool
    package var bandwidth: Bandwidth
    /// Bytes that may wait for the rate; the packet that would exceed it is dropped (tc-bfifo(8)).
    package var queueBytes: Int
    package var loss: Chance
    package var duplicate: Chance
    /// One random bit of the packet is inverted.
    package var corrupt: Chance
    /// The packet skips the latency and so overtakes those in flight, as in tc-netem(8).
    package var reorder: Chance

    /// 1,000 packets of an Ethernet's size, what Linux queues by default (`txqueuelen`, netem's `limit`).
    package static let defaultQueueBytes = 1_000 * 1_500

    package init(
        filter: Filter = .accept, latency: Span = .zero, jitter: Span = .zero,
        jitterDistribution: JitterDistribution = .uniform, jitterMayReorder: Bool = false,
        bandwidth: Bandwidth = .unlimited, queueBytes: Int = Self.defaultQueueBytes, loss: Chance = .never,
        duplicate: Chance = .never, corrupt: Chance = .never, reorder: Chance = .never
    ) {
        self.filter = filter
        self.latency = latency
        self.jitter = jitter
        self.jitterDistribution = jitterDistribution
        self.jitterMayReorder = jitterMayReorder
        self.bandwidth = bandwidth
        self.queueBytes = queueBytes
        self.loss = loss
        self.duplicate = duplicate
        self.corrupt = corrupt
        self.reorder = reorder
    }

    /// True when every packet passes at once and unharmed: the switch may hand over super-packets whole.
    package var isTransparent: Bool {
        filter == .accept && latency == .zero && jitter == .zero && bandwidth.isUnlimited
            && [loss, duplicate, corrupt, reorder].allSatisfy { $0.probability == .never }
    }
}
