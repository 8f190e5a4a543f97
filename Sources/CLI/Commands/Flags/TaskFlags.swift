// Flags that runs and builds share, in groups as the help shows them.

import ArgumentParser
import Execution

/// Which plan, and how it is built.
struct SingleFlags: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The plan: its name in the home's plans/, or the path of its directory.", valueName: "plan"))
    var plan: String

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("The test case; may be left out where the plan has only one.", valueName: "case"))
    var testcase: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The builder, e.g. exec:swift; the manifest's default if left out.", valueName: "builder"))
    var builder: String?
}

/// How to build.
struct BuildFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Set a value of the builder's configuration; may be given again.", valueName: "key=value"))
    var buildCfg: [KeyValue] = []

    @Option(
        name: [.customShort("d"), .customLong("dep"), .customLong("dependency")],
        help: ArgumentHelp(
            "Build against another version of a dependency.", valueName: "module=[target@]version"))
    var dependencies: [DependencyFlag] = []

    @Option(help: ArgumentHelp("Build against the SDK in this directory.", valueName: "path"))
    var linkSdk: String?
}

/// Where the code comes from; kept with the run and passed on to instances.
struct MetadataFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Repository of the code under test.", valueName: "name"))
    var metadataRepo = ""

    @Option(help: ArgumentHelp("Branch of the code under test.", valueName: "name"))
    var metadataBranch = ""

    @Option(help: ArgumentHelp("Commit of the code under test.", valueName: "hash"))
    var metadataCommit = ""

    var revision: SourceRevision {
        SourceRevision(repo: metadataRepo, commit: metadataCommit, branch: metadataBranch)
    }
}

/// How to run, and what to do with the results.
struct RunFlags: ParsableArguments {
    @Flag(help: "Wait for the end; runs in process always do.")
    var wait = false

    @Flag(help: "Pack the outputs of each run into <run>.tgz afterwards.")
    var collect = false

    @Option(
        name: [.customShort("o"), .customLong("collect-file")],
        help: ArgumentHelp("The archive to pack the outputs into; implies --collect.", valueName: "file"))
    var collectFile: String?

    @Flag(help: "Tell instances to send no metrics.")
    var disableMetrics = false

    @Option(
        help: ArgumentHelp("Seed of every random decision; the record of a run has it.", valueName: "number"))
    var seed: Seed?

    @Option(
        help: ArgumentHelp(
            "Longest time a run may take, e.g. 90s or 1h30m; 10 minutes if left out.", valueName: "time"))
    var timeout: TimeSpan?

    @Flag(help: "Fail a run whose network did not do what it was configured for, and say why.")
    var requireTrusted = false

    var collects: Bool { collect || collectFile != nil }
}
