// What the commands work with, handed in by the program, which alone knows concrete builders, runners and
// stores.

package import Execution
package import RunResults
package import TestgroundModel

/// What interrupted the program.
package enum Interrupt: Sendable, Hashable {
    /// SIGINT.
    case interrupt
    /// SIGTERM.
    case terminate

    var status: ExitStatus { self == .interrupt ? .interrupted : .terminated }
}

/// The platform as the commands see it.
package struct Platform: Sendable {
    package var program: ProgramDescription
    package var home: TestgroundHome
    package var currentDirectory: String
    package var environment: [String: String]
    package var console: Console
    package var builders: [any Builder]
    package var runners: [any Runner]
    /// Opens the task store of a home; called at most once a command.
    package var openStore: @Sendable (TestgroundHome) async throws -> any TaskStore
    /// This process, so that a later one can tell whether it still lives.
    package var owner: TaskOwner?
    package var isAlive: @Sendable (TaskOwner) -> Bool
    /// Unix time in nanoseconds.
    package var now: @Sendable () -> Int64
    /// A new task id (an xid).
    package var makeID: @Sendable () -> String
    package var makeSeed: @Sendable () -> UInt64
    /// SIGINT and SIGTERM, as they come.
    package var interrupts: AsyncStream<Interrupt>
    /// Ends the process on the spot.
    package var exitNow: @Sendable (ExitStatus) -> Void
    /// Serves the sync service until cancelled; `ready` hears the address once it listens.
    package var serveSync:
        @Sendable (_ host: String, _ port: Int, _ ready: @Sendable (String) -> Void) async throws -> Void
    /// Runs a program with its output on the console; returns its exit status.
    package var runTool: @Sendable (_ arguments: [String], _ directory: String) async throws -> Int32

    package init(
        program: ProgramDescription, home: TestgroundHome, currentDirectory: String,
        environment: [String: String],
        console: Console, builders: [any Builder], runners: [any Runner],
        openStore: @escaping @Sendable (TestgroundHome) async throws -> any TaskStore, owner: TaskOwner?,
        isAlive: @escaping @Sendable (TaskOwner) -> Bool, now: @escaping @Sendable () -> Int64,
        makeID: @escaping @Sendable () -> String, makeSeed: @escaping @Sendable () -> UInt64,
        interrupts: AsyncStream<Interrupt>, exitNow: @escaping @Sendable (ExitStatus) -> Void,
        serveSync: @escaping @Sendable (String, Int, @Sendable (String) -> Void) async throws -> Void,
        runTool: @escaping @Sendable ([String], String) async throws -> Int32
    ) {
        self.program = program
        self.home = home
        self.currentDirectory = currentDirectory
        self.environment = environment
        self.console = console
        self.builders = builders
        self.runners = runners
        self.openStore = openStore
        self.owner = owner
        self.isAlive = isAlive
        self.now = now
        self.makeID = makeID
        self.makeSeed = makeSeed
        self.interrupts = interrupts
        self.exitNow = exitNow
        self.serveSync = serveSync
        self.runTool = runTool
    }

    /// A path as the person gave it, made absolute.
    func absolute(_ path: String) -> String { AbsolutePath.make(path, in: currentDirectory, environment) }

    var outputs: OutputsDirectory { OutputsDirectory(path: home.outputs) }

    func runner(_ id: String) throws -> any Runner {
        guard let runner = runners.first(where: { $0.id == id }) else {
            let known = runners.map(\.id).sorted().joined(separator: ", ")
            throw CommandError.usage("there is no runner \"\(id)\"", remedy: "known runners: \(known)")
        }
        return runner
    }

    func builder(_ id: String) throws -> any Builder {
        guard let builder = builders.first(where: { $0.id == id }) else {
            let known = builders.map(\.id).sorted().joined(separator: ", ")
            throw CommandError.usage("there is no builder \"\(id)\"", remedy: "known builders: \(known)")
        }
        return builder
    }
}
