// What is said between the runner and testground-launch: its arguments, and what it reports. The other side
// is Sources/System/testground-launch/main.c.

package import LinuxSystem

/// How an instance is to be launched into namespaces of its own.
package struct LauncherOptions: Sendable, Hashable {
    /// At most 64 bytes.
    package var hostName: String
    /// The file that becomes the instance's `/etc/hosts`; nil for the host's own.
    package var hostsFile: String?
    /// Make a user namespace first: for callers without privileges.
    package var inUserNamespace: Bool
    /// `KEY=VALUE` as for sysctl(8); one that the kernel lacks is left alone.
    package var settings: [String]
    /// Ports of loopback on which control services listen, at most 8.
    package var ports: [UInt16]

    package init(
        hostName: String, hostsFile: String? = nil, inUserNamespace: Bool = false, settings: [String] = [],
        ports: [UInt16] = []
    ) {
        self.hostName = hostName
        self.hostsFile = hostsFile
        self.inUserNamespace = inUserNamespace
        self.settings = settings
        self.ports = ports
    }

    /// Arguments of the launcher.
    ///
    /// - Parameters:
    ///   - control: the descriptor that the launcher has been passed.
    ///   - parent: the process with which the instance ends.
    package func arguments(
        control: OwnedDescriptor, parent: Int32, program: String, arguments: [String] = []
    ) -> [String] {
        var list = ["--control", String(control.number), "--parent", String(parent), "--hostname", hostName]
        if let hostsFile { list += ["--hosts", hostsFile] }
        if inUserNamespace { list.append("--user") }
        for setting in settings { list += ["--sysctl", setting] }
        for port in ports { list += ["--listen", String(port)] }
        return list + ["--", program] + arguments
    }
}

/// What the launcher reports before it waits at the gate.
package struct LaunchedNetwork: Sendable {
    /// Number of the device `data0` in its namespace.
    package var deviceIndex: UInt32
    /// The packets of `data0`.
    package var device: OwnedDescriptor
    /// An rtnetlink socket of the namespace.
    package var netlink: OwnedDescriptor
    /// Listening sockets, in the order of `LauncherOptions.ports`.
    package var listeners: [OwnedDescriptor]
}

/// Why the launcher gave up.
package struct LauncherError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence: the step, the error, the remedy.
    package var description: String

    package static let gone = LauncherError(description: "it ended before its network was made")
    package static let late = LauncherError(description: "making a network namespace takes too long")
    package static let incomplete = LauncherError(description: "its launcher passed too few descriptors")
}

extension MessageSocket {
    /// Opens the gate: the launcher becomes the plan.
    package func openGate() throws(SystemError) { try send("!") }

    /// Reads what the launcher says first.
    ///
    /// - Throws: `LauncherError` with what failed, or `SystemError`.
    package func receiveNetwork() throws -> LaunchedNetwork {
        guard case .message(let message) = try receive(waits: true) else { throw LauncherError.gone }
        let words = message.text.split(separator: " ")
        guard words.count == 2, words[0] == "attached", let index = UInt32(words[1]),
            message.descriptors.count >= 2
        else {
            throw LauncherError(report: message.text)
        }
        return LaunchedNetwork(
            deviceIndex: index, device: message.descriptors[0], netlink: message.descriptors[1],
            listeners: Array(message.descriptors.dropFirst(2)))
    }

    /// Why the plan could not be executed after the gate was opened; nil while that is not known, and for
    /// good once the plan runs.
    package func failureToExecute() -> LauncherError? {
        guard case .message(let message) = try? receive(waits: false) else { return nil }
        return LauncherError(report: message.text)
    }
}

extension LauncherError {
    /// `error STEP`, the errno and the remedy on lines of their own.
    init(report: String) {
        let lines = report.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 3, lines[0].hasPrefix("error "), let code = Int32(lines[1]) else {
            self.init(description: "its launcher said what nobody understands: \(report.prefix(200))")
            return
        }
        let error = SystemError(call: String(lines[0].dropFirst("error ".count)), code: code)
        self.init(description: "\(error) (\(lines[2]))")
    }
}
