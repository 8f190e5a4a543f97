// What one instance writes: bytes to its files, events to its testimony and the progress, lines to the
// progress.
//
// Belongs to one OutputPump's thread.

import Execution
import InstanceContract

/// Whose output it is, and where it is kept.
struct CaptureSource: Sendable, Hashable {
    /// Its number in the run.
    var index: Int
    var instance: InstanceReference
    var runID: String
    var directory: String
}

struct InstanceCapture {
    /// Bytes of lines, per instance, that are shown as progress besides its few lifecycle events. A plan that
    /// prints without end must not drown those who watch; files have everything.
    static let mostProgressBytes = 4 << 20

    let source: CaptureSource
    private var outputFile: StreamFile
    private var errorFile: StreamFile
    private var outputLines = LineSplitter()
    private var errorLines = LineSplitter()
    private var progressBytes = 0
    private(set) var testimony = InstanceTestimony()
    private(set) var hasReported = false

    init(_ source: CaptureSource) {
        self.source = source
        outputFile = StreamFile(.output, directory: source.directory)
        errorFile = StreamFile(.error, directory: source.directory)
    }

    /// Bytes that could not be kept, of both streams.
    var loss: OutputLoss? {
        guard let first = outputFile.loss else { return errorFile.loss }
        return OutputLoss(bytes: first.bytes + (errorFile.loss?.bytes ?? 0), reason: first.reason)
    }

    /// Takes what was read from a stream: the first `count` bytes of the buffer.
    mutating func take(
        _ stream: StreamFile.Stream, _ buffer: [UInt8], count: Int, _ progress: any ProgressSink
    ) {
        // The files first: whatever happens afterwards, the bytes are kept.
        switch stream {
        case .output:
            outputFile.write(buffer, count: count)
            var lines = outputLines
            outputLines = LineSplitter()
            lines.take(buffer, count: count) { show(.output, $0, $1, progress) }
            outputLines = lines
        case .error:
            errorFile.write(buffer, count: count)
            var lines = errorLines
            errorLines = LineSplitter()
            lines.take(buffer, count: count) { show(.error, $0, $1, progress) }
            errorLines = lines
        }
    }

    /// The stream has ended.
    mutating func finish(_ stream: StreamFile.Stream, _ progress: any ProgressSink) {
        switch stream {
        case .output:
            var lines = outputLines
            lines.finish { show(.output, $0, $1, progress) }
            outputLines = lines
            outputFile.finish()
        case .error:
            var lines = errorLines
            lines.finish { show(.error, $0, $1, progress) }
            errorLines = lines
            errorFile.finish()
        }
    }

    private mutating func show(
        _ stream: StreamFile.Stream, _ line: [UInt8], _ cutBytes: Int, _ progress: any ProgressSink
    ) {
        if stream == .output, cutBytes == 0, let event = EventLine(line: line), isOurs(event) {
            hasReported = true
            testimony.record(event.event)
            if case .message = event.event {
                guard mayShow(line.count, progress) else { return }
            }
            return progress.report(.instanceEvent(source.instance, event))
        }
        guard mayShow(line.count, progress) else { return }
        var text = String(decoding: line, as: UTF8.self)
        if cutBytes > 0 { text += " … [line cut: \(cutBytes) more bytes in the outputs]" }
        progress.report(.instanceOutput(source.instance, line: text, isError: stream == .error))
    }

    /// An instance may print what others said (logs of its peers, an older run): only its own events count.
    private func isOurs(_ event: EventLine) -> Bool {
        (event.runID.isEmpty || event.runID == source.runID)
            && (event.groupID.isEmpty || event.groupID == source.instance.group)
    }

    private mutating func mayShow(_ bytes: Int, _ progress: any ProgressSink) -> Bool {
        guard progressBytes <= Self.mostProgressBytes else { return false }
        progressBytes += bytes + 1
        if progressBytes > Self.mostProgressBytes {
            progress.report(
                .note(
                    "\(source.instance) has printed \(Self.mostProgressBytes >> 20) MiB; the rest goes to "
                        + "\(source.directory) only"))
        }
        return true
    }
}
