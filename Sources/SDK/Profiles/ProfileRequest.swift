// What `TEST_CAPTURE_PROFILES` asks for, and what of it a Swift process can give.

/// One profile that a run asks for.
struct ProfileRequest: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        /// CPU time and context switches, sampled.
        case cpu
        /// Resident memory, sampled.
        case heap
    }

    var kind: Kind
    /// Nanoseconds between samples.
    var interval: Int64

    /// Between samples when the request does not say, as in `cpu=true`.
    static let defaultInterval: Int64 = 1_000_000_000
    /// Shortest interval: a sample costs some 20 microseconds.
    static let shortestInterval: Int64 = 10_000_000

    /// The requests that can be met, sorted by kind, and messages about those that cannot.
    static func read(_ profiles: [String: String]) -> (requests: [ProfileRequest], messages: [String]) {
        var requests: [ProfileRequest] = []
        var messages: [String] = []
        for (name, value) in profiles.sorted(by: { $0.key < $1.key }) {
            guard let kind = Kind(rawValue: name) else {
                messages.append(
                    "the profile \"\(name)\" is not supported by the Swift SDK: its runtime keeps no such "
                        + "records. Supported are cpu and heap, as samples of time and memory without stacks."
                )
                continue
            }
            switch value {
            case "false", "": continue
            case "true": requests.append(ProfileRequest(kind: kind, interval: defaultInterval))
            default:
                guard let interval = nanoseconds(value) else {
                    messages.append(
                        "the profile \(name)=\(value) is not captured: "
                            + "its value must be true or a duration, e.g. 5s or 500ms")
                    continue
                }
                requests.append(ProfileRequest(kind: kind, interval: max(interval, shortestInterval)))
            }
        }
        return (requests, messages)
    }

    /// A duration of one unit as Go writes it: `5s`, `1.5m`, `500ms`.
    private static func nanoseconds(_ text: String) -> Int64? {
        let units: [(String, Double)] = [
            ("ms", 1e6), ("us", 1e3), ("ns", 1), ("h", 3600e9), ("m", 60e9), ("s", 1e9),
        ]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Double(text.dropLast(unit.count)), number > 0
        else { return nil }
        return Int64(exactly: (number * factor).rounded())
    }
}
