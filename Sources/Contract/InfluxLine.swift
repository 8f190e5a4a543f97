// InfluxDB 1.x line protocol: what SDKs send to `POST /write?db=testground&precision=n` (contract §2).

/// The two streams of metrics an instance has.
package enum MetricStream: String, Sendable, Hashable, CaseIterable {
    /// What the plan is about.
    case results
    /// How the plan's own program is doing.
    case diagnostics

    /// Name of the file in the instance's outputs.
    package var fileName: String { "\(rawValue).out" }
}

/// One point for InfluxDB: `measurement,tag=v field=1.5 timestamp`.
package struct InfluxLine: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var name: String
        /// As the protocol writes it: `1.5`, or `1i` for an integer.
        package var value: String
    }

    package var measurement: String
    package var tags: [String: String]
    package var fields: [Field]
    /// Unix time in nanoseconds.
    package var timestamp: Int64

    /// The point of an observation: measurement `results.<plan>-<case>.<name>.<type>`, tags `run`, `group_id`
    /// and those in the name. All fields are floats, since a field's type may not change between two points.
    package init(_ line: MetricLine, stream: MetricStream, scope: RunScope, groupID: String) {
        let name = MetricName(parsing: line.name)
        let metric = "\(name.base).\(line.type.rawValue)"
        measurement = "\(stream.rawValue).\(scope.plan)-\(scope.testCase).\(metric)"
        tags = name.tags
        tags["run"] = scope.run
        tags["group_id"] = groupID
        fields = line.measures.filter(\.value.isFinite).map { Field(name: $0.name, value: "\($0.value)") }
        timestamp = line.timestamp
    }

    /// The point of a lifecycle event: measurement `events`, tag `event_type`, field `count=1`.
    package init(event: String, timestamp: Int64, scope: RunScope, groupID: String) {
        measurement = "events"
        tags = [
            "plan": scope.plan, "case": scope.testCase, "run": scope.run, "group_id": groupID,
            "event_type": event,
        ]
        fields = [Field(name: "count", value: "1i")]
        self.timestamp = timestamp
    }

    /// The line without its newline; nil when it has no field, which the protocol does not allow. Tags are
    /// sorted, as the database wants them for speed, and empty ones left out, as it demands.
    package var text: String? {
        guard !fields.isEmpty else { return nil }
        var line = Self.escape(measurement, ", ")
        for (name, value) in tags.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            line += ",\(Self.escape(name, ",= "))=\(Self.escape(value, ",= "))"
        }
        line += " " + fields.map { "\(Self.escape($0.name, ",= "))=\($0.value)" }.joined(separator: ",")
        return line + " \(timestamp)"
    }

    /// Puts a backslash before each of the special characters. A line feed would end the point: it becomes a
    /// space.
    private static func escape(_ text: String, _ special: String) -> String {
        var result = ""
        for character in text {
            if character.isNewline {
                result += special.contains(" ") ? "\\ " : " "
                continue
            }
            if special.contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
