// What an instance measures: the lines of `results.out` and `diagnostics.out` (contract §2).

/// The kinds of metric, by the name they have on the wire.
package enum MetricType: String, Sendable, Hashable, CaseIterable {
    case point, counter, ewma, gauge, histogram, meter, timer
}

/// One observation: a line of `results.out` or `diagnostics.out`.
package struct MetricLine: Sendable, Hashable {
    /// One number of an observation, e.g. `p95`.
    package struct Measure: Sendable, Hashable {
        package var name: String
        package var value: Double

        package init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Unix time in nanoseconds.
    package var timestamp: Int64
    package var type: MetricType
    /// The metric's name with its tags: `time_to_find,tag=v` (see `MetricName`).
    package var name: String
    /// In the order of the contract.
    package var measures: [Measure]

    package init(timestamp: Int64, type: MetricType, name: String, measures: [Measure]) {
        self.timestamp = timestamp
        self.type = type
        self.name = name
        self.measures = measures
    }

    /// Whether the line can be written: JSON has no infinities and no NaN.
    package var isWritable: Bool { measures.allSatisfy { $0.value.isFinite } }

    package subscript(measure: String) -> Double? { measures.first { $0.name == measure }?.value }
}

extension MetricLine {
    /// The line without its newline: `{"ts":…,"type":"point","name":"…","measures":{"value":1.5}}`.
    package var json: String {
        var output: [UInt8] = []
        write(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the line without its newline. Plans record points in their own hot paths: no tree is built.
    package func write(to output: inout [UInt8]) {
        output += #"{"ts":"#.utf8
        output += String(timestamp).utf8
        output += #","type":""#.utf8
        output += type.rawValue.utf8
        output += #"","name":"#.utf8
        JSONWriter.append(name, to: &output)
        output += #","measures":{"#.utf8
        for (index, measure) in measures.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            JSONWriter.append(measure.name, to: &output)
            output.append(UInt8(ascii: ":"))
            JSONValue.double(measure.value).write(to: &output)
        }
        output += "}}".utf8
    }

    /// Reads a line of `results.out` or `diagnostics.out`, whichever SDK wrote it; nil when it is none.
    /// Measures that are no numbers are left out.
    package init?(line: some Collection<UInt8>) {
        guard let value = try? JSONValue(parsing: line),
            let type = value["type"]?.stringValue.flatMap(MetricType.init(rawValue:)),
            let name = value["name"]?.stringValue,
            case .object(let members)? = value["measures"]
        else { return nil }
        self.init(
            timestamp: value["ts"]?.integerValue ?? 0, type: type, name: name,
            measures: members.compactMap { member in
                member.value.doubleValue.map { Measure(member.name, $0) }
            })
    }

    package init?(line: String) { self.init(line: line.utf8) }
}
