// Cuts a stream into lines, whatever pieces it comes in. Pure, and bounded: a line's rest beyond the limit is
// counted.

import LinuxSystem

struct LineSplitter: Sendable {
    /// Longest line handed on (contract §2: no limit below 1 MiB).
    static let longestLine = 1 << 20

    private var line: [UInt8] = []
    /// Bytes of the current line beyond the limit.
    private var cutBytes = 0

    /// Takes the first `count` bytes of the buffer and hands on every line that they complete, without its
    /// newline.
    mutating func take(
        _ buffer: [UInt8], count: Int, _ body: (_ line: [UInt8], _ cutBytes: Int) -> Void
    ) {
        var start = 0
        while let end = ByteSearch.first(UInt8(ascii: "\n"), in: buffer, start..<count) {
            append(buffer[start..<end])
            flush(body)
            start = end + 1
        }
        append(buffer[start..<count])
    }

    /// Hands on what stands behind the last newline.
    mutating func finish(_ body: (_ line: [UInt8], _ cutBytes: Int) -> Void) {
        if !line.isEmpty || cutBytes > 0 { flush(body) }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        let room = min(bytes.count, Self.longestLine - line.count)
        line.append(contentsOf: bytes.prefix(room))
        cutBytes += bytes.count - room
    }

    private mutating func flush(_ body: (_ line: [UInt8], _ cutBytes: Int) -> Void) {
        body(line, cutBytes)
        // A long line's storage is let go, a usual one's is used again.
        line.removeAll(keepingCapacity: line.capacity <= 64 * 1024)
        cutBytes = 0
    }
}
