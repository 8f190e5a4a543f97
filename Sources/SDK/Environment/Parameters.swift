// Test parameters with types. The formats that need reading are in ParameterFormats.

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The instance's test parameters: those of the manifest, with what composition and command line set.
///
/// Each reader throws ``TestgroundError`` naming the parameter, its value and the form expected; with a
/// default, a parameter that is not set is no error, but one that is set wrong still is.
public struct Parameters: Sendable, Hashable {
    /// Every parameter as the text it came in.
    public let all: [String: String]

    init(_ all: [String: String]) { self.all = all }

    /// Whether the parameter is set.
    public func isSet(_ name: String) -> Bool { all[name] != nil }

    /// The text as it is.
    public func string(_ name: String, default value: String? = nil) throws -> String {
        try read(name, value, "text") { $0 }
    }

    /// A whole number, e.g. `-12`.
    public func int(_ name: String, default value: Int? = nil) throws -> Int {
        try read(name, value, "a whole number, e.g. 12") { Int($0) }
    }

    /// A number, e.g. `0.5`.
    public func double(_ name: String, default value: Double? = nil) throws -> Double {
        try read(name, value, "a number, e.g. 0.5") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
    }

    /// `true` or `false`, in any case, or `1` or `0`.
    public func bool(_ name: String, default value: Bool? = nil) throws -> Bool {
        try read(name, value, "true or false", ParameterFormats.boolean)
    }

    /// Strings separated by commas, white space around them dropped, or a JSON array of strings.
    public func list(_ name: String, default value: [String]? = nil) throws -> [String] {
        try read(name, value, "a list, e.g. a,b,c or [\"a\",\"b\"]", ParameterFormats.list)
    }

    /// A size in bytes, e.g. `10MiB` (1,048,576 each), `10MB` (1,000,000 each), `64k` or `512`.
    public func size(_ name: String, default value: Int? = nil) throws -> Int {
        try read(name, value, "a size, e.g. 10MiB, 64kB or 512", ParameterFormats.size)
    }

    /// Sizes in bytes, listed as ``list(_:default:)`` has it.
    public func sizes(_ name: String, default value: [Int]? = nil) throws -> [Int] {
        try read(name, value, "a list of sizes, e.g. 64kB,10MiB") { text in
            guard let elements = ParameterFormats.list(text) else { return nil }
            let sizes = elements.compactMap(ParameterFormats.size)
            return sizes.count == elements.count ? sizes : nil
        }
    }

    /// A duration in Go's notation, e.g. `1.5s`, `300ms` or `1h15m`.
    public func duration(_ name: String, default value: Duration? = nil) throws -> Duration {
        try read(name, value, "a duration, e.g. 1.5s, 300ms or 1h15m", ParameterFormats.duration)
    }

    /// A rate, e.g. `100/s`, `0.5/m` or `500/5m`.
    public func rate(_ name: String, default value: Rate? = nil) throws -> Rate {
        try read(name, value, "a rate, e.g. 100/s or 500/5m", ParameterFormats.rate)
    }

    /// A JSON value of a type of yours.
    public func json<Value: Decodable>(
        _ name: String, as type: Value.Type = Value.self, default value: Value? = nil
    ) throws -> Value {
        try read(name, value, "JSON of a \(type)") { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    private func read<Value>(
        _ name: String, _ value: Value?, _ expected: String, _ reader: (String) -> Value?
    ) throws(TestgroundError) -> Value {
        guard let text = all[name] else {
            if let value { return value }
            throw TestgroundError(
                .parameter,
                "parameter \"\(name)\" is not set, expected \(expected); "
                    + "set it with --test-param \(name)=…, in the composition, "
                    + "or as a default in manifest.toml"
            )
        }
        guard let value = reader(text) else {
            throw TestgroundError(.parameter, "parameter \"\(name)\" is \"\(text)\", expected \(expected)")
        }
        return value
    }
}

/// How often something happens.
public struct Rate: Sendable, Hashable {
    /// How many times in each interval.
    public var quantity: Double
    /// The interval; more than zero.
    public var interval: Duration

    /// `quantity` times each `interval`.
    public init(_ quantity: Double, per interval: Duration) {
        self.quantity = quantity
        self.interval = interval
    }

    /// How many times a second.
    public var perSecond: Double { quantity / (interval / .seconds(1)) }
}
