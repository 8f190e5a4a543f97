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
        /// `run.out` or `run.err`, with the bytes written so far.
        case own(CaptureFile, Int64)
        /// `stdout.log`, beside a `run.out` of the instance's own.
        case log(CaptureFile)
        /// No file could be made.
        case lost
    }

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
        case .own(let own, let written):
            guard own.size == written else {
                openLog()
                return write(buffer, count: count)
            }
            let (more, error) = own.append(buffer, count: count)
            target = .own(own, written + Int64(more))
            return lose(count - more, error)
        case .log(let log): file = log
        case .lost: return lose(count, nil)
        }
        let (written, error) = file.append(buffer, count: count)
        lose(count - written, error)
    }

    /// Closes the file, and drops a log that says nothing new.
    mutating func finish() {
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
                target = .own(file, 0)
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

    private mutating func lose(_ count: Int, _ error: SystemError?) {
        guard count > 0 || error != nil else { return }
        let reason = loss?.reason ?? error?.description ?? "unknown"
        loss = OutputLoss(bytes: (loss?.bytes ?? 0) + Int64(count), reason: reason)
    }
}
