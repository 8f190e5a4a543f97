// `build single | composition | purge`.

import ArgumentParser
import Engine
import Execution
import TestgroundModel

struct BuildCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build a plan's artifacts without running them.",
        subcommands: [BuildSingle.self, BuildComposition.self, BuildPurge.self])
}

struct BuildSingle: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "single", abstract: "Build one plan for one test case.",
        discussion: """
            testground build single --plan hello
            testground build single --plan hello --builder exec:go --dep example.com/lib=v1.2.3
            """,
        aliases: ["s"])

    @OptionGroup(title: "What to build") var single: SingleFlags
    @OptionGroup(title: "How to build") var build: BuildFlags

    @Flag(help: "Wait for the end; builds in process always do.")
    var wait = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    var handlesInterrupts: Bool { true }

    func run(on platform: Platform) async throws -> ExitStatus {
        let request = try Preparation(platform).single(self)
        return try await EngineSession.with(platform, flags: global) { session in
            try await RunExecution(session: session, options: ResultOptions())
                .carryOut(request.buildSubmission).status
        }
    }
}

struct BuildComposition: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "composition", abstract: "Build what a composition needs.",
        discussion: """
            testground build composition -f composition.toml
            testground build composition -f composition.toml --write-artifacts
            """,
        aliases: ["c"])

    @Option(name: [.short, .long], help: ArgumentHelp("The composition.", valueName: "file"))
    var file: String

    @Flag(name: [.short, .long], help: "Write the artifacts into the composition file.")
    var writeArtifacts = false

    @Flag(name: [.short, .long], help: "Build even where the composition names artifacts.")
    var ignoreArtifacts = false

    @Option(help: ArgumentHelp("Build against the SDK in this directory.", valueName: "path"))
    var linkSdk: String?

    @Flag(help: "Wait for the end; builds in process always do.")
    var wait = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    var handlesInterrupts: Bool { true }

    func run(on platform: Platform) async throws -> ExitStatus {
        let request = try Preparation(platform).composition(self)
        if request.composition.builds.isEmpty {
            platform.console.remark(
                "the composition names an artifact for every group; --ignore-artifacts builds anyway")
            return .success
        }
        return try await EngineSession.with(platform, flags: global) { session in
            let (status, task) = try await RunExecution(session: session, options: ResultOptions())
                .carryOut(request.buildSubmission)
            if status == .success, writeArtifacts {
                try ArtifactNotes.write(task.result?.artifacts ?? [:], into: platform.absolute(file))
            }
            return status
        }
    }
}

struct BuildPurge: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Remove what earlier builds of a plan left behind.",
        discussion: "  testground build purge --builder exec:swift --plan hello")

    @Option(
        name: [.short, .long], help: ArgumentHelp("The builder whose cache to clean.", valueName: "builder"))
    var builder: String

    @Option(name: [.short, .long], help: ArgumentHelp("The plan.", valueName: "plan"))
    var plan: String

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let name = try Preparation(platform).planName(plan)
        try await platform.builder(builder).purge(
            plan: name, workDirectory: "\(platform.home.work)/\(folderName(of: builder))",
            progress: RemarkSink(console: platform.console))
        platform.console.print(
            global.json ? JSONText.line(["purged": name]) : "purged builds of \(name) by \(builder)")
        return .success
    }
}
