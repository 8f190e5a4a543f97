// The progress sink of the command line: whoever reports never waits, one thread draws.

import Dispatch
import Execution
import LinuxSystem
import Synchronization

/// Queues progress and draws it on a thread of its own, so that a stopped terminal or a full pipe holds
/// nothing up.
final class ProgressQueue: ProgressSink {
    /// Time between two paintings: lively for people, nothing for a processor.
    static let paintInterval = DispatchTimeInterval.milliseconds(200)

    private struct State {
        var buffer: ProgressBuffer
        var isFinished = false
        var ended: CheckedContinuation<Void, Never>?
        var hasEnded = false
    }

    private let state: Mutex<State>
    private let wakeUp = DispatchSemaphore(value: 0)
    private let seconds: @Sendable () -> Double

    /// - Parameters:
    ///   - seconds: seconds since the program's start.
    ///   - display: what to draw, used on the drawing thread alone.
    init(
        display: RunDisplay, stream: ConsoleStream, limits: ProgressBuffer.Limits = ProgressBuffer.Limits(),
        seconds: @escaping @Sendable () -> Double
    ) {
        state = Mutex(State(buffer: ProgressBuffer(limits: limits)))
        self.seconds = seconds
        do {
            try NamedThread.start("progress") { [self] in draw(display, on: stream) }.detach()
        } catch {
            // A machine that allows no further thread: the run's record is all that remains.
            state.withLock { $0.hasEnded = true }
        }
    }

    func report(_ event: ProgressEvent) { show(.event(event)) }

    func show(_ item: ProgressItem) {
        let at = seconds()
        let wasEmpty = state.withLock { state in
            defer { state.buffer.add(item, at: at) }
            return state.buffer.isEmpty
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Returns when everything shown so far has been written, or the output is gone.
    func finish() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                state.isFinished = true
                if !state.hasEnded { state.ended = continuation }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
            wakeUp.signal()
        }
    }

    private func draw(_ initial: RunDisplay, on stream: ConsoleStream) {
        var display = initial
        var isOpen = true
        var isFinished = false
        while !isFinished {
            _ = wakeUp.wait(timeout: .now() + Self.paintInterval)
            let items: [(item: ProgressItem, at: Double)]
            (items, isFinished) = state.withLock { ($0.buffer.takeAll(), $0.isFinished) }
            guard isOpen else { continue }
            display.width = stream.width()
            var text = ""
            for (item, at) in items {
                text += display.take(item, at: at)
                // One write a batch, but none so large that a slow terminal shows nothing for long.
                if text.utf8.count > 64 * 1024 {
                    isOpen = isOpen && write(text, to: stream)
                    text = ""
                }
            }
            text += isFinished ? display.end() : display.tick(at: seconds())
            if !text.isEmpty { isOpen = isOpen && write(text, to: stream) }
        }
        let continuation = state.withLock { state in
            state.hasEnded = true
            return state.ended.take()
        }
        continuation?.resume()
    }

    /// False when nobody reads the output any more.
    private func write(_ text: String, to stream: ConsoleStream) -> Bool {
        do {
            try stream.output.write(text)
            return true
        } catch {
            return false
        }
    }
}
