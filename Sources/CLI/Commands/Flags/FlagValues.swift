// Values of flags as types: key=value pairs, dependencies, durations, seeds.

import ArgumentParser
import TestgroundModel

/// `key=value`; the value may hold further `=`.
struct KeyValue: ExpressibleByArgument, Sendable, Hashable {
    var key: String
    var value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        (key, value) = (String(parts[0]), String(parts[1]))
    }

    /// The pairs as a table; of a key given twice the last counts.
    static func table(_ pairs: [KeyValue]) -> [String: String] {
        Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// The pairs as a configuration table: `true`, `12` and `1.5` are what they look like, the rest is text.
    static func configuration(_ pairs: [KeyValue]) -> ConfigurationTable {
        table(pairs).mapValues { value in
            switch value {
            case "true": .boolean(true)
            case "false": .boolean(false)
            default:
                if let integer = Int64(value) {
                    .integer(integer)
                } else if let double = Double(value), double.isFinite {
                    .double(double)
                } else {
                    .string(value)
                }
            }
        }
    }
}

/// `module=version` or `module=target@version`.
struct DependencyFlag: ExpressibleByArgument, Sendable, Hashable {
    var dependency: Dependency

    init?(argument: String) {
        guard let pair = KeyValue(argument: argument), !pair.value.isEmpty else { return nil }
        if let at = pair.value.lastIndex(of: "@") {
            let version = String(pair.value[pair.value.index(after: at)...])
            guard !version.isEmpty else { return nil }
            dependency = Dependency(module: pair.key, target: String(pair.value[..<at]), version: version)
        } else {
            dependency = Dependency(module: pair.key, version: pair.value)
        }
    }
}

/// A time span as Go writes it: `90s`, `1h30m`, `500ms`; a bare number is seconds.
struct TimeSpan: ExpressibleByArgument, Sendable, Hashable {
    /// The longest span, so that sums of spans cannot overflow: 10 years.
    private static let longestSeconds = 10.0 * 366 * 24 * 3600

    var duration: Duration

    init?(argument: String) {
        guard let seconds = Double(argument) ?? Self.seconds(argument), seconds > 0,
            seconds <= Self.longestSeconds
        else { return nil }
        duration = .nanoseconds(Int64((seconds * 1e9).rounded()))
    }

    private static func seconds(_ text: String) -> Double? {
        let units: [(String, Double)] = [
            ("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("ns", 1e-9), ("h", 3600), ("m", 60), ("s", 1),
        ]
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            guard let value = Double(number),
                let (unit, factor) = units.first(where: { rest.hasPrefix($0.0) })
            else { return nil }
            rest = rest.dropFirst(unit.count)
            total += value * factor
        }
        return text.isEmpty ? nil : total
    }
}

/// A seed: 64 bits, decimal or `0x…`.
struct Seed: ExpressibleByArgument, Sendable, Hashable {
    var value: UInt64

    init?(argument: String) {
        let parsed =
            argument.hasPrefix("0x") ? UInt64(argument.dropFirst(2), radix: 16) : UInt64(argument)
        guard let parsed else { return nil }
        value = parsed
    }
}

/// `host:port`, `:port` or `[v6]:port`.
struct ListenAddress: ExpressibleByArgument, Sendable, Hashable {
    var host: String
    var port: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = UInt16(argument[argument.index(after: colon)...])
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty ? "127.0.0.1" : String(host)
        self.port = Int(port)
    }
}
