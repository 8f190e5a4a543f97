// Whether this machine lets instances have namespaces and devices of their own: tried, not guessed.

import InstanceLauncher
import LinuxSystem
import NetworkEmulator

enum NamespaceProbe {
    /// The launcher's part takes milliseconds; a machine that needs longer would not start a run either.
    private static let allowance = Duration.seconds(10)

    /// Makes the network of an instance that never starts, and takes it down again.
    ///
    /// - Returns: why it cannot be made; nil when it can.
    static func problem() async -> String? {
        do {
            try await NamedThread.run("probe-namespace") { try attempt() }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func attempt() throws {
        let image = try LauncherImage.load()
        let nothing = try OwnedDescriptor.nothing()
        let poller = try Poller()
        let (control, other) = try MessageSocket.pair()
        let options = LauncherOptions(
            hostName: "probe", inUserNamespace: !ThisProcess.isRoot,
            settings: DataDevice.settings(isRoot: ThisProcess.isRoot))
        try poller.add(control.descriptor, token: 0)
        let process = try ChildProcess.start(
            ProcessLaunch(
                path: image.path,
                arguments: options.arguments(
                    control: other, parent: ProcessTable.ownID, program: "/nothing"),
                passed: [other]), input: nothing, output: nothing, error: nothing)
        let result = Result {
            guard !poller.wait(until: SystemClock.monotonic() + allowance.nanoseconds).isEmpty else {
                throw LauncherError.late
            }
            return try control.receiveNetwork()
        }
        poller.remove(control.descriptor)
        // It waits at the gate, or has ended already.
        process.send(.kill)
        try poller.add(process.descriptor, token: 0)
        while try process.waitWithoutBlocking() == nil {
            _ = poller.wait(until: SystemClock.monotonic() + allowance.nanoseconds)
        }
        _ = try result.get()
    }
}
