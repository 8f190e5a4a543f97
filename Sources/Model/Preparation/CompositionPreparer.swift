// prepare: composition, manifest and configuration → what to build and run, every value decided.
//
// The rules are those of the contract, §6.
//
//   Preparation               the state of one preparation and its order of steps
//   Preparation+Builds        builder, build configuration, shared builds
//   Preparation+Runs          runs, their groups, numbers of instances
//   Preparation+Topology      regions, links and uplinks of a run's network
//   Preparation+Runner        the runner and its configuration
//   Preparation+Parameters    test parameters against what the test case declares
//   BuildKey                  which groups share a build

/// Makes compositions ready to be built and run.
package struct CompositionPreparer: Sendable {
    package var manifest: Parsed<TestPlanManifest>
    package var configuration: Parsed<EnvironmentConfiguration>
    package var components: KnownComponents

    package init(
        manifest: Parsed<TestPlanManifest>,
        configuration: Parsed<EnvironmentConfiguration> = Parsed(EnvironmentConfiguration()),
        components: KnownComponents
    ) {
        self.manifest = manifest
        self.configuration = configuration
        self.components = components
    }

    /// Decides every value of a composition and checks that its parts go together.
    ///
    /// The time is proportional to the size of the composition: groups, runs, and the groups of runs.
    ///
    /// - Parameter ignoringArtifacts: build also where an artifact is named (`--ignore-artifacts`).
    /// - Throws: `ModelError` with everything that is wrong, as far as one error does not hide another.
    package func prepare(
        _ composition: Parsed<Composition>, for purpose: PreparationPurpose = .run(),
        ignoringArtifacts: Bool = false
    ) throws(ModelError) -> PreparedComposition {
        var preparation = Preparation(self, composition, ignoresArtifacts: ignoringArtifacts)
        return try preparation.carryOut(purpose)
    }
}

/// One preparation at work.
struct Preparation {
    let composition: Parsed<Composition>
    let manifest: Parsed<TestPlanManifest>
    let configuration: Parsed<EnvironmentConfiguration>
    let components: KnownComponents
    let ignoresArtifacts: Bool
    /// Position of each group by its id.
    let groupIndex: [String: Int]
    private(set) var diagnostics: [Diagnostic] = []

    /// The artifact of each group that was asked for; nil for one that cannot be built.
    var artifacts: [Int: GroupArtifact?] = [:]
    var builds = BuildCollection()
    /// Parameters and profiles of each group before any run adds to them.
    var groupSettings: [Int: Composition.RunSettings] = [:]
    /// Parameters of the test case, once that is known.
    var declared: DeclaredParameters?

    struct GroupArtifact {
        var source: ArtifactSource
        /// Empty when the artifact was given.
        var builder: String
    }

    var written: Composition { composition.value }
    var plan: TestPlanManifest { manifest.value }

    init(_ preparer: CompositionPreparer, _ composition: Parsed<Composition>, ignoresArtifacts: Bool) {
        self.composition = composition
        self.ignoresArtifacts = ignoresArtifacts
        manifest = preparer.manifest
        configuration = preparer.configuration
        components = preparer.components
        groupIndex = Dictionary(
            composition.value.groups.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    mutating func carryOut(_ purpose: PreparationPurpose) throws(ModelError) -> PreparedComposition {
        checkGroups()
        var result = PreparedComposition(
            plan: plan.name, testCase: written.global.testCase, author: written.metadata.author, builds: [],
            runs: [])
        result.concurrentBuilds = written.global.concurrentBuilds
        switch purpose {
        case .build:
            for index in written.groups.indices { _ = artifact(ofGroup: index) }
        case .run(let ids):
            let runner = decideRunner()
            let testCase = decideTestCase()
            result.testCase = testCase?.name ?? ""
            if let testCase { checkSharedParameters(of: testCase) }
            result.runs = selectedRuns(ids).compactMap {
                prepare($0, testCase: testCase, runner: runner)
            }
        }
        checkBuildConfigurationKeys()
        result.builds = builds.plans
        // A default that is used becomes an error; the manifest's warning of it would say the same again.
        let refused = Set(diagnostics.filter { $0.severity == .error }.compactMap(\.location))
        let remaining = manifest.warnings.filter { $0.location.map(refused.contains) != true }
        let all = composition.warnings + diagnostics + remaining + configuration.warnings
        let ordered = Diagnostic.inOrder(all)
        if ordered.contains(where: { $0.severity == .error }) { throw ModelError(.preparation, ordered) }
        result.warnings = ordered
        return result
    }

    private mutating func checkGroups() {
        let groups = written.groups
        if groups.isEmpty {
            report(.error, at: .root, "the composition has no groups", remedy: "add [[groups]] with an id")
        }
        if groups.count > CompositionLimits.groups {
            report(
                .error, at: CompositionPath.group(CompositionLimits.groups),
                "the composition has \(groups.count) groups, more than \(CompositionLimits.groups)",
                remedy: "split it")
        }
        for (index, group) in groups.enumerated() {
            guard let first = groupIndex[group.id], first != index, !group.id.isEmpty else { continue }
            report(
                .error, at: CompositionPath.group(index).key("id"),
                "the group \"\(group.id)\" stands here again\(firstSeen(CompositionPath.group(first)))",
                remedy: "give each group an id of its own")
        }
    }

    private mutating func decideTestCase() -> TestCase? {
        let name = written.global.testCase
        let known = plan.testCases.map(\.name).joined(separator: ", ")
        if name.isEmpty {
            if plan.testCases.count == 1 { return plan.testCases.first }
            report(
                .error, at: CompositionPath.global, "no test case is named",
                remedy: "choose one of plan \"\(plan.name)\": \(known)")
            return nil
        }
        if let testCase = plan.testCase(name) { return testCase }
        report(
            .error, at: CompositionPath.global.key("case"),
            "plan \"\(plan.name)\" has no test case \"\(name)\"; it has \(known)",
            remedy: nearestName(to: name, among: plan.testCases.map(\.name)).map { "did you mean \"\($0)\"?" }
        )
        return nil
    }

    // MARK: Diagnostics

    /// Something in the composition.
    mutating func report(
        _ severity: Diagnostic.Severity, at path: TOMLPath, _ message: String, remedy: String? = nil
    ) {
        diagnostics.append(
            Diagnostic(severity, at: composition.location(of: path), message, remedy: remedy))
    }

    mutating func report(
        _ severity: Diagnostic.Severity, at location: SourceLocation?, _ message: String,
        remedy: String? = nil
    ) {
        diagnostics.append(Diagnostic(severity, at: location, message, remedy: remedy))
    }

    /// `, first in line 3`, where that is known.
    func firstSeen(_ path: TOMLPath) -> String {
        composition.location(of: path).map { ", first in line \($0.line)" } ?? ""
    }

    /// Warns of keys that nobody reads, with the known key most like each.
    mutating func warnOfUnknownKeys(
        _ table: ConfigurationTable, known: Set<String>, reader: String,
        at location: (String) -> SourceLocation?
    ) {
        for key in table.keys.sorted() where !known.contains(key) && !ComponentSwitch.all.contains(key) {
            report(
                .warning, at: location(key), "\(reader) does not read \"\(key)\"",
                remedy: nearestName(to: key, among: known).map { "did you mean \"\($0)\"?" })
        }
    }
}
