// Reads an HTTP/1.1 response (RFC 9112) from bytes as they come. Pure: no socket.

/// What went wrong in an exchange, as a sentence.
struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    var description: String
}

/// The state of a response that is coming in.
struct HTTPResponseReader: Sendable {
    private enum State: Sendable, Equatable {
        case head
        /// Bytes of the body that are still to come.
        case body(remaining: Int)
        case bodyUntilEnd
        case chunkSize
        case chunk(remaining: Int)
        /// The line end behind a chunk.
        case chunkEnd
        case trailer
        case complete
    }

    /// Longest status line and header fields, or line of a chunk: what common servers accept in the other
    /// direction.
    static let longestHead = 16 * 1024

    private var state = State.head
    private var buffer: [UInt8] = []
    /// The status code, once the head is there.
    private(set) var status: Int?

    var isComplete: Bool { state == .complete }

    /// Takes bytes and answers those that belong to the body.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(HTTPError) -> [UInt8] {
        buffer += bytes
        var body: [UInt8] = []
        var position = 0
        while let next = try advance(from: position, body: &body) { position = next }
        buffer.removeFirst(position)
        guard buffer.count <= Self.longestHead else {
            throw HTTPError(description: "the answer has a line longer than \(Self.longestHead) bytes")
        }
        return body
    }

    /// The peer has closed the connection.
    mutating func end() throws(HTTPError) {
        switch state {
        case .complete: return
        case .bodyUntilEnd: state = .complete
        default: throw HTTPError(description: "the connection was closed in the middle of the answer")
        }
    }

    /// The place behind the next part that is whole; nil when more bytes are needed.
    private mutating func advance(from position: Int, body: inout [UInt8]) throws(HTTPError) -> Int? {
        switch state {
        case .complete: return nil
        case .bodyUntilEnd: return take(buffer.count - position, from: position, into: &body)
        case .body(let remaining):
            let count = min(remaining, buffer.count - position)
            state = count == remaining ? .complete : .body(remaining: remaining - count)
            return take(count, from: position, into: &body)
        case .chunk(let remaining):
            let count = min(remaining, buffer.count - position)
            state = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
            return take(count, from: position, into: &body)
        case .head:
            guard let (text, next) = head(from: position) else { return nil }
            try readHead(text)
            return next
        case .chunkSize, .chunkEnd, .trailer:
            guard let (line, next) = line(from: position) else { return nil }
            try readChunkLine(line)
            return next
        }
    }

    /// Moves bytes to the body; nil when there is none to move and so nothing has changed.
    private func take(_ count: Int, from position: Int, into body: inout [UInt8]) -> Int? {
        guard count > 0 else { return nil }
        body += buffer[position..<position + count]
        return position + count
    }

    private func line(from position: Int) -> (Substring, Int)? {
        guard let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let text = String(decoding: buffer[position..<end], as: UTF8.self)
        return (text.hasSuffix("\r") ? text.dropLast() : text[...], end + 1)
    }

    /// The status line and fields, up to the empty line.
    private func head(from start: Int) -> ([Substring], Int)? {
        var lines: [Substring] = []
        var position = start
        while let (text, next) = line(from: position) {
            if text.isEmpty { return (lines, next) }
            lines.append(text)
            position = next
        }
        return nil
    }

    private mutating func readHead(_ lines: [Substring]) throws(HTTPError) {
        let parts = lines.first?.split(separator: " ") ?? []
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let code = Int(parts[1]) else {
            throw HTTPError(description: "the answer is not HTTP: \"\(lines.first ?? "")\"")
        }
        // 100 Continue and its like come before the answer.
        if (100..<200).contains(code) { return }
        status = code
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingSpaces
        }
        if code == 204 || code == 304 {
            state = .complete
        } else if fields["transfer-encoding"]?.lowercased().hasSuffix("chunked") == true {
            state = .chunkSize
        } else if let length = fields["content-length"] {
            guard let count = Int(length), count >= 0 else {
                throw HTTPError(description: "the answer has the length \"\(length)\"")
            }
            state = count == 0 ? .complete : .body(remaining: count)
        } else {
            state = .bodyUntilEnd
        }
    }

    private mutating func readChunkLine(_ line: Substring) throws(HTTPError) {
        switch state {
        case .chunkEnd: state = .chunkSize
        case .trailer: if line.isEmpty { state = .complete }
        default:
            let digits = line.prefix { $0 != ";" }.trimmingSpaces
            guard let count = Int(digits, radix: 16), count >= 0 else {
                throw HTTPError(description: "the answer has a chunk of the size \"\(digits)\"")
            }
            state = count == 0 ? .trailer : .chunk(remaining: count)
        }
    }
}

extension Substring {
    /// The text without white space around it.
    fileprivate var trimmingSpaces: String {
        let front = drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
