// A thread that reads the output of many instances, so that none ever waits for a reader.

import Execution
import InstanceContract
import LinuxSystem
import Synchronization
import TestgroundModel

final class OutputPump: Sendable {
    /// What the pump tells about an instance, by its number in the run.
    enum Report: Sendable {
        /// It has reported its first event.
        case reported(Int)
        /// Both its streams have been read to their ends, or the time for that was over.
        case drained(Int, InstanceTestimony, OutputLoss?)
    }

    private enum Command: Sendable {
        case add(CaptureSource, output: OwnedDescriptor, error: OwnedDescriptor)
        case conclude(Int)
        case stop
    }

    /// Time an instance's streams may stay open after its end: only a process that escaped the runner holds
    /// them.
    static let drainAllowance = Duration.seconds(5)
    /// As much as a pipe holds.
    private static let bufferBytes = 64 * 1024
    /// Reads of one stream before the others get their turn.
    private static let readsInARow = 4

    private let poller: Poller
    private let wakeUp: WakeUp
    private let commands = Mutex<[Command]>([])
    private let progress: any ProgressSink
    private let deliver: @Sendable (Report) -> Void

    init(progress: any ProgressSink, deliver: @escaping @Sendable (Report) -> Void) throws(SystemError) {
        poller = try Poller()
        wakeUp = try WakeUp()
        try poller.add(wakeUp, token: .max)
        self.progress = progress
        self.deliver = deliver
    }

    /// Begins to read the instance's streams.
    func add(_ source: CaptureSource, output: OwnedDescriptor, error: OwnedDescriptor) {
        send(.add(source, output: output, error: error))
    }

    /// The instance has ended: read what is left, then report it as drained.
    func conclude(_ index: Int) { send(.conclude(index)) }

    /// Ends the thread; streams that are still open are closed.
    func stop() { send(.stop) }

    private func send(_ command: Command) {
        commands.withLock { $0.append(command) }
        wakeUp.signal()
    }

    /// The thread's body.
    func run() {
        var streams = Streams(pump: self)
        while true {
            let tokens = poller.wait(until: streams.deadline)
            if tokens.contains(.max) {
                wakeUp.clear()
                for command in commands.withLock({ (all: inout [Command]) in
                    defer { all = [] }
                    return all
                }) {
                    switch command {
                    case .add(let source, let output, let error): streams.add(source, output, error)
                    case .conclude(let index): streams.conclude(index, at: SystemClock.monotonic())
                    case .stop: return
                    }
                }
            }
            for token in tokens where token != .max { streams.read(token) }
            streams.expire(at: SystemClock.monotonic())
        }
    }

    /// What the thread alone works with.
    private struct Streams {
        private struct Entry {
            var capture: InstanceCapture
            var output: OwnedDescriptor?
            var error: OwnedDescriptor?
            /// When to give up on the streams; nil while the instance runs.
            var deadline: Int64?
            var toldReported = false
        }

        let pump: OutputPump
        private var entries: [Int: Entry] = [:]
        private var concluding: Set<Int> = []
        private var buffer = [UInt8](repeating: 0, count: OutputPump.bufferBytes)
        private var warnedOfLoss = false

        init(pump: OutputPump) { self.pump = pump }

        var deadline: Int64? { concluding.compactMap { entries[$0]?.deadline }.min() }

        mutating func add(
            _ source: CaptureSource, _ output: OwnedDescriptor, _ error: OwnedDescriptor
        ) {
            entries[source.index] = Entry(
                capture: InstanceCapture(source), output: output, error: error)
            do {
                try pump.poller.add(output, token: UInt64(source.index) << 1)
                try pump.poller.add(error, token: UInt64(source.index) << 1 | 1)
            } catch {
                // Without epoll the streams are only read at the end; the kernel refuses for lack of memory
                // alone.
                pump.progress.report(.note("output of \(source.instance) is read at its end only: \(error)"))
            }
        }

        mutating func conclude(_ index: Int, at now: Int64) {
            guard entries[index] != nil else { return }
            entries[index]?.deadline = now + OutputPump.drainAllowance.nanoseconds
            concluding.insert(index)
            finishIfDrained(index)
        }

        mutating func read(_ token: UInt64) {
            let index = Int(token >> 1)
            read(index, token & 1 == 0 ? .output : .error, atMost: OutputPump.readsInARow)
            finishIfDrained(index)
        }

        /// Gives up on streams that somebody holds open, after a last look into the pipes.
        mutating func expire(at now: Int64) {
            for index in concluding {
                guard let deadline = entries[index]?.deadline, deadline <= now else { continue }
                for stream in [StreamFile.Stream.output, .error] {
                    read(index, stream, atMost: 1024)
                    close(index, stream)
                }
                finishIfDrained(index)
            }
        }

        private mutating func read(_ index: Int, _ stream: StreamFile.Stream, atMost times: Int) {
            guard var entry = entries.removeValue(forKey: index) else { return }
            defer { entries[index] = entry }
            guard let descriptor = stream == .output ? entry.output : entry.error else { return }
            for _ in 0..<times {
                // An error on a pipe's reading end would be a defect here; the stream has nothing more to
                // give then.
                switch (try? descriptor.read(into: &buffer)) ?? .end {
                case .bytes(let count):
                    entry.capture.take(stream, buffer, count: count, pump.progress)
                case .nothing: return told(&entry)
                case .end:
                    close(&entry, stream)
                    return told(&entry)
                }
            }
            told(&entry)
        }

        private mutating func told(_ entry: inout Entry) {
            if entry.capture.hasReported, !entry.toldReported {
                entry.toldReported = true
                pump.deliver(.reported(entry.capture.source.index))
            }
            if !warnedOfLoss, let loss = entry.capture.loss {
                warnedOfLoss = true
                pump.progress.report(
                    .warning(
                        Diagnostic(
                            .warning, "output of \(entry.capture.source.instance) is lost: \(loss.reason)",
                            remedy: "make space at \(entry.capture.source.directory)")))
            }
        }

        private mutating func close(_ index: Int, _ stream: StreamFile.Stream) {
            guard var entry = entries.removeValue(forKey: index) else { return }
            close(&entry, stream)
            entries[index] = entry
        }

        private func close(_ entry: inout Entry, _ stream: StreamFile.Stream) {
            guard let descriptor = stream == .output ? entry.output : entry.error else { return }
            pump.poller.remove(descriptor)
            entry.capture.finish(stream, pump.progress)
            switch stream {
            case .output: entry.output = nil
            case .error: entry.error = nil
            }
        }

        private mutating func finishIfDrained(_ index: Int) {
            guard concluding.contains(index), let entry = entries[index], entry.output == nil,
                entry.error == nil
            else { return }
            entries[index] = nil
            concluding.remove(index)
            pump.deliver(.drained(index, entry.capture.testimony, entry.capture.loss))
        }
    }
}
