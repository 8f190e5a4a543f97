// From a TCP connection to a client: HTTP, the upgrade to WebSocket, and what plain HTTP requests get.

import InstanceContract
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import SyncCore

/// Sets up accepted connections.
enum Handshake {
    /// Offered by our own clients, so that a mismatch of versions is said in the handshake and not found
    /// out by a hang.
    static let subprotocol = "testground-sync.v1"

    /// Builds the pipeline of a connection that was accepted. On the event loop.
    static func prepare(_ channel: any Channel, for caller: Caller, on bound: NIOLoopBound<SyncLoop>) throws {
        let loop = bound.value
        guard loop.openSockets < loop.core.limits.connections else {
            throw SyncServiceError(.cannotListen, "too many connections")
        }
        loop.openSockets += 1
        channel.closeFuture.assumeIsolated().whenComplete { _ in loop.openSockets -= 1 }

        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(loop.edgeLimits.handshakeTimeout)) {
            channel.close(promise: nil)
        }
        let plain = PlainRequests(loop: loop)
        let plainBox = NIOLoopBound(plain, eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: loop.edgeLimits.messageBytes, automaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                let headers = headers(answering: head)
                // Here and not after the upgrade: who has read the answer is a client already.
                if headers != nil { deadline.cancel() }
                return channel.eventLoop.makeSucceededFuture(headers)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    let output = OutputStage()
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(output, position: .first)
                    try operations.addHandler(
                        SyncEdge(loop: bound.value, caller: caller, output: output))
                }
            })
        // The frame encoder stays unused in the pipeline: NIO's upgrader adds it, and it cannot be removed.
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(plainBox.value, promise: nil)
                }
            ), withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(plain)
    }

    /// Any path and any origin will do. No extension is agreed to, also when compression is offered:
    /// messages are small.
    private static func headers(answering head: HTTPRequestHead) -> HTTPHeaders? {
        let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
        guard !offered.isEmpty else { return [:] }
        let ours = offered.filter { $0.hasPrefix("testground-sync.") }
        // Another version of our own client; a stranger's protocol is left unanswered, as RFC 6455 §4.2.2
        // has it.
        guard ours.isEmpty || ours.contains(subprotocol[...]) else { return nil }
        return ours.isEmpty ? [:] : ["Sec-WebSocket-Protocol": subprotocol]
    }
}

/// Answers requests that are no WebSocket handshake: health, metrics, and a sentence for everyone else.
final class PlainRequests: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let loop: SyncLoop
    private var head: HTTPRequestHead?

    init(loop: SyncLoop) {
        self.loop = loop
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = head.uri.prefix { $0 != "?" }
        switch (head.method, path) {
        case (.GET, "/healthz"): send(.ok, "ok\n", context)
        case (.GET, "/metrics"): send(.ok, MetricsPage.text(of: loop), context)
        case _ where head.headers.contains(name: "Upgrade"):
            send(
                .badRequest,
                "this is no WebSocket handshake of version 13 "
                    + "with subprotocol \(Handshake.subprotocol) or none\n",
                context, ["Sec-WebSocket-Version": "13"])
        default:
            send(
                .upgradeRequired,
                "this is a Testground sync service: connect with WebSocket, or GET /metrics or /healthz\n",
                context, ["Upgrade": "websocket", "Connection": "Upgrade"])
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext,
        _ extra: HTTPHeaders = [:]
    ) {
        var headers = extra
        headers.add(name: "Content-Type", value: "text/plain; version=0.0.4; charset=utf-8")
        headers.add(name: "Content-Length", value: String(text.utf8.count))
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that was declined; the request comes behind this and is answered like any other.
        if error is NIOWebSocketUpgradeError { return }
        context.close(promise: nil)
    }
}
