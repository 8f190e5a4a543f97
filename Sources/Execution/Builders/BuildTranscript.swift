// What is kept of a build tool's output: enough for an error message, never all of it.

/// The first lines that tell errors, and the last lines of all.
struct BuildTranscript: Sendable, Hashable {
    /// Lines a person reads before the first error is mended.
    static let errorLimit = 20
    static let tailLimit = 40

    private(set) var errors: [String] = []
    private(set) var tail: [String] = []
    private var seen: Set<String> = []

    init() {}

    mutating func append(_ line: String, isError: Bool) {
        if tail.count == Self.tailLimit { tail.removeFirst() }
        tail.append(line)
        // Compilers tell an error of a shared file once for each module that includes it.
        if isError, errors.count < Self.errorLimit, seen.insert(line).inserted { errors.append(line) }
    }

    /// What to show when the build failed: the errors, else the end of the output.
    var lines: [String] { errors.isEmpty ? tail : errors }
}

/// Makes lines of bytes. A line ends at a line feed or a carriage return (progress bars), and is cut when it
/// is too long.
struct LineSplitter: Sendable {
    /// Longest line shown, in bytes; no compiler's message is longer.
    static let longestLine = 64 * 1024

    private var bytes: [UInt8] = []
    private var isCut = false
    private var endedAtReturn = false

    init() {}

    /// The line that the byte completes, if it does.
    mutating func add(_ byte: UInt8) -> String? {
        let followsReturn = endedAtReturn
        endedAtReturn = byte == UInt8(ascii: "\r")
        switch byte {
        case UInt8(ascii: "\n") where followsReturn: return nil
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return take()
        default:
            if bytes.count < Self.longestLine { bytes.append(byte) } else { isCut = true }
            return nil
        }
    }

    /// The last line, when it did not end.
    mutating func finish() -> String? { bytes.isEmpty ? nil : take() }

    private mutating func take() -> String {
        defer {
            bytes.removeAll(keepingCapacity: true)
            isCut = false
        }
        return String(decoding: bytes, as: UTF8.self) + (isCut ? "… (cut)" : "")
    }
}
