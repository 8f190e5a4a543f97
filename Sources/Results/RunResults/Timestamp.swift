// Points in time as the outputs spell them.

import Foundation

package enum Timestamp {
    /// RFC 3339 in UTC with milliseconds, e.g. `2026-03-01T09:30:00.125Z`.
    package static func rfc3339(unixNanoseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(unixNanoseconds) / 1e9)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
