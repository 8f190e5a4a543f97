// What a plan says of itself in manifest.toml (contract §6): how it is built and run, and its test cases.
//
// TestPlanManifest+Parsing  text → manifest
// ParameterType             the types of parameters, and whether a value is of one

/// A test plan's manifest.
package struct TestPlanManifest: Sendable, Hashable {
    package var name: String
    /// Builder and runner for those who name none; empty where the manifest names none.
    package var defaultBuilder: String
    package var defaultRunner: String
    /// Configuration by builder id. A builder that is not named here cannot build the plan.
    package var builders: [String: ConfigurationTable]
    /// Configuration by runner id. A runner that is not named here cannot run the plan.
    package var runners: [String: ConfigurationTable]
    /// Directories that go with the plan's sources, by builder id with `:` as `_`; relative to the plan.
    package var extraSources: [String: [String]]
    package var testCases: [TestCase]

    package init(
        name: String, defaultBuilder: String = "", defaultRunner: String = "",
        builders: [String: ConfigurationTable] = [:], runners: [String: ConfigurationTable] = [:],
        extraSources: [String: [String]] = [:], testCases: [TestCase]
    ) {
        self.name = name
        self.defaultBuilder = defaultBuilder
        self.defaultRunner = defaultRunner
        self.builders = builders
        self.runners = runners
        self.extraSources = extraSources
        self.testCases = testCases
    }

    package func testCase(_ name: String) -> TestCase? { testCases.first { $0.name == name } }

    /// Ids of the builders that the manifest names and does not switch off, sorted.
    package var supportedBuilders: [String] { Self.enabled(builders) }

    /// Ids of the runners that the manifest names and does not switch off, sorted.
    package var supportedRunners: [String] { Self.enabled(runners) }

    /// Directories that go with the sources for a builder, as the manifest names them.
    package func extraSources(forBuilder id: String) -> [String] {
        extraSources[String(id.map { $0 == ":" ? "_" : $0 })] ?? extraSources[id] ?? []
    }

    private static func enabled(_ components: [String: ConfigurationTable]) -> [String] {
        components.filter { $0.value["enabled"] != .boolean(false) }.keys.sorted()
    }
}

/// A test case of a plan.
package struct TestCase: Sendable, Hashable {
    package var name: String
    package var instances: InstanceBounds
    /// In the order they were written.
    package var parameters: [TestParameter]

    package init(name: String, instances: InstanceBounds = InstanceBounds(), parameters: [TestParameter] = [])
    {
        self.name = name
        self.instances = instances
        self.parameters = parameters
    }

    /// Values of the parameters that have a default.
    package var defaults: [String: String] {
        var result: [String: String] = [:]
        for parameter in parameters { result[parameter.name] = parameter.defaultValue }
        return result
    }
}

/// How many instances a test case needs and takes; nil where the manifest does not say.
package struct InstanceBounds: Sendable, Hashable {
    package var minimum: Int?
    package var maximum: Int?
    /// For runs that name no number.
    package var defaultCount: Int?

    package init(minimum: Int? = nil, maximum: Int? = nil, defaultCount: Int? = nil) {
        self.minimum = minimum
        self.maximum = maximum
        self.defaultCount = defaultCount
    }

    package func contains(_ count: Int) -> Bool { count >= minimum ?? 0 && count <= maximum ?? .max }
}

/// A parameter of a test case.
package struct TestParameter: Sendable, Hashable {
    package var name: String
    /// As written, e.g. `int`; empty where it was not.
    package var type: String
    package var description: String
    /// For people, e.g. `ms`.
    package var unit: String
    /// What instances get where nobody says otherwise. A default that is not a string is its JSON text.
    package var defaultValue: String?
    /// What an `enum` may be; empty where the manifest does not say.
    package var values: [String]

    package init(
        name: String, type: String = "", description: String = "", unit: String = "",
        defaultValue: String? = nil, values: [String] = []
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.unit = unit
        self.defaultValue = defaultValue
        self.values = values
    }
}
