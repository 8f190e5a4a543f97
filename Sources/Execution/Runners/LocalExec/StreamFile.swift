// Where the bytes of one output stream go.
//
// stderr goes to `run.err`. For stdout there are two readers to serve. The contract has the SDK write its
// event lines to stdout *and* to `run.out`, while plans without an SDK write to stdout only, and whoever
// knows upstream's layout looks into `run.out`. So:
//
// - No `run.out` yet when the first byte comes: the instance has no SDK that keeps one, and `run.out` is its
//   stdout.
// - It is there already, or another writer shows up in it later (a plan that prints before its SDK opens the
//   file): the file is the instance's, and stdout goes, from there on, to `stdout.log`.
// - The Go SDK makes `run.err` anew when it starts, which would lose what was printed before. What an own
//   file got first is therefore remembered, and begins the log if the file turns out to have been emptied.
// - At the end, a `stdout.log` that says exactly what `run.out` says is removed: nothing is kept twice. Where
//   they differ both stay, since only `stdout.log` shows how plain output and events were interleaved.
//
// So no byte of stdout is lost, and an SDK's file is never written to.

import LinuxSystem

struct StreamFile: Sendable {
    enum Stream: Sendable { case output, error }

    private enum Target: Sendable {
        /// No byte has come yet.
        case none
        /// `run.out` or `run.err`, with the bytes written so far, and the first of them.
        case own(CaptureFile, Int64, head: [UInt8])
        /// `stdout.log`, beside a `run.out` of the instance's own.
        case log(CaptureFile)
        /// No file could be made.
        case lost
    }

    /// Bytes remembered of an own file: what is printed before an SDK starts is some lines, and there may be
    /// tens of thousands of instances.
    private static let longestHead = 16 * 1024

    private let stream: Stream
    private let directory: String
    private var target = Target.none
    private(set) var loss: OutputLoss?

    init(_ stream: Stream, directory: String) {
        self.stream = stream
        self.directory = directory
    }

    private var path: String { "\(directory)/\(stream == .output ? "run.out" : "run.err")" }
    private var logPath: String { "\(directory)/\(stream == .output ? "stdout.log" : "stderr.log")" }

    /// Keeps the first `count` bytes of the buffer; what cannot be kept is counted as lost. Never waits for
    /// anything but the disk.
    mutating func write(_ buffer: [UInt8], count: Int) {
        let file: CaptureFile
        switch target {
        case .none:
            open()
            if case .none = target { return lose(count, nil) }
            return write(buffer, count: count)
        case .own(let own, let written, var head):
            let size = own.size
            guard size == written else {
                openLog()
                if size < written { restore(head, of: written) }
                return write(buffer, count: count)
            }
            let (more, error) = own.append(buffer, count: count)
            head += buffer.prefix(min(more, Self.longestHead - head.count))
            target = .own(own, written + Int64(more), head: head)
            return lose(count - more, error)
        case .log(let log): file = log
        case .lost: return lose(count, nil)
        }
        let (written, error) = file.append(buffer, count: count)
        lose(count - written, error)
    }

    /// Closes the file, and drops a log that says nothing new.
    mutating func finish() {
        if case .own(let own, let written, let head) = target, own.size < written {
            openLog()
            restore(head, of: written)
        }
        if case .log(let file) = target, loss == nil,
            CaptureFile.haveEqualContents(file.path, path)
        {
            file.remove()
        }
        target = .none
    }

    private mutating func open() {
        do throws(SystemError) {
            if let file = try CaptureFile.create(path) {
                target = .own(file, 0, head: [])
            } else {
                openLog()
            }
        } catch {
            target = .lost
            lose(0, error)
        }
    }

    private mutating func openLog() {
        do throws(SystemError) {
            guard let file = try CaptureFile.create(logPath) else { throw .exists(logPath) }
            target = .log(file)
        } catch {
            target = .lost
            lose(0, error)
        }
    }

    /// Begins the log with what the own file held before somebody made it anew. Only the instance can have
    /// done that, so what is not remembered is no loss of ours; a mark says that it is missing.
    private mutating func restore(_ head: [UInt8], of written: Int64) {
        guard case .log(let log) = target else { return }
        var text = head
        let missing = written - Int64(head.count)
        if missing > 0 { text += Array("\n[\(missing) bytes went when \(path) was made anew]\n".utf8) }
        let (restored, error) = log.append(text, count: text.count)
        lose(text.count - restored, error)
    }

    private mutating func lose(_ count: Int, _ error: SystemError?) {
        guard count > 0 || error != nil else { return }
        let reason = loss?.reason ?? error?.description ?? "unknown"
        loss = OutputLoss(bytes: (loss?.bytes ?? 0) + Int64(count), reason: reason)
    }
}
