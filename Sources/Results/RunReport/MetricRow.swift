// The points that instances recorded, by metric and group. Percentiles are nearest ranks: the smallest value
// that so large a share of the values does not exceed.

import Foundation
import InstanceContract

/// One metric of one group.
package struct MetricRow: Sendable, Hashable, Codable {
    /// As the plan names it, tags included.
    package var name: String
    package var group: String
    /// Points of all instances of the group.
    package var count: Int
    package var minimum: Double
    package var median: Double
    package var percentile95: Double
    package var maximum: Double

    private enum CodingKeys: String, CodingKey {
        case name, group, count
        case minimum = "min"
        case median = "p50"
        case percentile95 = "p95"
        case maximum = "max"
    }

    /// Points that are read of a metric and group; beyond, the first ones stand for all.
    package static let mostPoints = 1_000_000

    /// - Parameter values: at least one.
    package init(name: String, group: String, values: [Double]) {
        let sorted = values.sorted()
        func percentile(_ share: Double) -> Double {
            sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)]
        }
        self.name = name
        self.group = group
        count = sorted.count
        minimum = sorted[0]
        median = percentile(0.5)
        percentile95 = percentile(0.95)
        maximum = sorted[sorted.count - 1]
    }

    /// Everything in `results.out` of the instances, by name and group.
    static func all(of instances: [InstanceReference], in directory: String) -> [MetricRow] {
        struct Key: Hashable {
            var name: String
            var group: String
        }
        var values: [Key: [Double]] = [:]
        for instance in instances {
            let path = "\(directory)/\(instance.group)/\(instance.index)/results.out"
            for point in MetricPoints(path: path) {
                let key = Key(name: point.name, group: instance.group)
                guard values[key, default: []].count < mostPoints else { continue }
                values[key, default: []].append(point.value)
            }
        }
        return values.map { MetricRow(name: $0.key.name, group: $0.key.group, values: $0.value) }
            .sorted { ($0.name, $0.group) < ($1.name, $1.group) }
    }
}

/// The points of a file of metrics (contract §2), one JSON object a line; other types and
/// lines that are none are left out.
struct MetricPoints: Sequence {
    struct Point: Hashable {
        var name: String
        var value: Double
    }

    /// More than any point takes; a longer line is none.
    private static let longestLine = 64 * 1_024
    private static let blockBytes = 256 * 1_024

    var path: String

    private struct Line: Decodable {
        struct Measures: Decodable { var value: Double? }
        var type: String
        var name: String
        var measures: Measures
    }

    func makeIterator() -> AnyIterator<Point> {
        guard let file = FileHandle(forReadingAtPath: path) else { return AnyIterator { nil } }
        var rest = Data()
        var isAtEnd = false
        let decoder = JSONDecoder()
        return AnyIterator {
            while true {
                if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = rest[..<end]
                    rest = rest[rest.index(after: end)...]
                    guard let object = try? decoder.decode(Line.self, from: line), object.type == "point",
                        let value = object.measures.value
                    else { continue }
                    return Point(name: object.name, value: value)
                }
                guard !isAtEnd else { return nil }
                if rest.count > Self.longestLine { rest = Data() }
                guard let block = try? file.read(upToCount: Self.blockBytes), !block.isEmpty else {
                    isAtEnd = true
                    try? file.close()
                    // A last line without its end was cut.
                    return nil
                }
                rest = Data(rest) + block
            }
        }
    }
}
