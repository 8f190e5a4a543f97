// The home directory: where plans, SDKs, outputs and the configuration lie (contract §6).

/// The home and what lies in it. Paths are text; nothing is touched.
package struct TestgroundHome: Sendable, Hashable {
    /// As found: absolute where the environment is.
    package var path: String

    package init(path: String) { self.path = path }

    /// `$TESTGROUND_HOME`, else `~/testground` if it exists, else `$XDG_CONFIG_HOME/testground`.
    ///
    /// - Parameter exists: whether a directory exists.
    package init(environment: [String: String], exists: (String) -> Bool) {
        let user = Self.nonEmpty(environment["HOME"]) ?? "/"
        let old = Self.join(user, "testground")
        if let given = Self.nonEmpty(environment["TESTGROUND_HOME"]) {
            path = given == "~" || given.hasPrefix("~/") ? user + given.dropFirst() : given
        } else if exists(old) {
            path = old
        } else {
            // A relative XDG_CONFIG_HOME counts as none (XDG Base Directory Specification 0.8).
            let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            path = Self.join(configuration ?? Self.join(user, ".config"), "testground")
        }
    }

    package var plans: String { Self.join(path, "plans") }
    package var sdks: String { Self.join(path, "sdks") }
    /// Builders' and runners' own folders.
    package var work: String { Self.join(path, "data/work") }
    package var outputs: String { Self.join(path, "data/outputs") }
    /// The task store and tasks' logs.
    package var daemon: String { Self.join(path, "data/daemon") }
    package var configurationFile: String { Self.join(path, ".env.toml") }

    private static func nonEmpty(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    private static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }
}
