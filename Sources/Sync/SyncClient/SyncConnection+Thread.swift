// The thread of a connection: connects, shakes hands, then moves bytes both ways until it is over.

import InstanceContract
import LinuxSystem
import Synchronization

extension SyncConnection {
    /// Bytes read at once.
    private static let receiveBytes = 64 << 10

    /// What `testground` SDKs of today say; a server that knows no subprotocols ignores it.
    static let subprotocol = "testground-sync.v1"

    func run(_ waker: Waker) {
        do {
            let deadline = SystemClock.monotonic() + limits.connectTimeout.nanoseconds
            let socket = try connectSocket(deadline: deadline)
            var inbox = WebSocketInbox()
            try shakeHands(socket, waker: waker, inbox: &inbox, deadline: deadline)
            guard beginExchange() else { return }
            try exchange(socket, waker: waker, inbox: &inbox)
            end(closedError)
        } catch let error as SyncClientError {
            end(error)
        } catch {
            end(lost("\(error)"))
        }
    }

    private func connectSocket(deadline: Int64) throws -> SocketStream {
        do throws(SystemError) {
            return try SocketStream(connectingTo: host, port: port, deadline: deadline)
        } catch {
            throw SyncClientError(
                code: .unreachable,
                description:
                    "no sync service at \(address) (\(error)); instances get it from the runner: use "
                    + "\"testground run\", or set SYNC_SERVICE_HOST and SYNC_SERVICE_PORT")
        }
    }

    private func shakeHands(
        _ socket: borrowing SocketStream, waker: Waker, inbox: inout WebSocketInbox, deadline: Int64
    ) throws {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<2).flatMap { _ in WebSocketFrame.bytes(of: generator.next() as UInt64) }
        let handshake = WebSocketHandshake(
            host: host, port: port, subprotocol: Self.subprotocol, nonce: nonce)
        var request = Array(handshake.request.utf8)[...]
        var response: [UInt8] = []
        while true {
            if !request.isEmpty { request = request.dropFirst(try socket.send(request)) }
            let ready = try socket.wait(writing: !request.isEmpty, wakeUp: waker.wakeUp, until: deadline)
            if hasEnded { throw closedError }
            if ready.readable {
                let received = try socket.receive(into: &response, limit: Self.receiveBytes)
                if received == .end { throw lost("closed during the handshake") }
                do throws(WebSocketViolation) {
                    if let taken = try handshake.check(response) {
                        inbox.append(response[taken...])
                        return
                    }
                } catch {
                    throw SyncClientError(
                        code: .notASyncService,
                        description: "what listens at \(address) is no sync service: \(error.reason)")
                }
            }
            if SystemClock.monotonic() >= deadline {
                throw SyncClientError(
                    code: .unreachable,
                    description: "what listens at \(address) did not answer within \(limits.connectTimeout)")
            }
        }
    }

    /// Lets callers know that the service is there; false when the client was closed meanwhile.
    private func beginExchange() -> Bool {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, any Error>]? in
            guard case .connecting = state.phase else { return nil }
            state.phase = .open
            defer { state.connecting = [:] }
            return Array(state.connecting.values)
        }
        for waiter in waiters ?? [] { waiter.resume() }
        return waiters != nil
    }

    /// Returns when the goodbye is said, or the owner is gone.
    private func exchange(
        _ socket: borrowing SocketStream, waker: Waker, inbox: inout WebSocketInbox
    ) throws {
        var sending: ArraySlice<UInt8> = []
        var received: [UInt8] = []
        var lastHeard = SystemClock.monotonic()
        var pingedAt: Int64?
        while true {
            do throws(WebSocketViolation) {
                while let event = try inbox.next() {
                    guard case .close(let code, let reason) = event else {
                        try handle(event)
                        continue
                    }
                    if case .closing = phase { return }
                    sayGoodbye(socket, code: code ?? 1000)
                    let detail = reason.isEmpty ? "" : ": \(reason)"
                    end(lost("it closed the connection (code \(code.map(String.init) ?? "none")\(detail))"))
                    return
                }
            } catch {
                sayGoodbye(socket, code: error.code)
                throw lost("it broke the protocol: \(error.reason)")
            }
            if sending.isEmpty { sending = takeOutgoing()[...] }
            if !sending.isEmpty { sending = sending.dropFirst(try socket.send(sending)) }

            let pingAt = lastHeard + limits.pingAfter.nanoseconds
            var deadline = pingedAt.map { $0 + limits.goneAfter.nanoseconds } ?? pingAt
            if case .closing(let closingDeadline) = phase { deadline = min(deadline, closingDeadline) }
            let ready = try socket.wait(writing: !sending.isEmpty, wakeUp: waker.wakeUp, until: deadline)
            if hasEnded { return }
            if ready.readable {
                received.removeAll(keepingCapacity: true)
                switch try socket.receive(into: &received, limit: Self.receiveBytes) {
                case .bytes:
                    inbox.append(received)
                    lastHeard = SystemClock.monotonic()
                    pingedAt = nil
                case .end:
                    if case .closing = phase { return }
                    throw lost("it closed the connection without a word")
                case .wouldBlock: break
                }
            }
            let now = SystemClock.monotonic()
            if case .closing(let closingDeadline) = phase, now >= closingDeadline { return }
            if let sent = pingedAt, now >= sent + limits.goneAfter.nanoseconds {
                throw lost("it did not answer a ping within \(limits.goneAfter)")
            }
            // Pinged even when this process itself slept for long, before anyone is declared gone.
            if pingedAt == nil, now >= lastHeard + limits.pingAfter.nanoseconds {
                queue(.ping, [])
                pingedAt = now
            }
        }
    }

    private func handle(_ event: WebSocketEvent) throws(WebSocketViolation) {
        switch event {
        case .message(let bytes):
            do throws(SyncMessageError) {
                handle(try SyncResponse(decoding: bytes))
            } catch {
                throw WebSocketViolation(code: 1007, reason: "it sent what is no answer: \(error)")
            }
        case .ping(let payload): queue(.pong, payload)
        case .pong, .close: break
        }
    }

    /// Sends a close frame if the kernel takes it at once; the connection ends either way.
    private func sayGoodbye(_ socket: borrowing SocketStream, code: UInt16) {
        _ = try? socket.send(Self.frame(.close, WebSocketFrame.bytes(of: code))[...])
    }

    private func handle(_ response: SyncResponse) {
        switch state.withLock({ $0.ledger.receive(response) }) {
        case .ignore: break
        case .finish(let waiter, let result): Self.finish(waiter, result)
        case .deliver(.stream(let queue), let entry):
            guard !queue.deliver(entry) else { return }
            cancel(response.id)
            queue.fail(
                SyncClientError(
                    code: .overflow,
                    description: "the reader of a subscription fell behind by more than "
                        + "\(limits.subscriptionEntries) entries or \(limits.subscriptionBytes) bytes; "
                        + "read faster, or publish less"))
        case .deliver: break
        }
    }

    // MARK: State

    private var phase: Phase { state.withLock { $0.phase } }

    private var hasEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    private func queue(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        let frame = Self.frame(opcode, payload)
        state.withLock { $0.outgoing.append(contentsOf: frame) }
    }

    private func takeOutgoing() -> [UInt8] {
        state.withLock { state in
            defer { state.outgoing = [] }
            return state.outgoing
        }
    }

    private func lost(_ reason: String) -> SyncClientError {
        SyncClientError(
            code: .connectionLost, description: "lost the sync service at \(address): \(reason)")
    }
}
