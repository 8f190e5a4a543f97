// The runner's table of configuration, decoded and checked.

import Execution
import InstanceContract
import TestgroundModel

struct LocalExecConfiguration: Sendable, Hashable {
    enum Isolation: String, Sendable, Hashable, CaseIterable {
        /// The best there is on this machine.
        case auto
        /// Instances use the host's network.
        case none
        /// A network namespace and a TUN device for each instance.
        case namespaces
    }

    /// Whose packets are written to files.
    enum Capture: Sendable, Hashable {
        case none
        case all
        /// Groups (`miners`) and instances (`miners[3]`).
        case only(Set<String>)

        func includes(_ instance: InstanceReference) -> Bool {
            switch self {
            case .none: false
            case .all: true
            case .only(let names): names.contains(instance.group) || names.contains(instance.description)
            }
        }
    }

    var isolation = Isolation.auto
    var capture = Capture.none
    /// `LOG_LEVEL` of instances; empty for none.
    var logLevel = ""
    /// Instances that are being attached at once.
    var startConcurrency = LocalExecConfiguration.defaultStartConcurrency
    /// A limit of the run's own, besides that of the task; nil for none.
    var runTimeout: Duration?
    /// `INFLUXDB_URL` of instances; empty for none.
    var influxDBEndpoint = ""

    /// Attaching is short work of kernel and sync service: more at once only queue up.
    static let defaultStartConcurrency = 64
    static let mostStartConcurrency = 1024

    static let keys = [
        "isolation", "log_level", "start_concurrency", "run_timeout", "influxdb_endpoint", "pcap",
    ]

    init() {}

    /// - Throws: `ExecutionError` with the code `configuration`, naming the key, the value and what would do.
    init(_ table: ConfigurationTable) throws(ExecutionError) {
        if let text = try Self.string(table, "isolation") {
            guard let isolation = Isolation(rawValue: text) else {
                throw Self.invalid("isolation", "\"\(text)\"", "\"auto\", \"namespaces\" or \"none\"")
            }
            self.isolation = isolation
        }
        influxDBEndpoint = try Self.string(table, "influxdb_endpoint") ?? ""
        guard isolation != .namespaces || influxDBEndpoint.isEmpty else {
            throw ExecutionError(
                .configuration,
                "local:exec: influxdb_endpoint is \"\(influxDBEndpoint)\", which instances do not reach with "
                    + "isolation = \"namespaces\"; use isolation = \"none\", or leave it out")
        }
        if let value = table["pcap"] { capture = try Self.capture(value) }
        guard isolation != .none || capture == .none else {
            throw ExecutionError(
                .configuration,
                "local:exec: pcap needs networks of the instances' own; leave out "
                    + "isolation = \"none\", or pcap"
            )
        }
        logLevel = try Self.string(table, "log_level") ?? ""
        if let value = table["start_concurrency"] {
            let number = Self.integer(value)
            guard let number, (1...Int64(Self.mostStartConcurrency)).contains(number) else {
                throw Self.invalid(
                    "start_concurrency", value.text, "a whole number from 1 to \(Self.mostStartConcurrency)")
            }
            startConcurrency = Int(number)
        }
        if let value = table["run_timeout"] {
            guard let duration = Self.duration(value), duration > .zero else {
                throw Self.invalid(
                    "run_timeout", value.text, "a duration such as \"90s\", \"10m\" or \"1h30m\"")
            }
            runTimeout = duration
        }
    }

    private static func string(
        _ table: ConfigurationTable, _ key: String
    ) throws(ExecutionError) -> String? {
        switch table[key] {
        case nil: return nil
        case .string(let text): return text
        case let value?: throw invalid(key, value.text, "a string")
        }
    }

    /// `true`, `false`, one name, or several: with commas between them in a flag.
    private static func capture(_ value: ConfigurationValue) throws(ExecutionError) -> Capture {
        switch value {
        case .boolean(let flag): return flag ? .all : .none
        case .string("true"): return .all
        case .string("false"): return .none
        case .string(let text) where !text.isEmpty:
            return .only(Set(text.split(separator: ",").map(String.init)))
        case .array(let values):
            let names = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            if names.count == values.count { return .only(Set(names)) }
        default: break
        }
        throw invalid(
            "pcap", value.text, "true, or an array of groups and instances such as \"miners\", \"miners[3]\"")
    }

    /// Flags (`--run-cfg k=v`) carry every value as a string.
    private static func integer(_ value: ConfigurationValue) -> Int64? {
        switch value {
        case .integer(let number): number
        case .string(let text): Int64(text)
        default: nil
        }
    }

    /// Go's notation, or whole seconds.
    private static func duration(_ value: ConfigurationValue) -> Duration? {
        switch value {
        case .integer(let seconds): return .seconds(seconds)
        case .string(let text): return Int64(text).map { .seconds($0) } ?? goDuration(text)
        default: return nil
        }
    }

    private static func goDuration(_ text: String) -> Duration? {
        let units: [(String, Double)] = [("ms", 0.001), ("us", 0.000_001), ("h", 3600), ("m", 60), ("s", 1)]
        var rest = text[...]
        var seconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            guard let number = Double(digits), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
                return nil
            }
            rest = rest.dropFirst(unit.0.count)
            seconds += number * unit.1
        }
        // Longer than a century is a slip of the keyboard.
        return seconds < 3_200_000_000 ? .seconds(seconds) : nil
    }

    private static func invalid(_ key: String, _ value: String, _ expected: String) -> ExecutionError {
        ExecutionError(.configuration, "local:exec: \(key) is \(value), expected \(expected)")
    }
}

extension ConfigurationValue {
    /// The value as a person would write it.
    fileprivate var text: String {
        switch self {
        case .string(let text): "\"\(text)\""
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .boolean(let value): String(value)
        case .date(let text): text
        case .array: "an array"
        case .table: "a table"
        }
    }
}
