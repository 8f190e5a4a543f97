// What callers and the connection's thread share: the requests that wait, the bytes to be sent, the phase of
// the connection.
//
// The lock is held for bookkeeping only, never while waiting or resuming anyone.

import InstanceContract
import LinuxSystem
import Synchronization

final class SyncConnection: Sendable {
    enum Phase: Sendable {
        case idle
        case connecting
        case open
        /// What is to be sent is sent, then the service's goodbye awaited until the deadline (monotonic
        /// nanoseconds).
        case closing(deadline: Int64)
        case ended(SyncClientError)
    }

    enum Waiter: Sendable {
        case answer(CheckedContinuation<Int64, any Error>)
        case stream(SubscriptionQueue)
        case nobody
    }

    struct State: Sendable {
        var phase = Phase.idle
        var ledger = RequestLedger<Waiter>()
        /// Frames to be sent, whole.
        var outgoing: [UInt8] = []
        /// Wakes the thread; nil before it is started.
        var waker: Waker?
        var connecting: [String: CheckedContinuation<Void, any Error>] = [:]
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    let host: String
    let port: UInt16
    let limits: SyncClient.Limits
    let state = Mutex(State())

    init(host: String, port: UInt16, limits: SyncClient.Limits) {
        self.host = host
        self.port = port
        self.limits = limits
    }

    var address: String { "\(host):\(port)" }

    var isOpen: Bool {
        state.withLock { state in
            if case .open = state.phase { true } else { false }
        }
    }

    // MARK: Requests

    func request(_ operation: SyncOperation, payload: String = "") async throws -> Int64 {
        let id = state.withLock { $0.ledger.nextID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(operation, id: id, payload: payload, waiter: .answer(continuation))
                // The handler may have run before there was a request to be found.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    func post(topic: String, payload: String) {
        let id = state.withLock { $0.ledger.nextID() }
        submit(.publish(topic: topic), id: id, payload: payload, waiter: .nobody)
    }

    func subscribe(topic: String) -> SyncSubscription {
        let id = state.withLock { $0.ledger.nextID() }
        let queue = SubscriptionQueue(
            maximumEntries: limits.subscriptionEntries, maximumBytes: limits.subscriptionBytes)
        submit(.subscribe(topic: topic), id: id, payload: "", waiter: .stream(queue))
        return SyncSubscription(SubscriptionHandle(queue: queue) { [weak self] in self?.cancel(id) })
    }

    private func submit(_ operation: SyncOperation, id: String, payload: String, waiter: Waiter) {
        let frame = Self.frame(SyncRequest(id: id, operation: .init(operation, payload: payload)))
        let error = state.withLock { state -> SyncClientError? in
            switch state.phase {
            case .ended(let error): return error
            case .closing: return closedError
            case .idle, .connecting, .open: break
            }
            guard state.outgoing.count + frame.count <= limits.outgoingBytes else {
                return SyncClientError(
                    code: .overflow,
                    description:
                        "more than \(limits.outgoingBytes) bytes wait to be sent to the sync service at "
                        + "\(address); await the answers of requests before making more")
            }
            state.ledger.add(operation, id: id, waiter: waiter)
            state.outgoing.append(contentsOf: frame)
            start(&state)
            state.waker?.wake()
            return nil
        }
        guard let error else { return }
        Self.finish(waiter, .failure(error.of(operation)))
    }

    func cancel(_ id: String) {
        let waiter = state.withLock { state -> Waiter? in
            guard let (waiter, tellsService) = state.ledger.cancel(id: id) else { return nil }
            if tellsService {
                state.outgoing.append(contentsOf: Self.frame(SyncRequest(id: id, operation: .cancel)))
                state.waker?.wake()
            }
            return waiter
        }
        if case .answer(let continuation)? = waiter { continuation.resume(throwing: CancellationError()) }
    }

    // MARK: Beginning and end

    func connect() async throws {
        let id = state.withLock { $0.ledger.nextID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    switch state.phase {
                    case .open: return .success(())
                    case .ended(let error): return .failure(error)
                    case .closing: return .failure(closedError)
                    case .idle, .connecting:
                        state.connecting[id] = continuation
                        start(&state)
                        return nil
                    }
                }
                if let result {
                    continuation.resume(with: result)
                } else if Task.isCancelled {
                    cancelConnecting(id)
                }
            }
        } onCancel: {
            cancelConnecting(id)
        }
    }

    private func cancelConnecting(_ id: String) {
        let waiter = state.withLock { $0.connecting.removeValue(forKey: id) }
        waiter?.resume(throwing: CancellationError())
    }

    /// Starts the thread if it is not there. The thread's end is reported by `end`, also when it cannot be
    /// started.
    private func start(_ state: inout State) {
        guard case .idle = state.phase else { return }
        state.phase = .connecting
        do throws(SystemError) {
            let waker = try Waker()
            state.waker = waker
            try NamedThread.start("sync-client") { [self] in run(waker) }.detach()
        } catch {
            let failure = SyncClientError(
                code: .unreachable, description: "no thread for the sync service at \(address): \(error)")
            // Not under the lock that the caller holds.
            Task { [self] in end(failure) }
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            let ending = state.withLock { state -> SyncClientError? in
                switch state.phase {
                case .ended: break
                case .idle, .connecting:
                    state.closing.append(continuation)
                    return closedError
                case .open:
                    let deadline = SystemClock.monotonic() + limits.closeTimeout.nanoseconds
                    state.phase = .closing(deadline: deadline)
                    state.outgoing.append(
                        contentsOf: Self.frame(.close, WebSocketFrame.bytes(of: UInt16(1000))))
                    state.closing.append(continuation)
                    state.waker?.wake()
                    return nil
                case .closing:
                    state.closing.append(continuation)
                    return nil
                }
                continuation.resume()
                return nil
            }
            if let ending { end(ending) }
        }
    }

    /// Ends without waiting for anything; the owner is gone.
    func abandon() { end(closedError) }

    /// The connection is over: everyone who waits is told. Only the first call has an effect.
    func end(_ error: SyncClientError) {
        let waiting = state.withLock { state -> State? in
            if case .ended = state.phase { return nil }
            state.phase = .ended(error)
            state.outgoing = []
            state.waker?.wake()
            let waiting = state
            state.ledger = RequestLedger()
            state.connecting = [:]
            state.closing = []
            return waiting
        }
        guard var waiting else { return }
        for (waiter, error) in waiting.ledger.fail(error) { Self.finish(waiter, .failure(error)) }
        for continuation in waiting.connecting.values { continuation.resume(throwing: error) }
        for continuation in waiting.closing { continuation.resume() }
    }

    var closedError: SyncClientError {
        SyncClientError(
            code: .closed, description: "the connection to the sync service at \(address) was closed")
    }

    // MARK: Pieces

    static func finish(_ waiter: Waiter, _ result: Result<Int64, SyncClientError>) {
        switch waiter {
        case .answer(let continuation): continuation.resume(with: result.mapError { $0 as any Error })
        case .stream(let queue): if case .failure(let error) = result { queue.fail(error) }
        case .nobody: break
        }
    }

    static func frame(_ request: SyncRequest) -> [UInt8] {
        var json: [UInt8] = []
        request.encode(into: &json)
        return frame(.text, json)
    }

    static func frame(_ opcode: WebSocketOpcode, _ payload: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var generator = SystemRandomNumberGenerator()
        WebSocketFrame(opcode, payload).write(to: &bytes, maskingKey: generator.next())
        return bytes
    }
}

/// Wakes the connection's thread; shared by all who may.
final class Waker: Sendable {
    let wakeUp: WakeUp
    init() throws(SystemError) { wakeUp = try WakeUp() }
    func wake() { wakeUp.signal() }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
