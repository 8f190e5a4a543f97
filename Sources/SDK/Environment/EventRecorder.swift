// Where event lines go: stdout, `run.out`, and, when there is a connection, the events topic.
//
// Writing is synchronous and short, so that an event is out before whatever comes next can crash the process.

import InstanceContract
import LinuxSystem
import Synchronization

/// Writes the events of one instance.
final class EventRecorder: Sendable {
    private struct State: ~Copyable {
        var output: OutputFile?
        var hasSucceeded = false
        var hasFailed = false
        /// Called with each event after it is written.
        var listeners: [@Sendable (InstanceEvent) -> Void] = []
    }

    private let groupID: String
    private let runID: String
    private let state: Mutex<State>
    /// Why there is no `run.out`; nil when there is.
    let outputsFailure: TestgroundError?

    private let show: @Sendable (String) -> Void

    /// - Parameter show: writes a line to stdout; tests catch it.
    init(
        _ environment: InstanceEnvironment,
        show: @escaping @Sendable (String) -> Void = { StandardStreams.writeLine($0.utf8) }
    ) {
        self.show = show
        groupID = environment.groupID
        runID = environment.run
        do throws(SystemError) {
            try Directories.make(environment.outputsPath)
            try Directories.make(environment.tempPath)
            let output = try OutputFile(path: "\(environment.outputsPath)/run.out", mode: .append)
            state = Mutex(State(output: output))
            outputsFailure = nil
        } catch {
            state = Mutex(State(output: nil))
            outputsFailure = TestgroundError(
                .outputs,
                "this instance cannot write its outputs (\(error)); "
                    + "TEST_OUTPUTS_PATH and TEST_TEMP_PATH must be writable directories")
        }
    }

    /// Whether the instance has reported success and nothing else since.
    var hasSucceeded: Bool { state.withLock { $0.hasSucceeded && !$0.hasFailed } }

    /// Has `listener` called with each event from now on. It must not block.
    func forward(to listener: @escaping @Sendable (InstanceEvent) -> Void) {
        state.withLock { $0.listeners.append(listener) }
    }

    func record(_ event: InstanceEvent) {
        let line = EventLine(
            timestamp: SystemClock.wall(), groupID: groupID, runID: runID, event: event
        ).json
        let listeners = state.withLock { state in
            show(line)
            do throws(SystemError) {
                try state.output?.write(Array(line.utf8) + [0x0A])
            } catch {
                // The disk is full, say: told once, and stdout goes on.
                StandardStreams.writeErrorLine("run.out ends here: \(error)")
                state.output = nil
            }
            return state.listeners
        }
        for listener in listeners { listener(event) }
    }

    // MARK: Terminal events: at most one success, and at most one failure or crash, which outweighs it

    func recordSuccess() {
        let isFirst = state.withLock { state in
            defer { state.hasSucceeded = true }
            return !state.hasSucceeded && !state.hasFailed
        }
        if isFirst { record(.success(group: groupID)) }
    }

    func recordFailure(_ error: String) {
        if markFailed() { record(.failure(group: groupID, error: error)) }
    }

    func recordCrash(_ error: String, stacktrace: String) {
        if markFailed() { record(.crash(group: groupID, error: error, stacktrace: stacktrace)) }
    }

    private func markFailed() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = true }
            return !state.hasFailed
        }
    }

    // MARK: Crashes

    /// From now on a trap or a fatal signal leaves a crash event, too.
    func installCrashCapture() {
        let error = state.withLock { state -> SystemError? in
            // The line with everything that is known beforehand; the handler fills in the time, the error and
            // the frames.
            let line = EventLine(
                timestamp: 0, groupID: groupID, runID: runID,
                event: .crash(group: groupID, error: "", stacktrace: "")
            ).json
            let start = #"{"ts":0"#
            let end = #"","stacktrace":""}}}"#
            let tail = #""}}}"#
            do throws(SystemError) {
                try CrashCapture.install(
                    head: String(line.dropFirst(start.count).dropLast(end.count)), tail: tail,
                    output: state.output)
                return nil
            } catch {
                return error
            }
        }
        if let error { StandardStreams.writeErrorLine("crashes will not be reported: \(error)") }
    }
}
