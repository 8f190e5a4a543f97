// Flags that every command has, before or after its name.

import ArgumentParser

struct GlobalFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("A daemon to ask; this version runs everything in process.", valueName: "url"))
    var endpoint: String?

    @Flag(name: [.short, .long], help: "Show every event as a line, also in large runs.")
    var verbose = false

    @Flag(name: [.short, .long], help: "Show only warnings and the verdict.")
    var quiet = false

    @Flag(help: "Print JSON for programs: one object a line while something runs, else a document.")
    var json = false

    @Flag(help: "No colours; also with NO_COLOR in the environment, or away from a terminal.")
    var noColor = false

    func validate() throws {
        if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }

    /// Flags that may stand before the command, and those of them that take a value.
    private static let names: Set<String> = [
        "--endpoint", "-v", "--verbose", "-q", "--quiet", "--json", "--no-color",
    ]

    /// Moves these flags behind the command when they stand before it: `testground -v run …` is as good as
    /// `testground run … -v`, and the parser knows them only where they belong to the command.
    static func behindCommand(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let argument = rest.first {
            let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? argument
            guard names.contains(name) else { break }
            leading.append(rest.removeFirst())
            if argument == "--endpoint", let value = rest.popFirst() { leading.append(value) }
        }
        // Without a command they stay where they are.
        guard !rest.isEmpty else { return arguments }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return rest[..<end] + leading + rest[end...]
    }
}

/// A command that does not run by itself but leads to others.
protocol CommandFamily: ParsableCommand {}

/// A command of the program.
protocol PlatformCommand: ParsableCommand, Sendable {
    var global: GlobalFlags { get }
    /// True when the command ends its work itself on SIGINT and SIGTERM.
    var handlesInterrupts: Bool { get }

    func run(on platform: Platform) async throws -> ExitStatus
}

extension PlatformCommand {
    var handlesInterrupts: Bool { false }
}
