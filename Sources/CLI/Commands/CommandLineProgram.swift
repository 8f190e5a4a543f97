// From arguments to an exit status: parse, run, say what went wrong.
//
// RootCommand.swift   the tree of commands
// Flags/              flags and their values
// Run/                run and build: from flags to the engine, and back to a verdict
// Plans/ Tasks/       plans on this machine; tasks, outputs and checks
// Progress/           events to text; Rendering/ text to a terminal

import ArgumentParser
import LinuxSystem

package enum CommandLineProgram {
    /// Parses the arguments (without the program's name), runs the command and returns the exit status.
    ///
    /// - Parameter makePlatform: called once a command is to run; help and usage errors need no home.
    package static func run(
        _ arguments: [String], console: Console, makePlatform: @Sendable (Console) throws -> Platform
    ) async -> ExitStatus {
        var console = console
        if arguments.prefix(while: { $0 != "--" }).contains("--no-color") { console.allowsColour = false }
        do {
            let arguments = GlobalFlags.behindCommand(arguments)
            try CommandNames.check(arguments)
            let parsed = try RootCommand.parseAsRoot(arguments)
            guard let command = parsed as? any PlatformCommand else {
                // A group without a command behind it: ArgumentParser's own run() asks for its help.
                var group = parsed
                try group.run()
                return .success
            }
            try checkEndpoint(command.global)
            return try await run(command, on: makePlatform(console))
        } catch let error as CommandError {
            console.remark(error.text(style: console.errorStyle))
            return error.status
        } catch {
            return explain(error, on: console)
        }
    }

    /// Runs the command; the first SIGINT or SIGTERM cancels it, the second ends the process.
    private static func run(_ command: some PlatformCommand, on platform: Platform) async -> ExitStatus {
        do {
            if command.handlesInterrupts { return try await command.run(on: platform) }
            return try await Interruption.cancelling(platform) { try await command.run(on: platform) }
        } catch {
            let error = CommandError.describing(error)
            platform.console.remark(error.text(style: platform.console.errorStyle))
            return error.status
        }
    }

    private static func checkEndpoint(_ flags: GlobalFlags) throws {
        guard let endpoint = flags.endpoint else { return }
        throw CommandError.usage(
            "--endpoint \(endpoint): this version runs everything in process and asks no daemon",
            remedy: "leave --endpoint out; builds and runs happen on this machine")
    }

    /// Help, version and completion scripts are results; everything else the parser throws is wrong use.
    private static func explain(_ error: any Error, on console: Console) -> ExitStatus {
        let message = RootCommand.fullMessage(for: error)
        if RootCommand.exitCode(for: error) == .success {
            console.print(message)
            return .success
        }
        console.remark(UsageText.error(message, style: console.errorStyle))
        return .usage
    }
}

/// The parser's messages in our words.
enum UsageText {
    /// `Error: Unknown option '--foo'` with its usage becomes one message, without pages of help.
    static func error(_ message: String, style: Style) -> String {
        var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let head = lines.isEmpty ? "wrong use" : lines.removeFirst()
        let text = head.hasPrefix("Error: ") ? String(head.dropFirst("Error: ".count)) : head
        var result = style(.boldRed, "error:") + " " + lowercasedFirst(VisibleText.escaped(text)) + "\n"
        let usage = lines.first { $0.hasPrefix("Usage: ") || $0.hasPrefix("USAGE: ") }
        if let usage {
            let call = usage.dropFirst("Usage: ".count)
            result += style(.dim, "usage:") + " " + VisibleText.cut(VisibleText.escaped(call), to: 160) + "\n"
            let words = call.split(separator: " ").prefix {
                !$0.hasPrefix("-") && !$0.hasPrefix("[") && !$0.hasPrefix("<")
            }
            result +=
                style(.dim, "remedy:")
                + " `\(words.joined(separator: " ")) --help` explains and shows examples\n"
        }
        return result
    }

    private static func lowercasedFirst(_ text: String) -> String {
        // An acronym stays: only a capital before a small letter is a sentence's.
        guard text.count > 1, text.dropFirst().first?.isLowercase == true else { return text }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
