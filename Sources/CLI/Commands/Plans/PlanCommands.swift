// `plan create | import | rm | list` and `describe`: the plans on this machine.

import ArgumentParser
import Foundation

struct PlanCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Create, import, list and remove plans.",
        subcommands: [PlanCreate.self, PlanImport.self, PlanRemove.self, PlanList.self])
}

struct PlanCreate: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a plan from a template, ready to run.",
        discussion: """
            testground plan create --plan hello                      a shell plan: no compiler needed
            testground plan create --plan hello --target swift       a Swift package
            testground plan create --plan hello --target go --module example.com/hello

            Then: testground run single --plan hello
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("The plan's name; may be nested, a/b.", valueName: "name"))
    var plan: String

    @Option(
        name: [.customShort("t"), .customLong("target"), .customLong("target-lang")],
        help: "The template: generic, swift or go.")
    var target = PlanTemplate.generic

    @Option(name: [.short, .long], help: ArgumentHelp("Go: the module's path.", valueName: "path"))
    var module: String?

    @Option(help: ArgumentHelp("Make it a git repository with this remote.", valueName: "url"))
    var remote: String?

    @Option(
        help: ArgumentHelp(
            "Swift: depend on the SDK in this directory, not on its repository.", valueName: "path"))
    var sdkPath: String?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let plans = PlanDirectory(home: platform.home)
        let directory = try plans.free(plan)
        let sdk = try sdkPath.map { path in
            let absolute = platform.absolute(path)
            guard FileManager.default.fileExists(atPath: "\(absolute)/Package.swift") else {
                throw CommandError.usage(
                    "\(absolute) holds no Swift package",
                    remedy: "--sdk-path names a checkout of the SDK's package")
            }
            return absolute
        }
        try target.write(
            to: directory, values: PlanTemplate.Values(plan: plan, module: module, sdkPath: sdk))
        if let remote {
            try await Git.run(["init", "-q", directory], platform)
            try await Git.run(["-C", directory, "remote", "add", "origin", remote], platform)
        }
        let console = platform.console
        if global.json {
            console.print(JSONText.line(["plan": plan, "path": directory]))
        } else {
            console.print(
                "created \(directory)\ntry it: testground run single --plan \(Wording.shellWord(plan)) -i 3")
        }
        return .success
    }
}

struct PlanImport: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring plans into the home: a directory is linked, a repository cloned.",
        discussion: """
            testground plan import --from ./my-plan                 linked: edits take effect
            testground plan import --from ./plans --name network    a directory of plans: network/ping, …
            testground plan import --git --from https://github.com/testground/testground --name upstream
            """)

    @Option(help: ArgumentHelp("A directory, or with --git a repository.", valueName: "path or url"))
    var from: String

    @Flag(help: "Clone --from with git.")
    var git = false

    @Option(help: ArgumentHelp("The name here; the last part of --from if left out.", valueName: "name"))
    var name: String?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let plans = PlanDirectory(home: platform.home)
        let name = name ?? Self.name(of: from)
        let directory = try plans.free(name)
        if git {
            try plans.makeParent(of: directory)
            try await Git.run(["clone", "-q", "--", from, directory], platform)
        } else {
            try plans.link(platform.absolute(from), as: directory)
        }
        let found = try plans.list(below: name)
        let console = platform.console
        if global.json {
            for plan in found { console.print(JSONText.line(["plan": plan.name, "path": plan.directory])) }
        } else {
            if found.isEmpty {
                console.warn("there is no manifest.toml in \(directory), so it is no plan yet")
            }
            console.print("imported \(directory)" + found.map { "\n  \($0.name)" }.joined())
        }
        return .success
    }

    /// The last part of a path or URL, without `.git`.
    static func name(of source: String) -> String {
        var source = source
        while source.hasSuffix("/") { source.removeLast() }
        if source.hasSuffix(".git") { source.removeLast(4) }
        return source.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? ""
    }
}

struct PlanRemove: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a plan from the home; its outputs stay.",
        discussion: "  testground plan rm --plan hello --yes")

    @Option(name: [.short, .long], help: ArgumentHelp("The plan to remove.", valueName: "name"))
    var plan: String

    @Flag(name: [.short, .long], help: "Yes, remove it.")
    var yes = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let plans = PlanDirectory(home: platform.home)
        let directory = try plans.directory(named: plan)
        guard yes else {
            throw CommandError.usage(
                "this would remove \(directory)", remedy: "say --yes to remove it")
        }
        try plans.remove(directory)
        platform.console.print(global.json ? JSONText.line(["removed": directory]) : "removed \(directory)")
        return .success
    }
}

struct PlanList: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the plans in the home.",
        discussion: "  testground plan list --testcases      with their test cases")

    @Flag(help: "Show the test cases too.")
    var testcases = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let plans = PlanDirectory(home: platform.home)
        let console = platform.console
        let found = try plans.list()
        if found.isEmpty, !global.json {
            console.remark("no plans in \(plans.path) yet; `testground plan create --plan hello` makes one")
            return .success
        }
        for plan in found {
            let cases = testcases || global.json ? plan.testCases(warn: console.warn) : []
            if global.json {
                console.print(
                    JSONText.line(PlanEntry(plan: plan.name, path: plan.directory, testcases: cases)))
            } else if testcases {
                for name in cases { console.print("\(plan.name)  \(VisibleText.escaped(name))") }
            } else {
                console.print(plan.name)
            }
        }
        return .success
    }

    private struct PlanEntry: Encodable {
        var plan: String
        var path: String
        var testcases: [String]
    }
}

/// The person's git.
enum Git {
    static func run(_ arguments: [String], _ platform: Platform) async throws {
        let status = try await platform.runTool(["git"] + arguments, platform.currentDirectory)
        guard status == 0 else {
            throw CommandError(
                .failed, "git \(arguments.joined(separator: " ")) ended with status \(status)",
                remedy: "its own message stands above")
        }
    }
}
