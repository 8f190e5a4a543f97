// One HTTP/1.1 request and its answer, for InfluxDB and snapshots: no TLS, no redirects, one connection each.

import LinuxSystem

/// Where an `http://` URL points to.
struct HTTPAddress: Sendable, Equatable {
    var host: String
    var port: UInt16
    /// Path and query, at least `/`.
    var target: String

    init(_ url: String) throws(HTTPError) {
        let scheme = "http://"
        guard url.lowercased().hasPrefix(scheme) else {
            throw HTTPError(
                description: "\"\(url)\" does not begin with http://, and nothing else is supported")
        }
        let rest = url.dropFirst(scheme.count).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let bracket = place.hasPrefix("[") ? place.firstIndex(of: "]") : nil
        let colon = place[(bracket ?? place.startIndex)...].firstIndex(of: ":")
        host = String(place[..<(colon ?? place.endIndex)])
        if bracket != nil { host = String(host.dropFirst().dropLast()) }
        let number = colon.map { place[place.index(after: $0)...] }
        guard !host.isEmpty, let port = number.map({ UInt16($0) }) ?? 80, rest.utf8.allSatisfy({ $0 > 0x20 })
        else { throw HTTPError(description: "\"\(url)\" is no URL of the form http://host:port/path") }
        self.port = port
        let path = rest[authority.endIndex...]
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }

    /// `host:port` as the Host field has it.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

enum HTTPExchange {
    /// Bytes received at a time.
    private static let receiveBytes = 16 * 1024

    /// Posts a body and answers the status. Blocks the thread for at most `timeout`, besides resolving the
    /// name.
    static func post(_ url: String, body: [UInt8], timeout: Duration) throws -> Int {
        try exchange("POST", url, body: body, timeout: timeout) { _, _ in }
    }

    /// Gets a URL, hands its body over in parts and answers the status. Blocks the thread for at most
    /// `timeout`, besides resolving the name.
    static func get(
        _ url: String, timeout: Duration, part: (_ status: Int, _ bytes: [UInt8]) throws -> Void
    ) throws -> Int {
        try exchange("GET", url, body: [], timeout: timeout, part: part)
    }

    private static func exchange(
        _ method: String, _ url: String, body: [UInt8], timeout: Duration, part: (Int, [UInt8]) throws -> Void
    ) throws -> Int {
        let address = try HTTPAddress(url)
        let deadline = SystemClock.monotonic() + timeout.nanoseconds
        let connection = try HTTPConnection(to: address, deadline: deadline)
        try connection.send(head(method, address, bodyBytes: body.count) + body)
        var reader = HTTPResponseReader()
        while !reader.isComplete {
            var received: [UInt8] = []
            guard try connection.receive(into: &received, limit: receiveBytes) else {
                try reader.end()
                break
            }
            let bytes = try reader.feed(received)
            if let status = reader.status, !bytes.isEmpty { try part(status, bytes) }
        }
        return reader.status ?? 0
    }

    private static func head(_ method: String, _ address: HTTPAddress, bodyBytes: Int) -> [UInt8] {
        var text = "\(method) \(address.target) HTTP/1.1\r\nHost: \(address.authority)\r\n"
        text += "User-Agent: testground-swift\r\nConnection: close\r\n"
        if method == "POST" {
            text += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(bodyBytes)\r\n"
        }
        return Array((text + "\r\n").utf8)
    }
}

/// A connection that has to be done by a deadline.
private struct HTTPConnection: ~Copyable {
    private let stream: SocketStream
    private let wakeUp: WakeUp
    private let deadline: Int64

    init(to address: HTTPAddress, deadline: Int64) throws {
        // Nothing is half made when one of them fails.
        let wakeUp = try WakeUp()
        let stream = try SocketStream(connectingTo: address.host, port: address.port, deadline: deadline)
        self.wakeUp = wakeUp
        self.stream = stream
        self.deadline = deadline
    }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try stream.send(rest)
            rest = rest.dropFirst(count)
            if count == 0 { try wait(writing: true) }
        }
    }

    /// False when the peer has closed the connection.
    func receive(into buffer: inout [UInt8], limit: Int) throws -> Bool {
        while true {
            switch try stream.receive(into: &buffer, limit: limit) {
            case .bytes: return true
            case .end: return false
            case .wouldBlock: try wait(writing: false)
            }
        }
    }

    private func wait(writing: Bool) throws {
        let ready = try stream.wait(writing: writing, wakeUp: wakeUp, until: deadline)
        guard ready.readable || ready.writable else {
            throw HTTPError(description: "\(stream.peer) did not answer in time")
        }
    }
}
