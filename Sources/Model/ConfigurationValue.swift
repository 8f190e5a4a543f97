// A free-form configuration value, as TOML files and `--run-cfg k=v` flags carry them to builders and
// runners.

/// A value of a builder's or a runner's configuration table.
package enum ConfigurationValue: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    /// A TOML date or time, kept as the text it was written as.
    case date(String)
    case array([ConfigurationValue])
    case table(ConfigurationTable)
}

/// A table of configuration values by key.
package typealias ConfigurationTable = [String: ConfigurationValue]
