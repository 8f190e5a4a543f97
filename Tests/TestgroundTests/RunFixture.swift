// A RunEnvironment inside the test's process, whose lines are caught.

import Foundation
import InstanceContract
import Synchronization

@testable import Testground

/// A directory that is gone with its value.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws { path = try TemporaryDirectory.make("run") }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func text(_ name: String) throws -> String { try TemporaryDirectory.text(of: "\(path)/\(name)") }
}

/// A run environment in a directory of its own, with what it has shown on stdout.
final class RunFixture: Sendable {
    let directory: ScratchDirectory
    let run: RunEnvironment
    private let shown: Lines

    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// - Parameter syncPort: where the sync service listens on 127.0.0.1; nothing does on port 1.
    init(syncPort: UInt16 = 1, sidecar: Bool = false, subnet: String = InstanceEnvironment.localSubnet) throws
    {
        directory = try ScratchDirectory()
        let environment = InstanceEnvironment(
            plan: "p", testCase: "c", run: "r", instanceCount: 3, groupID: "g", groupInstanceCount: 2,
            outputsPath: directory.path, tempPath: directory.path, sidecar: sidecar, subnet: subnet,
            startTimeUnixSeconds: 0, syncServiceHost: "127.0.0.1", syncServicePort: syncPort)
        let shown = Lines()
        self.shown = shown
        let events = EventRecorder(environment) { line in shown.lines.withLock { $0.append(line) } }
        run = RunEnvironment(environment, events: events)
    }

    var lines: [String] { shown.lines.withLock { $0 } }
    var events: [InstanceEvent] { lines.compactMap { EventLine(line: $0)?.event } }
}
