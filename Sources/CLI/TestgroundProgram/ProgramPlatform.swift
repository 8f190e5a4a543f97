// What is wired to what.

import Builders
import Commands
import Execution
import Foundation
import LinuxSystem
import RunResults
import Runners
import TaskStorage
import TestgroundModel
import UnixSignals

enum ProgramPlatform {
    /// This program's version.
    static let version = "0.1.0"

    static func make(_ console: Console, environment: [String: String]) throws -> Platform {
        let files = FileManager.default
        let current = files.currentDirectoryPath
        let home = TestgroundHome(environment: environment) { files.fileExists(atPath: $0) }
            .absolute(in: current, environment)
        let identity = ProgramIdentity()
        return Platform(
            program: ProgramDescription(
                version: version, operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString,
                processors: ProcessInfo.processInfo.activeProcessorCount),
            home: home, currentDirectory: current, environment: environment, console: console,
            builders: [SwiftBuilder(), GoBuilder(), GenericBuilder()],
            runners: [LocalExecRunner()],
            openStore: openStore, owner: identity.owner, isAlive: ProgramIdentity.isAlive,
            now: SystemClock.wall, makeID: identity.makeID, makeSeed: { UInt64.random(in: 0 ... .max) },
            interrupts: interrupts(), exitNow: { ThisProcess.end(status: $0.rawValue) },
            serveSync: SyncServiceRun.serve, runTool: ToolProcess.run)
    }

    @Sendable private static func openStore(_ home: TestgroundHome) async throws -> any TaskStore {
        do {
            try FileManager.default.createDirectory(
                atPath: home.daemon, withIntermediateDirectories: true)
        } catch {
            throw ExecutionError(
                .storage,
                "the home directory \(home.path) cannot be written: \(error.fileReason); check its "
                    + "owner and the free space, or set TESTGROUND_HOME")
        }
        return try SQLiteTaskStore(path: home.database)
    }

    /// SIGINT and SIGTERM from now on. More than a few unheard ones mean the same as a few.
    private static func interrupts() -> AsyncStream<Interrupt> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Interrupt.self, bufferingPolicy: .bufferingOldest(8))
        // Lives as long as the program.
        Task {
            for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                continuation.yield(signal == .sigint ? .interrupt : .terminate)
            }
        }
        return stream
    }
}
