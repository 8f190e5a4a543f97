// `summary.json`: one run, what it was made of and how it went, for people and programs.

package import Execution
import TestgroundModel

/// The content of a run's `summary.json`. Times are seconds since the run's start, sizes bytes.
package struct RunSummary: Sendable, Codable {
    /// Version of this format; readers refuse a higher one.
    package static let currentVersion = 1

    package var version: Int
    package var run: String
    /// Id of the run within its composition.
    package var compositionRun: String
    package var plan: String
    package var testCase: String
    package var outcome: RunOutcome
    /// Why the run could not be carried out, or was canceled.
    package var error: String?
    /// RFC 3339, UTC.
    package var startedAt: String
    package var durationSeconds: Double
    package var runner: String
    /// As a decimal text: JSON's numbers do not carry 64 bits everywhere.
    package var seed: String
    package var program: ProgramDescription
    package var revision: SourceRevision
    package var groups: [GroupSummary]
    package var phases: [PhaseRecord]
    package var warnings: [String]
    /// How true the shaped network was; nil for a run without one.
    package var fidelity: NetworkFidelity?
    package var instances: [InstanceRecord]
    /// The composition as it was given, TOML.
    package var composition: String

    private enum CodingKeys: String, CodingKey {
        case version, run
        case compositionRun = "composition_run"
        case plan
        case testCase = "case"
        case outcome, error
        case startedAt = "started_at"
        case durationSeconds = "duration_seconds"
        case runner, seed, program, revision, groups, phases, warnings, fidelity, instances, composition
    }
}

/// The program and machine that carried a run.
package struct ProgramDescription: Sendable, Hashable, Codable {
    package var version: String
    package var operatingSystem: String
    package var processors: Int

    package init(version: String, operatingSystem: String, processors: Int) {
        self.version = version
        self.operatingSystem = operatingSystem
        self.processors = processors
    }

    private enum CodingKeys: String, CodingKey {
        case version
        case operatingSystem = "operating_system"
        case processors
    }
}

/// One group of a run.
package struct GroupSummary: Sendable, Codable {
    package var id: String
    package var instances: Int
    /// Instances that succeeded.
    package var ok: Int
    package var parameters: [String: String]
    package var builder: String
    package var artifact: String
    /// Module to version, where the builder knows them.
    package var dependencies: [String: String]
}

extension RunSummary {
    init(_ context: TaskContext, _ conclusion: TaskConclusion, program: ProgramDescription) {
        let plan = context.run
        let instances = conclusion.run?.instances ?? []
        let outcomes = conclusion.task.result?.outcomes ?? [:]
        version = Self.currentVersion
        run = context.id
        compositionRun = plan?.id ?? ""
        self.plan = plan?.plan ?? conclusion.task.plan
        testCase = plan?.testCase ?? conclusion.task.testCase
        outcome = conclusion.task.result?.outcome ?? .unknown
        error = conclusion.task.error
        let started = conclusion.run?.startedAtUnixNanoseconds ?? context.startedAt
        startedAt = Timestamp.rfc3339(unixNanoseconds: started)
        durationSeconds = conclusion.run?.duration ?? conclusion.duration
        runner = plan?.runner ?? ""
        seed = String(context.seed)
        self.program = program
        revision = context.revision
        groups = (plan?.groups ?? []).map { group in
            var artifact = ""
            var dependencies: [String: String] = [:]
            switch group.artifact {
            case .existing(let reference): artifact = reference
            case .build(let key):
                artifact = conclusion.builds[key]?.artifact.reference ?? ""
                dependencies = conclusion.builds[key]?.dependencies ?? [:]
            }
            return GroupSummary(
                id: group.id, instances: group.instances, ok: outcomes[group.id]?.ok ?? 0,
                parameters: group.parameters, builder: group.builder, artifact: artifact,
                dependencies: dependencies)
        }
        phases = conclusion.run?.phases ?? []
        warnings = conclusion.run?.warnings ?? []
        fidelity = conclusion.run?.fidelity
        self.instances = instances
        composition = context.composition
    }
}
