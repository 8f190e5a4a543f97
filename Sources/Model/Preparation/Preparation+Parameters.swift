// Test parameters against what the test case declares. Each place where parameters are written is checked
// once, not each group that gets them.

extension Preparation {
    /// What a test case declares, looked up for every run.
    struct DeclaredParameters {
        var testCase: String
        var byName: [String: TestParameter]
        /// Those whose default is not of their type, each with what is wrong.
        var unusableDefaults: [(parameter: TestParameter, problem: TestParameter.Problem)]

        init(_ testCase: TestCase) {
            self.testCase = testCase.name
            byName = Dictionary(testCase.parameters.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
            unusableDefaults = testCase.parameters.compactMap { parameter in
                parameter.defaultValue.flatMap(parameter.problem).map { (parameter, $0) }
            }
        }
    }

    /// Checks the parameters that all runs share: those of the manifest, of `[global]` and of groups.
    mutating func checkSharedParameters(of testCase: TestCase) {
        let declared = DeclaredParameters(testCase)
        self.declared = declared
        let path = CompositionPath.global.key("run").key("test_params")
        check(written.global.run.parameters, at: path, declared)
        for (index, group) in written.groups.enumerated() {
            let path = CompositionPath.group(index).key("run").key("test_params")
            check(group.run.parameters, at: path, declared)
        }
        for parameter in testCase.parameters {
            guard let value = parameter.defaultValue, let separator = Self.separator(in: value) else {
                continue
            }
            warnOfSeparator(
                separator, in: parameter.name, at: placeOfDefault(parameter.name, of: testCase.name))
        }
    }

    /// Checks the parameters that a run adds.
    mutating func checkParameters(of placed: PlacedRun) {
        guard let declared, !written.runs.isEmpty else { return }
        check(placed.run.parameters, at: placed.path.key("test_params"), declared)
        for (group, path) in zip(placed.run.groups, placed.groupPaths) {
            check(group.parameters, at: path.key("test_params"), declared)
        }
    }

    /// Refuses a default of the wrong type where nobody has set another value.
    mutating func checkDefaults(in parameters: [String: String]) {
        guard let declared else { return }
        for (parameter, problem) in declared.unusableDefaults
        where parameters[parameter.name] == parameter.defaultValue {
            report(
                .error, at: placeOfDefault(parameter.name, of: declared.testCase),
                "nobody sets test parameter \"\(parameter.name)\", and its default is \(problem.message)",
                remedy: problem.remedy)
        }
    }

    private func placeOfDefault(_ parameter: String, of testCase: String) -> SourceLocation? {
        guard let index = plan.testCases.firstIndex(where: { $0.name == testCase }) else { return nil }
        return manifest.location(
            of: .root.key("testcases").index(index).key("params").key(parameter).key("default"))
    }

    private mutating func check(
        _ parameters: [String: String], at path: TOMLPath, _ declared: DeclaredParameters
    ) {
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            let place = composition.location(of: path.key(name))
            if let separator = Self.separator(in: name) ?? Self.separator(in: value) {
                warnOfSeparator(separator, in: name, at: place)
            }
            guard let parameter = declared.byName[name] else {
                report(
                    .warning, at: place,
                    "test case \"\(declared.testCase)\" declares no parameter \"\(name)\"",
                    remedy: nearestName(to: name, among: declared.byName.keys).map {
                        "did you mean \"\($0)\"?"
                    })
                continue
            }
            let subject = composition.locations == nil ? "--test-param \(name)" : "test parameter \"\(name)\""
            if let problem = parameter.problem(with: value) {
                report(.error, at: place, "\(subject) is \(problem.message)", remedy: problem.remedy)
            } else if !parameter.values.isEmpty, !parameter.values.contains(value) {
                report(
                    .warning, at: place,
                    "\(subject) is \(quoted(value)), none of \(parameter.values.joined(separator: ", "))",
                    remedy: nearestName(to: value, among: parameter.values).map { "did you mean \"\($0)\"?" })
            }
        }
    }

    /// The character of a text that the format of TEST_INSTANCE_PARAMS cannot carry (contract §1).
    private static func separator(in text: String) -> Character? { text.first { $0 == "|" || $0 == "=" } }

    private mutating func warnOfSeparator(_ separator: Character, in name: String, at place: SourceLocation?)
    {
        report(
            .warning, at: place,
            "test parameter \"\(name)\" holds \"\(separator)\": SDKs that read TEST_INSTANCE_PARAMS drop it",
            remedy: "those that read TEST_INSTANCE_PARAMS_JSON get it")
    }
}
