// manifest.toml → TestPlanManifest.

extension TestPlanManifest {
    /// Parses a manifest.
    ///
    /// - Parameter file: the file's name for messages.
    /// - Throws: `ModelError` with everything that is wrong.
    package static func parse(_ text: String, file: String) throws(ModelError) -> Parsed<TestPlanManifest> {
        let document = try TOMLDocument(text, file: file)
        let reading = DocumentReading(document.locations)
        var root = TableReader(document.root, .root, reading)
        let manifest = read(&root)
        root.warnOfUnknownKeys()
        return try reading.finish(manifest, code: .manifest)
    }

    private static func read(_ root: inout TableReader) -> TestPlanManifest {
        let name = root.string("name")
        if name.isEmpty {
            root.error("the manifest has no name", remedy: "write name = \"my-plan\" at its top")
        } else if !isUsableName(name) {
            root.reading.error(
                at: root.path.key("name"), "the plan's name \(quoted(name)) cannot name a folder",
                remedy: "use letters, digits, -, _, . and /, without empty or .. parts")
        }
        let defaults = root.table("defaults") { ($0.string("builder"), $0.string("runner")) }
        let builders = root.tablesByName("builders")
        let runners = root.tablesByName("runners")
        let extraSources = root.table("extra_sources") { reader in
            var sources: [String: [String]] = [:]
            for builder in reader.table.keys.sorted() { sources[builder] = reader.strings(builder) }
            return sources
        }
        let testCases = root.tables("testcases") { reader, _ in readTestCase(&reader) }
        if testCases.isEmpty {
            root.error(
                "the manifest has no test case", remedy: "add [[testcases]] with name and instances")
        }
        refuseDuplicates(testCases, root)
        return TestPlanManifest(
            name: name, defaultBuilder: defaults.0, defaultRunner: defaults.1, builders: builders,
            runners: runners, extraSources: extraSources, testCases: testCases)
    }

    /// Whether a plan's name can be a folder's and part of a sync key.
    private static func isUsableName(_ name: String) -> Bool {
        let characters = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType != nil
                || "-_./+@".unicodeScalars.contains($0)
        }
        return characters
            && name.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    private static func refuseDuplicates(_ testCases: [TestCase], _ root: TableReader) {
        var first: [String: Int] = [:]
        for (index, testCase) in testCases.enumerated() where !testCase.name.isEmpty {
            let path = root.path.key("testcases")
            if let earlier = first[testCase.name] {
                let line = root.reading.locations.location(of: path.index(earlier)).line
                root.reading.error(
                    at: path.index(index).key("name"),
                    "the test case \"\(testCase.name)\" stands here again, first in line \(line)",
                    remedy: "give each test case a name of its own")
            } else {
                first[testCase.name] = index
            }
        }
    }

    private static func readTestCase(_ reader: inout TableReader) -> TestCase {
        let name = reader.string("name")
        if name.isEmpty { reader.error("a test case has no name", remedy: "write name = \"…\"") }
        let instances = reader.table("instances") { readInstances(&$0, testCase: name) }
        let path = reader.path.key("params")
        let reading = reader.reading
        let parameters = reader.tablesByName("params").map { parameter, table in
            var reader = TableReader(table, path.key(parameter), reading)
            return readParameter(parameter, &reader)
        }
        let sorted = parameters.sorted { left, right in
            let places = [left, right].map { reading.locations.order(of: path.key($0.name)) ?? 0 }
            return (places[0], left.name) < (places[1], right.name)
        }
        return TestCase(name: name, instances: instances, parameters: sorted)
    }

    private static func readInstances(_ reader: inout TableReader, testCase: String) -> InstanceBounds {
        let bounds = InstanceBounds(
            minimum: reader.count("min"), maximum: reader.count("max"), defaultCount: reader.count("default"))
        if let minimum = bounds.minimum, let maximum = bounds.maximum, minimum > maximum {
            reader.error(
                "test case \"\(testCase)\" needs at least \(minimum) instances but takes at most \(maximum)",
                remedy: "make min no larger than max")
        } else if let count = bounds.defaultCount, !bounds.contains(count) {
            // Nothing but a run without a number uses it: no reason to refuse plans that upstream accepts.
            reader.reading.warning(
                at: reader.path.key("default"),
                "test case \"\(testCase)\" has \(count) instances by default, outside its own min and max",
                remedy:
                    "choose a default from \(bounds.minimum ?? 1) to \(bounds.maximum ?? .max)"
            )
        }
        return bounds
    }

    private static func readParameter(_ name: String, _ reader: inout TableReader) -> TestParameter {
        var parameter = TestParameter(name: name)
        parameter.type = reader.string("type")
        parameter.description = reader.string("desc")
        parameter.unit = reader.string("unit")
        parameter.defaultValue = reader.anyValue("default")?.parameterText
        if case .array(let values) = reader.anyValue("values") {
            parameter.values = values.map(\.parameterText)
        }
        reader.warnOfUnknownKeys()
        if let value = parameter.defaultValue, let problem = parameter.problem(with: value) {
            // An error only for runs that use it.
            reader.reading.warning(
                at: reader.path.key("default"),
                "the default of test parameter \"\(name)\" is \(problem.message)",
                remedy: problem.remedy)
        }
        return parameter
    }
}
