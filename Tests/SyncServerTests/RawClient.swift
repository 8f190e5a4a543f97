// A WebSocket client of bare bytes: tests say themselves which frames go over the socket.

import InstanceContract
import NIOCore
import NIOPosix

/// A frame as the server sent it.
struct ServerFrame: Equatable {
    var opcode: UInt8
    var data: [UInt8]

    var text: String { String(decoding: data, as: UTF8.self) }
    var closeCode: Int? {
        opcode == 0x8 && data.count >= 2 ? Int(data[0]) << 8 | Int(data[1]) : nil
    }
}

struct ConnectionEnded: Error {}

/// Opcodes and bits of a frame's first byte (RFC 6455 §5.2).
enum FirstByte {
    static let fin: UInt8 = 0x80
    static let continuation: UInt8 = 0x0
    static let text: UInt8 = 0x1
    static let binary: UInt8 = 0x2
    static let close: UInt8 = 0x8
    static let ping: UInt8 = 0x9
    static let pong: UInt8 = 0xA
}

/// One socket, used by one task.
final class RawClient {
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    static let upgrade = """
        GET /any/path?x=y HTTP/1.1\r\nHost: sync\r\nOrigin: http://elsewhere\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n
        """

    private let channel: any Channel
    private var incoming: AsyncStream<ByteBuffer>.Iterator
    private var buffer = ByteBuffer()
    /// Head of the server's answer to the handshake.
    private(set) var head = ""

    /// Opens the socket and nothing more.
    init(socketTo port: Int, receiveBuffer: Int? = nil) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        var bootstrap = ClientBootstrap(group: Self.group)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        channel = try await bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Collector(continuation))
            }
        }
        .connect(host: "127.0.0.1", port: port).get()
        incoming = stream.makeAsyncIterator()
    }

    /// Opens the socket and shakes hands.
    convenience init(port: Int, extraHeaders: String = "", receiveBuffer: Int? = nil) async throws {
        try await self.init(socketTo: port, receiveBuffer: receiveBuffer)
        try await write(Array((Self.upgrade + extraHeaders + "\r\n").utf8))
        head = try await readHead()
    }

    deinit { channel.close(promise: nil) }

    // MARK: Bytes

    func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Stops taking bytes from the socket, so that the server's fill it.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    func close() async throws {
        try await channel.close().get()
    }

    /// Waits for the server to end the connection.
    func waitForEnd() async throws {
        while await incoming.next() != nil {}
    }

    func readHead() async throws -> String {
        while true {
            let text = String(buffer: buffer)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = String(text[..<end.upperBound])
                buffer.moveReaderIndex(forwardBy: head.utf8.count)
                return head
            }
            try await readMore()
        }
    }

    /// Everything until the server ends the connection.
    func readAll() async throws -> String {
        while let bytes = await incoming.next() { buffer.writeImmutableBuffer(bytes) }
        return String(buffer: buffer)
    }

    private func readMore() async throws {
        guard let bytes = await incoming.next() else { throw ConnectionEnded() }
        buffer.writeImmutableBuffer(bytes)
    }

    // MARK: Frames

    /// A client's frame: masked, with the mask 01 02 03 04.
    static func frame(_ firstByte: UInt8, _ data: [UInt8], masked: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        let bit: UInt8 = masked ? 0x80 : 0
        var frame = [firstByte]
        switch data.count {
        case ...125: frame.append(bit | UInt8(data.count))
        case ...0xFFFF: frame += [bit | 126, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
        default: frame += [bit | 127] + (0..<8).reversed().map { UInt8(data.count >> ($0 * 8) & 0xFF) }
        }
        guard masked else { return frame + data }
        return frame + mask + data.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    static func frame(_ firstByte: UInt8, _ text: String, masked: Bool = true) -> [UInt8] {
        frame(firstByte, Array(text.utf8), masked: masked)
    }

    func send(_ text: String) async throws {
        try await write(Self.frame(FirstByte.fin | FirstByte.text, text))
    }

    func send(_ request: SyncRequest) async throws {
        var bytes: [UInt8] = []
        request.encode(into: &bytes)
        try await write(Self.frame(FirstByte.fin | FirstByte.text, bytes))
    }

    /// The next frame of the server; throws when it ends the connection.
    func next() async throws -> ServerFrame {
        while true {
            if let frame = parse() { return frame }
            try await readMore()
        }
    }

    /// The next message, read as a response.
    func response() async throws -> SyncResponse {
        try SyncResponse(decoding: try await next().data)
    }

    private func parse() -> ServerFrame? {
        let start = buffer.readerIndex
        if let first = buffer.readInteger(as: UInt8.self), let second = buffer.readInteger(as: UInt8.self),
            let length = parseLength(second), let data = buffer.readBytes(length: length)
        {
            return ServerFrame(opcode: first & 0xF, data: data)
        }
        buffer.moveReaderIndex(to: start)
        return nil
    }

    private func parseLength(_ second: UInt8) -> Int? {
        switch second {
        case ...125: Int(second)
        case 126: buffer.readInteger(as: UInt16.self).map(Int.init)
        case 127: buffer.readInteger(as: UInt64.self).map(Int.init)
        default: nil
        }
    }
}

private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let continuation: AsyncStream<ByteBuffer>.Continuation

    init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(unwrapInboundIn(data))
    }
    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
