// From flags and files to what the engine takes: finds the plan, reads its manifest and `.env.toml`,
// prepares.

import Engine
import Execution
import Foundation
import TestgroundModel

struct Preparation {
    private let platform: Platform
    private let configuration: Parsed<EnvironmentConfiguration>

    init(_ platform: Platform) throws {
        self.platform = platform
        configuration = try ModelFile.configuration(platform.home)
    }

    // MARK: run single, build single

    func single(_ command: RunSingle) throws -> PreparedRequest {
        var flags = flags(command.single, command.build)
        flags.instances = command.instances
        flags.runner = command.runner ?? ""
        flags.parameters = KeyValue.table(command.parameters)
        flags.runConfiguration = KeyValue.configuration(command.runCfg)
        flags.disableMetrics = command.runFlags.disableMetrics
        if let artifact = command.useBuild {
            // A path from here, or an image's name.
            let path = platform.absolute(artifact)
            flags.artifact = FileManager.default.fileExists(atPath: path) ? path : artifact
        }
        var request = try single(
            flags, plan: command.single.plan, purpose: .run(), linkSDK: command.build.linkSdk,
            revision: command.metadata.revision)
        apply(command.runFlags, to: &request)
        return request
    }

    func single(_ command: BuildSingle) throws -> PreparedRequest {
        try single(
            flags(command.single, command.build), plan: command.single.plan, purpose: .build,
            linkSDK: command.build.linkSdk, revision: SourceRevision())
    }

    private func flags(_ single: SingleFlags, _ build: BuildFlags) -> Composition.SingleRun {
        var flags = Composition.SingleRun(plan: single.plan)
        flags.testCase = single.testcase ?? ""
        flags.builder = single.builder ?? ""
        flags.buildConfiguration = KeyValue.configuration(build.buildCfg)
        flags.dependencies = build.dependencies.map(\.dependency)
        return flags
    }

    private func single(
        _ flags: Composition.SingleRun, plan: String, purpose: PreparationPurpose, linkSDK: String?,
        revision: SourceRevision
    ) throws -> PreparedRequest {
        let found = try PlanDirectory(home: platform.home).find(plan, platform)
        let manifest = try ModelFile.manifest(of: found)
        var flags = flags
        flags.plan = manifest.value.name
        let composition = Composition.single(flags)
        return try request(
            composition, text: composition.value.text, manifest, found, purpose: purpose, linkSDK: linkSDK,
            revision: revision)
    }

    // MARK: run composition, build composition

    func composition(_ command: RunComposition) throws -> PreparedRequest {
        var (composition, text) = try read(command.file, writesArtifacts: command.writeArtifacts)
        composition.value.global.run.parameters.merge(KeyValue.table(command.parameters)) { $1 }
        if command.runFlags.disableMetrics { composition.value.global.disableMetrics = true }
        let (manifest, found) = try plan(of: composition.value, file: command.file)
        var request = try request(
            composition, text: text, manifest, found, purpose: .run(ids: command.chosenRuns ?? []),
            ignoringArtifacts: command.ignoreArtifacts, linkSDK: command.linkSdk,
            revision: command.metadata.revision)
        apply(command.runFlags, to: &request)
        return request
    }

    func composition(_ command: BuildComposition) throws -> PreparedRequest {
        let (composition, text) = try read(command.file, writesArtifacts: command.writeArtifacts)
        let (manifest, found) = try plan(of: composition.value, file: command.file)
        return try request(
            composition, text: text, manifest, found, purpose: .build,
            ignoringArtifacts: command.ignoreArtifacts, linkSDK: command.linkSdk, revision: SourceRevision())
    }

    private func read(_ file: String, writesArtifacts: Bool) throws -> (Parsed<Composition>, String) {
        let text = try ModelFile.text(platform.absolute(file), named: file, what: "composition")
        if writesArtifacts { try ArtifactNotes.check(text, file: file) }
        return (try ModelFile.composition(text, file: file, platform), text)
    }

    /// The composition's plan: in the home by its name, else beside the composition, else what it lies in.
    private func plan(
        of composition: Composition, file: String
    ) throws -> (Parsed<TestPlanManifest>, FoundPlan) {
        let name = composition.global.plan
        guard !name.isEmpty else {
            throw CommandError.usage("\(file) names no plan", remedy: "add plan = \"…\" under [global]")
        }
        let plans = PlanDirectory(home: platform.home)
        let start = URL(filePath: platform.absolute(file)).deletingLastPathComponent().path(
            percentEncoded: false)
        let found = try plans.find(name, besideComposition: start, platform) { plan in
            (try? ModelFile.manifest(of: plan))?.value.name
        }
        return (try ModelFile.manifest(of: found), found)
    }

    // MARK: What both share

    /// The manifest's name of a plan that a person names.
    func planName(_ plan: String) throws -> String {
        let found = try PlanDirectory(home: platform.home).find(plan, platform)
        return try ModelFile.manifest(of: found).value.name
    }

    private func request(
        _ composition: Parsed<Composition>, text: String, _ manifest: Parsed<TestPlanManifest>,
        _ found: FoundPlan, purpose: PreparationPurpose, ignoringArtifacts: Bool = false, linkSDK: String?,
        revision: SourceRevision
    ) throws -> PreparedRequest {
        let preparer = CompositionPreparer(
            manifest: manifest, configuration: configuration,
            components: KnownComponents(
                builders: Dictionary(platform.builders.map { ($0.id, $0.configurationKeys) }) { $1 },
                runners: Dictionary(platform.runners.map { ($0.id, $0.configurationKeys) }) { $1 }))
        let prepared = try ModelFile.explaining {
            try preparer.prepare(composition, for: purpose, ignoringArtifacts: ignoringArtifacts)
        }
        for warning in prepared.warnings {
            platform.console.warn(VisibleText.escaped(LineFormat.sentence(warning)))
        }
        let extra = Dictionary(
            platform.builders.map { builder in
                let directories = manifest.value.extraSources(forBuilder: builder.id)
                return (
                    builder.id,
                    directories.map { AbsolutePath.make($0, in: found.directory, platform.environment) }
                )
            }, uniquingKeysWith: { $1 })
        let context = SubmissionContext(
            sources: PlanSources(
                plan: manifest.value.name, directory: found.directory, sdk: try linkSDK.map(sdk)),
            extraSources: extra, composition: text,
            author: TaskAuthor(user: author), revision: revision,
            concurrentBuilds: prepared.concurrentBuilds ?? 1, environment: platform.environment)
        let minutes = configuration.value.daemon.scheduler.taskTimeoutMinutes
        return PreparedRequest(
            composition: prepared, context: context, seed: platform.makeSeed(),
            timeLimit: minutes.map { .seconds($0 * 60) } ?? PreparedRequest.defaultTimeLimit)
    }

    private func apply(_ flags: RunFlags, to request: inout PreparedRequest) {
        if let seed = flags.seed { request.seed = seed.value }
        if let timeout = flags.timeout { request.timeLimit = timeout.duration }
        request.requiresTrust = flags.requireTrusted
    }

    private var author: String {
        let configured = configuration.value.client.user
        return configured.isEmpty ? platform.environment["USER"] ?? "" : configured
    }

    /// An SDK by its name in the home's `sdks/`, or by its path.
    private func sdk(_ text: String) throws -> String {
        for path in ["\(platform.home.sdks)/\(text)", platform.absolute(text)] {
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw CommandError.usage(
            "there is no SDK \(text), neither in \(platform.home.sdks) nor at \(platform.absolute(text))",
            remedy: "--link-sdk takes the path of an SDK's checkout")
    }
}
