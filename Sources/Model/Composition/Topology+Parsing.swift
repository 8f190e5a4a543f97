// `[network]` → Topology. Checks of single values happen here; whether groups and regions are there is the
// preparer's concern.

extension Topology {
    /// The matrices that may stand in `[network.matrix]`, in the order of the regions.
    private static let matrixKeys = ["latency", "jitter", "bandwidth", "loss"]

    static func read(_ reader: inout TableReader) -> Topology {
        var topology = Topology()
        topology.hasIPv6 = reader.boolean("ipv6") ?? true
        topology.mtu = reader.bounded("mtu", mtuRange, "bytes of the largest packet")
        topology.subnetBits = reader.bounded(
            "subnet_bits", subnetBitsRange, "the prefix length of the data network")
        let base = reader.table("default") { readQuality(&$0, base: LinkQuality()) }
        topology.defaultLink = base
        topology.regions = reader.tables("regions") { reader, _ in readRegion(&reader) }
        topology.links = reader.tables("links") { reader, _ in readLink(&reader, base: base) }
        topology.uplinks = reader.tables("uplinks") { reader, _ in readUplink(&reader) }
        let count = topology.regions.count
        topology.matrix = reader.table("matrix") { readMatrix(&$0, count, base: base) }
        return topology
    }

    private static func readRegion(_ reader: inout TableReader) -> Region {
        var region = Region()
        region.name = reader.string("name")
        if region.name.isEmpty { reader.error("a region has no name", remedy: "write name = \"…\"") }
        region.groups = reader.strings("groups")
        region.share = reader.number("percentage")
        if let share = region.share, !(share > 0 && share <= 1) {
            let written = ConfigurationValue.double(share).jsonText
            reader.reading.error(
                at: reader.path.key("percentage"),
                "a percentage is a share above 0 and up to 1, which \(written) is not",
                remedy: share > 1 && share <= 100 ? "write \(share / 100) for \(written) %" : nil)
        }
        if region.share == nil, region.groups.isEmpty {
            reader.error(
                "the region \(quoted(region.name)) says nothing of who is there",
                remedy: "write groups = [\"…\"], percentage = 0.5, or both")
        }
        return region
    }

    private static func readLink(_ reader: inout TableReader, base: LinkQuality) -> Link {
        var link = Link()
        link.from = reader.string("from")
        link.to = reader.string("to")
        link.isSymmetric = reader.boolean("symmetric") ?? true
        link.quality = readQuality(&reader, base: base)
        if link.from.isEmpty || link.to.isEmpty {
            reader.error("a link lacks one of its regions", remedy: "write from = \"…\" and to = \"…\"")
        }
        return link
    }

    private static func readUplink(_ reader: inout TableReader) -> Uplink {
        var uplink = Uplink()
        uplink.groups = reader.strings("groups")
        uplink.bandwidthBitsPerSecond = reader.bandwidth("bandwidth") ?? 0
        uplink.queueBytes = reader.size("queue")
        if uplink.groups.isEmpty {
            reader.error("an uplink has no groups", remedy: "write groups = [\"…\"]")
        } else if uplink.bandwidthBitsPerSecond == 0, reader.table["bandwidth"] == nil {
            reader.error("an uplink has no bandwidth", remedy: "write bandwidth = \"10Mbit/s\"")
        }
        return uplink
    }

    /// What is absent is as in `base`.
    private static func readQuality(_ reader: inout TableReader, base: LinkQuality) -> LinkQuality {
        var quality = base
        quality.latencyNanoseconds = reader.duration("latency") ?? base.latencyNanoseconds
        quality.jitterNanoseconds = reader.duration("jitter") ?? base.jitterNanoseconds
        let distribution = reader.string("jitter_distribution")
        if let known = LinkQuality.JitterDistribution(rawValue: distribution) {
            quality.jitterDistribution = known
        } else if !distribution.isEmpty {
            reader.reading.error(
                at: reader.path.key("jitter_distribution"),
                "jitter_distribution = \(quoted(distribution)) is unknown",
                remedy: "write \"uniform\" or \"normal\"")
        }
        quality.bandwidthBitsPerSecond = reader.bandwidth("bandwidth") ?? base.bandwidthBitsPerSecond
        quality.queueBytes = reader.size("queue") ?? base.queueBytes
        quality.loss = reader.percent("loss") ?? base.loss
        quality.duplicate = reader.percent("duplicate") ?? base.duplicate
        quality.corrupt = reader.percent("corrupt") ?? base.corrupt
        quality.reorder = reader.percent("reorder") ?? base.reorder
        return quality
    }

    // MARK: Matrices

    /// One row for each region one comes from, one column for each one goes to.
    private static func readMatrix(
        _ reader: inout TableReader, _ count: Int, base: LinkQuality
    ) -> [[LinkQuality]] {
        var qualities: [[LinkQuality]] = []
        for key in matrixKeys {
            guard let value = reader.anyValue(key) else { continue }
            guard let cells = cells(value, key, reader, count: count) else { continue }
            if qualities.isEmpty {
                qualities = Array(repeating: Array(repeating: base, count: count), count: count)
            }
            for (row, line) in cells.enumerated() {
                for (column, cell) in line.enumerated() {
                    let path = reader.path.key(key).index(row).index(column)
                    qualities[row][column].set(key, to: cell, at: path, reader.reading)
                }
            }
        }
        return qualities
    }

    /// The rows of a matrix; nil when it is none of that size, which has then been reported.
    private static func cells(
        _ value: ConfigurationValue, _ key: String, _ reader: TableReader, count: Int
    ) -> [[ConfigurationValue]]? {
        var rows: [[ConfigurationValue]] = []
        if case .array(let lines) = value {
            rows = lines.compactMap { if case .array(let cells) = $0 { cells } else { nil } }
            if rows.count == lines.count, rows.count == count, rows.allSatisfy({ $0.count == count }) {
                return rows
            }
        }
        reader.reading.error(
            at: reader.path.key(key),
            "\"\(reader.path.key(key))\" must be an array of \(count) arrays of \(count): a row and a "
                + "column for each region, in their order",
            remedy: "write \(key) = [[…], …]")
        return nil
    }
}

extension TableReader {
    /// An integer within bounds; nil where it is absent.
    fileprivate mutating func bounded(_ key: String, _ range: ClosedRange<Int>, _ what: String) -> Int? {
        guard let number = integer(key) else { return nil }
        if range.contains(number) { return number }
        reading.error(
            at: path.key(key), "\(key) = \(number) is out of bounds",
            remedy: "\(what): \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    fileprivate mutating func duration(_ key: String) -> Int64? {
        anyValue(key).flatMap { reading.duration($0, key, at: path.key(key)) }
    }

    fileprivate mutating func bandwidth(_ key: String) -> UInt64? {
        anyValue(key).flatMap { reading.bandwidth($0, key, at: path.key(key)) }
    }

    fileprivate mutating func size(_ key: String) -> Int? {
        anyValue(key).flatMap { value in
            reading.quantity(value, key, at: path.key(key), "a size", example: "\"150kB\"") { text in
                ByteSize(text).flatMap { $0.bytes > 0 ? Int(exactly: $0.bytes) : nil }
            }
        }
    }

    fileprivate mutating func percent(_ key: String) -> Double? {
        anyValue(key).flatMap { reading.percent($0, key, at: path.key(key)) }
    }
}

extension LinkQuality {
    /// Puts a cell of a matrix into its place.
    fileprivate mutating func set(
        _ key: String, to value: ConfigurationValue, at path: TOMLPath, _ reading: DocumentReading
    ) {
        switch key {
        case "latency": latencyNanoseconds = reading.duration(value, key, at: path) ?? 0
        case "jitter": jitterNanoseconds = reading.duration(value, key, at: path) ?? 0
        case "loss": loss = reading.percent(value, key, at: path) ?? 0
        default: bandwidthBitsPerSecond = reading.bandwidth(value, key, at: path) ?? 0
        }
    }
}

extension DocumentReading {
    fileprivate func duration(_ value: ConfigurationValue, _ name: String, at path: TOMLPath) -> Int64? {
        quantity(value, name, at: path, "a span of time", example: "\"50ms\"") { text in
            DurationText(text).flatMap { $0.nanoseconds >= 0 ? $0.nanoseconds : nil }
        }
    }

    fileprivate func bandwidth(_ value: ConfigurationValue, _ name: String, at path: TOMLPath) -> UInt64? {
        quantity(value, name, at: path, "a bandwidth", example: "\"10Mbit/s\"") {
            BandwidthText($0)?.bitsPerSecond
        }
    }

    fileprivate func percent(_ value: ConfigurationValue, _ name: String, at path: TOMLPath) -> Double? {
        quantity(value, name, at: path, "a percentage from 0 to 100", example: "0.5") { text in
            Double(text).flatMap { (0...100).contains($0) ? $0 : nil }
        }
    }

    fileprivate func quantity<Value>(
        _ value: ConfigurationValue, _ name: String, at path: TOMLPath, _ what: String, example: String,
        _ read: (String) -> Value?
    ) -> Value? {
        if let text = value.scalarText, let value = read(text) { return value }
        error(
            at: path, "\(name) = \(value.jsonText) is not \(what)", remedy: "write \(name) = \(example)")
        return nil
    }
}
