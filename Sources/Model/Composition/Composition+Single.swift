// `run single` and `build single`: a composition of one group, made of flags.

extension Composition {
    /// What the flags of `run single` and `build single` say (contract §8).
    package struct SingleRun: Sendable, Hashable {
        package var plan: String
        /// Empty where the plan has only one.
        package var testCase = ""
        /// Empty for the manifest's default.
        package var builder = ""
        package var runner = ""
        /// nil for the test case's default.
        package var instances: Int?
        package var parameters: [String: String] = [:]
        package var runConfiguration: ConfigurationTable = [:]
        package var buildConfiguration: ConfigurationTable = [:]
        package var dependencies: [Dependency] = []
        /// An artifact to use in place of a build; empty for none.
        package var artifact = ""
        package var disableMetrics = false

        package init(plan: String) { self.plan = plan }
    }

    /// The composition that the flags stand for: one group, `single`.
    package static func single(_ flags: SingleRun) -> Parsed<Composition> {
        var group = Group(id: "single", instances: flags.instances.map(Instances.count))
        group.build.dependencies = flags.dependencies
        group.run.artifact = flags.artifact
        group.run.parameters = flags.parameters
        var global = Global()
        global.plan = flags.plan
        global.testCase = flags.testCase
        global.builder = flags.builder
        global.runner = flags.runner
        global.disableMetrics = flags.disableMetrics
        global.runConfiguration = flags.runConfiguration
        global.buildConfiguration = flags.buildConfiguration
        return Parsed(Composition(global: global, groups: [group]))
    }
}

/// Values of flags as the model reads them.
package enum FlagText {
    /// `key=value`; the value may hold further `=`.
    ///
    /// - Parameter flag: the flag's name for the message, e.g. `--test-param`.
    package static func pair(_ text: String, flag: String) throws(ModelError) -> (key: String, value: String)
    {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw wrong(flag, text, "a key and a value", example: "\(flag) key=value")
        }
        return (String(parts[0]), String(parts[1]))
    }

    /// Pairs as texts; of a key given twice the last counts.
    package static func parameters(_ texts: [String], flag: String) throws(ModelError) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts {
            let pair = try pair(text, flag: flag)
            result[pair.key] = pair.value
        }
        return result
    }

    /// Pairs as a configuration; values are read as TOML where they are written as TOML.
    package static func configuration(
        _ texts: [String], flag: String
    ) throws(ModelError) -> ConfigurationTable {
        try parameters(texts, flag: flag).mapValues(ConfigurationValue.init(flagText:))
    }

    /// `module=version` or `module=target@version`.
    package static func dependency(_ text: String, flag: String) throws(ModelError) -> Dependency {
        let expected = "a module and its version"
        let example =
            "\(flag) example.com/module=v1.2.3 or \(flag) example.com/module=example.com/fork@v1.2.3"
        guard let pair = try? pair(text, flag: flag), !pair.value.isEmpty else {
            throw wrong(flag, text, expected, example: example)
        }
        guard let at = pair.value.lastIndex(of: "@") else {
            return Dependency(module: pair.key, version: pair.value)
        }
        let version = String(pair.value[pair.value.index(after: at)...])
        guard !version.isEmpty else { throw wrong(flag, text, expected, example: example) }
        return Dependency(module: pair.key, target: String(pair.value[..<at]), version: version)
    }

    private static func wrong(
        _ flag: String, _ text: String, _ expected: String, example: String
    ) -> ModelError {
        ModelError(
            .flag,
            [Diagnostic(.error, "\(flag) \(quoted(text)) is not \(expected)", remedy: "write \(example)")])
    }
}
