// `run single` and `run composition`.

import ArgumentParser
import Engine
import Execution
import TestgroundModel

struct RunCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Build a plan, run its instances, and tell whether all succeeded.",
        subcommands: [RunSingle.self, RunComposition.self])
}

struct RunSingle: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "single", abstract: "Run one test case with one group of instances.",
        discussion: """
            testground run single --plan hello
            testground run single --plan ./my-plan --testcase ping -i 10 --tp count=5 --timeout 2m
            testground run single -p hello --use-build ./hello --collect

            Ctrl-C cancels: instances get SIGTERM and, after 10 s, SIGKILL; a second one kills at once.
            """,
        aliases: ["s"])

    @OptionGroup(title: "What to run") var single: SingleFlags

    @Option(
        // The next argument is the value also where it is negative, so that it is refused for what it is.
        name: [.short, .long], parsing: .unconditional,
        help: ArgumentHelp("How many instances; the test case's default if left out.", valueName: "count"))
    var instances: Int?

    @Option(
        name: [.customLong("test-param"), .customLong("tp")],
        help: ArgumentHelp("Set a parameter of the test case; may be given again.", valueName: "key=value"))
    var parameters: [KeyValue] = []

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The runner, e.g. local:exec; the manifest's default if left out.", valueName: "runner"))
    var runner: String?

    @Option(
        help: ArgumentHelp(
            "Set a value of the runner's configuration; may be given again.", valueName: "key=value"))
    var runCfg: [KeyValue] = []

    @Option(
        name: [.customLong("use-build"), .customLong("ub")],
        help: ArgumentHelp("Run this artifact and build nothing.", valueName: "path or image"))
    var useBuild: String?

    @OptionGroup(title: "How to build") var build: BuildFlags
    @OptionGroup(title: "How to run, and the results") var runFlags: RunFlags
    @OptionGroup(title: "Where the code comes from") var metadata: MetadataFlags
    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    var handlesInterrupts: Bool { true }

    func validate() throws {
        if let instances, instances < 1 { throw ValidationError("--instances must be at least 1.") }
    }

    func run(on platform: Platform) async throws -> ExitStatus {
        let request = try Preparation(platform).single(self)
        return try await EngineSession.with(platform, flags: global) { session in
            let options = ResultOptions(
                collects: runFlags.collects, collectFile: runFlags.collectFile)
            return try await RunExecution(session: session, options: options)
                .carryOut(request.runSubmission)
        }
    }
}

struct RunComposition: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "composition", abstract: "Run what a composition file describes.",
        discussion: """
            testground run composition -f c.toml
            testground run composition -f c.toml --run-ids small,large -O results.csv
            testground run composition -f c.toml --write-artifacts    build, and note it

            The plan is the composition's `plan`: a name in the home's plans/, else a
            directory beside the composition, else the plan the composition lies in.
            """,
        aliases: ["c"])

    @Option(name: [.short, .long], help: ArgumentHelp("The composition.", valueName: "file"))
    var file: String

    @Flag(name: [.short, .long], help: "Write the artifacts that were built into the composition file.")
    var writeArtifacts = false

    @Flag(name: [.short, .long], help: "Build even where the composition names artifacts.")
    var ignoreArtifacts = false

    @Option(help: ArgumentHelp("Only these runs of the composition.", valueName: "id,id"))
    var runIds: String?

    @Option(
        name: [.customShort("O"), .long], help: ArgumentHelp("Write the results as CSV.", valueName: "file"))
    var resultFile: String?

    @Option(
        name: [.customLong("test-param"), .customLong("tp")],
        help: ArgumentHelp("Set a parameter for all groups that do not set it.", valueName: "key=value"))
    var parameters: [KeyValue] = []

    @Option(help: ArgumentHelp("Build against the SDK in this directory.", valueName: "path"))
    var linkSdk: String?

    @OptionGroup(title: "How to run, and the results") var runFlags: RunFlags
    @OptionGroup(title: "Where the code comes from") var metadata: MetadataFlags
    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    var handlesInterrupts: Bool { true }

    /// The ids of `--run-ids`, nil for all runs.
    var chosenRuns: [String]? {
        runIds.map {
            $0.split(separator: ",").map { $0.trimmingPrefix(" ").description }.filter { !$0.isEmpty }
        }
    }

    func validate() throws {
        if let chosenRuns, chosenRuns.isEmpty { throw ValidationError("--run-ids names no run.") }
    }

    func run(on platform: Platform) async throws -> ExitStatus {
        let request = try Preparation(platform).composition(self)
        return try await EngineSession.with(platform, flags: global) { session in
            let options = ResultOptions(
                collects: runFlags.collects, collectFile: runFlags.collectFile,
                resultFile: resultFile.map(platform.absolute))
            let execution = RunExecution(session: session, options: options)
            let submission = request.runSubmission
            guard writeArtifacts, !submission.composition.builds.isEmpty else {
                return try await execution.carryOut(submission)
            }
            let (status, task) = try await execution.carryOut(request.buildSubmission)
            guard status == .success else { return status }
            let artifacts = task.result?.artifacts ?? [:]
            try ArtifactNotes.write(artifacts, into: platform.absolute(file))
            return try await execution.carryOut(request.using(artifacts).runSubmission)
        }
    }
}
