// Captures of instances' packets as pcapng files, each packet with its fate as a comment.
//
//     PacketCapture     what a runner holds; a thread that writes the files
//       CaptureBuffer   packets on their way from the switch's thread
//       CaptureRecord   what became of one, in words
//       CaptureFormat   the file's format

package import LinuxSystem
import Synchronization

/// Writes packets of members to files, one for each member.
package final class PacketCapture: Sendable {
    /// A member's file.
    package struct File: Sendable, Hashable {
        /// Where it is made.
        package var path: String
        /// Whose packets it holds.
        package var instance: String

        package init(path: String, instance: String) {
            self.path = path
            self.instance = instance
        }
    }

    /// What became of the captures.
    package struct Report: Sendable, Hashable {
        /// Packets that are missing since the disk did not keep up.
        package var missing: UInt64 = 0
        /// The first error of a file, which then lacks everything after.
        package var failure: SystemError?
    }

    let buffer: CaptureBuffer
    private let thread: NamedThread
    private let result: CaptureResult

    /// Starts to write. Members refer to files by their place in the list.
    ///
    /// - Throws: `SystemError` when the kernel gives no thread or descriptor.
    package init(_ files: [File]) throws(SystemError) {
        let (buffer, result) = (try CaptureBuffer(), CaptureResult())
        // One offset for the whole capture: a clock that is set meanwhile must not tear it.
        let zero = SystemClock.wall() - SystemClock.monotonic()
        thread = try NamedThread.start("packet-capture") {
            let writer = CaptureWriter(files, zero: zero, result)
            while buffer.take(writer.write) { writer.flush() }
            writer.flush()
        }
        self.buffer = buffer
        self.result = result
    }

    /// Writes what is left, and ends. The switch must have stopped before.
    package func finish() async -> Report {
        let (buffer, thread) = (buffer, thread)
        buffer.close()
        // Without a thread to wait on, the files are complete a moment later.
        _ = try? await NamedThread.run("capture-end") { thread.join() }
        return Report(missing: buffer.missing, failure: result.failure.withLock(\.self))
    }
}

/// The first thing that went wrong with a file.
private final class CaptureResult: Sendable {
    let failure = Mutex<SystemError?>(nil)
}

/// The files of a capture, on the thread that writes them.
private final class CaptureWriter {
    private final class Output {
        let file: OutputFile
        var pending: [UInt8]

        init(_ file: PacketCapture.File) throws(SystemError) {
            self.file = try OutputFile(path: file.path)
            pending = CaptureFormat.header(instance: file.instance)
        }
    }

    private let files: [PacketCapture.File]
    private let zero: Int64
    private let result: CaptureResult
    /// By the file's number; a file is made at its first packet.
    private var outputs: [Int: Output] = [:]
    /// Files that have failed, and take nothing more.
    private var failed: Set<Int> = []

    init(_ files: [PacketCapture.File], zero: Int64, _ result: CaptureResult) {
        self.files = files
        self.zero = zero
        self.result = result
    }

    func write(_ record: CaptureRecord, _ packet: [UInt8]) {
        guard let output = output(Int(record.file)) else { return }
        CaptureFormat.append(record, packet, time: record.time + zero, to: &output.pending)
    }

    /// Writes what has been gathered: a batch of the buffer at a time.
    func flush() {
        for (number, output) in outputs where !output.pending.isEmpty {
            do {
                try output.file.write(output.pending)
            } catch {
                fail(number, error)
            }
            output.pending.removeAll(keepingCapacity: true)
        }
    }

    private func output(_ number: Int) -> Output? {
        if let output = outputs[number] { return output }
        guard !failed.contains(number) else { return nil }
        do {
            let output = try Output(files[number])
            outputs[number] = output
            return output
        } catch {
            fail(number, error)
            return nil
        }
    }

    private func fail(_ number: Int, _ error: SystemError) {
        failed.insert(number)
        outputs[number] = nil
        result.failure.withLock { $0 = $0 ?? error }
    }
}
