// Whether a run's network has done what it was configured for, with the figures that say so.

/// How true the shaped network of a run was. Runs on the host's own network have none.
package struct NetworkFidelity: Sendable, Hashable, Codable {
    /// Lateness (delivered − due) of the deliveries that were to be delayed.
    package struct Lateness: Sendable, Hashable, Codable {
        /// Delayed deliveries.
        package var packets: UInt64
        /// Seconds.
        package var median: Double
        /// Seconds; 99 of 100 deliveries were no later.
        package var percentile99: Double
        /// Seconds.
        package var maximum: Double
        /// Seconds that the 99th percentile may be.
        package var limit: Double

        package init(
            packets: UInt64, median: Double, percentile99: Double, maximum: Double, limit: Double
        ) {
            self.packets = packets
            self.median = median
            self.percentile99 = percentile99
            self.maximum = maximum
            self.limit = limit
        }

        private enum CodingKeys: String, CodingKey {
            case packets
            case median = "median_seconds"
            case percentile99 = "p99_seconds"
            case maximum = "max_seconds"
            case limit = "limit_seconds"
        }
    }

    /// How much the machine lacked processors while all instances had their networks.
    package struct Processors: Sendable, Hashable, Codable {
        /// Seconds that were looked at.
        package var observed: Double
        /// Share of that time, 0 to 1, in which no processor was idle.
        package var saturated: Double
        /// Share of the processors' time, 0 to 1, that a hypervisor gave to others.
        package var stolen: Double
        /// Seconds that the switch ran, and that it was ready to run but had no processor.
        package var switchRunning: Double
        package var switchWaiting: Double

        package init(
            observed: Double, saturated: Double, stolen: Double, switchRunning: Double, switchWaiting: Double
        ) {
            self.observed = observed
            self.saturated = saturated
            self.stolen = stolen
            self.switchRunning = switchRunning
            self.switchWaiting = switchWaiting
        }

        private enum CodingKeys: String, CodingKey {
            case observed = "observed_seconds"
            case saturated = "saturated_share"
            case stolen = "stolen_share"
            case switchRunning = "switch_running_seconds"
            case switchWaiting = "switch_waiting_seconds"
        }
    }

    /// Why the run cannot be trusted, a sentence for each broken promise; empty when all were kept.
    package var reasons: [String]
    /// Wire segments that instances sent.
    package var sent: UInt64
    /// Wire segments handed to instances, copies and broadcasts included.
    package var delivered: UInt64
    package var deliveredBytes: UInt64
    /// Segments that were not delivered, by reason (`lost`, `filtered`, `queue_full`, …); reasons without
    /// any are left out.
    package var dropped: [String: UInt64]
    package var lateness: Lateness
    package var processors: Processors

    /// Whether the network kept all its promises.
    package var isTrusted: Bool { reasons.isEmpty }

    package init(
        reasons: [String], sent: UInt64, delivered: UInt64, deliveredBytes: UInt64,
        dropped: [String: UInt64], lateness: Lateness, processors: Processors
    ) {
        self.reasons = reasons
        self.sent = sent
        self.delivered = delivered
        self.deliveredBytes = deliveredBytes
        self.dropped = dropped
        self.lateness = lateness
        self.processors = processors
    }

    // MARK: Codable

    private enum CodingKeys: String, CodingKey {
        /// Made from the reasons, for programs that only ask for the verdict.
        case trusted
        case reasons
        case sent = "sent_packets"
        case delivered = "delivered_packets"
        case deliveredBytes = "delivered_bytes"
        case dropped = "dropped_packets"
        case lateness, processors
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            reasons: try container.decode([String].self, forKey: .reasons),
            sent: try container.decode(UInt64.self, forKey: .sent),
            delivered: try container.decode(UInt64.self, forKey: .delivered),
            deliveredBytes: try container.decode(UInt64.self, forKey: .deliveredBytes),
            dropped: try container.decode([String: UInt64].self, forKey: .dropped),
            lateness: try container.decode(Lateness.self, forKey: .lateness),
            processors: try container.decode(Processors.self, forKey: .processors))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isTrusted, forKey: .trusted)
        try container.encode(reasons, forKey: .reasons)
        try container.encode(sent, forKey: .sent)
        try container.encode(delivered, forKey: .delivered)
        try container.encode(deliveredBytes, forKey: .deliveredBytes)
        try container.encode(dropped, forKey: .dropped)
        try container.encode(lateness, forKey: .lateness)
        try container.encode(processors, forKey: .processors)
    }
}
