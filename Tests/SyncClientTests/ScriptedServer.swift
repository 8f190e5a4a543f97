// A sync service for one connection that does what a test tells it, on a thread of its own.

import InstanceContract
import LinuxSystem
import Synchronization

@testable import SyncClient

/// Accepts one client and runs a script against it.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let outcome = Mutex(Outcome())

    private struct Outcome {
        var result: Result<Void, any Error>?
        var waiter: CheckedContinuation<Void, any Error>?
    }

    /// - Parameter shakesHands: whether the opening handshake is done before the script runs.
    init(shakesHands: Bool = true, script: @escaping @Sendable (Peer) throws -> Void) throws {
        let listener = try ListenerBox()
        port = listener.listener.port
        try NamedThread.start("scripted-server") { [self] in
            let result = Result {
                let deadline = SystemClock.monotonic() + Peer.patience
                let peer = Peer(try listener.listener.accept(deadline: deadline), wakeUp: try WakeUp())
                if shakesHands { try peer.shakeHands() }
                try script(peer)
            }
            let waiter = outcome.withLock { outcome in
                outcome.result = result
                return outcome.waiter.take()
            }
            waiter?.resume(with: result)
        }.detach()
    }

    /// Waits for the script's end; throws what it threw.
    func finished() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let result = outcome.withLock { outcome in
                if outcome.result == nil { outcome.waiter = continuation }
                return outcome.result
            }
            if let result { continuation.resume(with: result) }
        }
    }
}

private final class ListenerBox: Sendable {
    let listener: SocketListener
    init() throws { listener = try SocketListener() }
}

/// The client as the script sees it. Used by one thread.
final class Peer {
    /// What no test gets near unless it hangs.
    static let patience: Int64 = 20_000_000_000

    enum Unexpected: Error {
        case end, silence
        case frame(WebSocketFrame)
    }

    private let socket: SocketStream
    private let wakeUp: WakeUp
    private var buffer: [UInt8] = []

    init(_ socket: consuming SocketStream, wakeUp: consuming WakeUp) {
        self.socket = socket
        self.wakeUp = wakeUp
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(try socket.send(rest))
            if !rest.isEmpty {
                _ = try socket.wait(
                    writing: true, wakeUp: wakeUp, until: SystemClock.monotonic() + Self.patience)
            }
        }
    }

    /// Unmasked, as servers send.
    func send(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>, isFinal: Bool = true) throws {
        var bytes = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        if payload.count < 126 {
            bytes.append(UInt8(payload.count))
        } else {
            bytes.append(126)
            bytes.append(contentsOf: WebSocketFrame.bytes(of: UInt16(payload.count)))
        }
        try send(bytes + payload)
    }

    func send(_ text: String) throws { try send(.text, Array(text.utf8)) }

    func answer(_ id: String, error: String = "", publish: Int? = nil, subscribe: String = "") throws {
        let publish = publish.map { #"{"seq":\#($0)}"# } ?? "null"
        let entry = JSONValue.string(subscribe).text
        let head = #"{"id":"\#(id)","error":\#(JSONValue.string(error).text),"publish":\#(publish)"#
        try send(head + #","subscribe":\#(entry),"signal_entry":null}"#)
    }

    // MARK: Receiving

    /// The next message of the client.
    func message() throws -> JSONValue {
        let frame = try frame()
        guard frame.opcode == .text, frame.isFinal else { throw Unexpected.frame(frame) }
        return try JSONValue(parsing: frame.payload)
    }

    /// The next frame of the client, unmasked.
    func frame() throws -> WebSocketFrame {
        let head = try take(2)
        let length =
            switch head[1] & 0x7F {
            case 126: try take(2).reduce(0) { $0 << 8 | Int($1) }
            case 127: try take(8).reduce(0) { $0 << 8 | Int($1) }
            case let short: Int(short)
            }
        let key = try take(4)
        let payload = try take(length).enumerated().map { $1 ^ key[$0 & 3] }
        guard let opcode = WebSocketOpcode(rawValue: head[0] & 15), head[1] & 0x80 != 0 else {
            throw Unexpected.end
        }
        return WebSocketFrame(isFinal: head[0] & 0x80 != 0, opcode, payload)
    }

    func shakeHands() throws {
        let key = "sec-websocket-key: "
        while !String(decoding: buffer, as: UTF8.self).hasSuffix("\r\n\r\n") { try receive() }
        let request = String(decoding: buffer, as: UTF8.self)
        buffer = []
        guard let line = request.split(separator: "\r\n").first(where: { $0.lowercased().hasPrefix(key) })
        else { throw Unexpected.end }
        let accept = WebSocketHandshake.accept(key: String(line.dropFirst(key.count)))
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        try send(Array((head + "Sec-WebSocket-Accept: \(accept)\r\n\r\n").utf8))
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try receive() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    func receive() throws {
        let deadline = SystemClock.monotonic() + Self.patience
        let ready = try socket.wait(writing: false, wakeUp: wakeUp, until: deadline)
        guard ready.readable else { throw Unexpected.silence }
        if try socket.receive(into: &buffer, limit: 65536) == .end { throw Unexpected.end }
    }
}
