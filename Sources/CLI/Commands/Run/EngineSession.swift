// One invocation's engine: made, run beside the command, ended with it.

import Engine
import Execution
import RunResults
import Synchronization
import TestgroundModel

/// An engine in this process and what shows its progress.
struct EngineSession: Sendable {
    let platform: Platform
    let store: any TaskStore
    let engine: Engine
    let progress: ProgressQueue
    let interrupted: InterruptRecord
    let complaints: Complaints

    /// Opens the store, runs the engine for as long as the body works, and writes what is left to show.
    ///
    /// The first interrupt cancels every task: instances get SIGTERM and, after their grace, SIGKILL. The
    /// second kills them at once, the third ends the program on the spot.
    static func with(
        _ platform: Platform, flags: GlobalFlags,
        _ body: @escaping @Sendable (EngineSession) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let store = try await TaskAccess.store(platform)
        let engine = Engine(
            builders: platform.builders, runners: platform.runners, store: store,
            recorder: FileRecorder(program: platform.program, now: platform.now),
            configuration: EngineConfiguration(
                outputsDirectory: platform.home.outputs, workDirectory: platform.home.work,
                tasksDirectory: platform.home.daemon, owner: platform.owner, now: platform.now,
                makeID: platform.makeID))
        let progress = progressQueue(platform, flags)
        let session = EngineSession(
            platform: platform, store: store, engine: engine, progress: progress,
            interrupted: InterruptRecord(),
            complaints: Complaints())
        do {
            let status = try await Interruption.watching(platform) { interrupt, count in
                await session.hear(interrupt, count)
            } _: {
                try await session.beside(body)
            }
            await progress.finish()
            session.complaints.write(to: platform.console)
            return session.interrupted.first?.status ?? status
        } catch {
            await progress.finish()
            session.complaints.write(to: platform.console)
            throw error
        }
    }

    private static func progressQueue(_ platform: Platform, _ flags: GlobalFlags) -> ProgressQueue {
        let console = platform.console
        let mode: RunDisplay.Mode =
            flags.json ? .json : flags.quiet ? .quiet : flags.verbose ? .lines : .automatic
        let start = platform.now()
        let now = platform.now
        return ProgressQueue(
            display: RunDisplay(
                mode: mode, style: console.style, isTerminal: console.output.isTerminal,
                width: console.output.width()),
            stream: console.output, seconds: { Double(now() - start) / 1e9 })
    }

    /// Runs the engine beside the body; when the body is done, nothing of the engine's is left.
    private func beside(_ body: @escaping @Sendable (EngineSession) async throws -> ExitStatus) async throws
        -> ExitStatus
    {
        try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
            group.addTask {
                await engine.run()
                return nil
            }
            group.addTask { try await body(self) }
            defer { group.cancelAll() }
            while let status = try await group.next() {
                if let status { return status }
            }
            throw CancellationError()
        }
    }

    private func hear(_ interrupt: Interrupt, _ count: Int) async {
        let name = interrupt == .interrupt ? "SIGINT" : "SIGTERM"
        let tasks = interrupted.note(interrupt)
        switch count {
        case 1:
            progress.show(
                .notice(
                    "cancelling: instances get SIGTERM, then SIGKILL after 10 s; press again to kill at once")
            )
            for task in tasks { await engine.cancel(task, reason: "canceled by \(name)") }
        case 2:
            progress.show(.notice("killing; press again to leave at once"))
            for task in tasks { await engine.kill(task, reason: "killed by \(name)") }
        default:
            platform.exitNow(interrupt.status)
        }
    }
}

/// What went wrong while progress was being drawn; told on standard error when that is done.
final class Complaints: Sendable {
    private let errors = Mutex<[CommandError]>([])

    func add(_ error: CommandError) { errors.withLock { $0.append(error) } }

    func write(to console: Console) {
        for error in errors.withLock({ $0 }) { console.remark(error.text(style: console.errorStyle)) }
    }
}

/// Which tasks an interrupt ends, and whether one came. Tasks submitted after an interrupt must not begin.
final class InterruptRecord: Sendable {
    private struct State {
        var first: Interrupt?
        var tasks: [String] = []
    }

    private let state = Mutex(State())

    var first: Interrupt? { state.withLock { $0.first } }

    /// Notes the interrupt and returns the tasks to end.
    func note(_ interrupt: Interrupt) -> [String] {
        state.withLock { state in
            state.first = state.first ?? interrupt
            return state.tasks
        }
    }

    /// Remembers submitted tasks; false when an interrupt came first.
    func remember(_ tasks: [String]) -> Bool {
        state.withLock { state in
            state.tasks += tasks
            return state.first == nil
        }
    }
}
