// Words that should be commands and are none: said with the nearest one, before the parser takes them for
// something else.

import ArgumentParser
import TestgroundModel

enum CommandNames {
    /// Walks down the tree of commands along the arguments' leading words.
    ///
    /// - Throws: `CommandError` for a word that no command of its family has as a name.
    static func check(_ arguments: [String]) throws {
        var family: any ParsableCommand.Type = RootCommand.self
        var path = name(of: family)
        for word in arguments {
            let commands = family.configuration.subcommands
            guard !commands.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
            if let next = commands.first(where: { names(of: $0).contains(word) }) {
                family = next
                path += " " + name(of: next)
                continue
            }
            let known = commands.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
            let near = nearestName(to: word, among: known).map { "did you mean `\(path) \($0)`? " } ?? ""
            throw CommandError.usage(
                "`\(path)` has no command \"\(VisibleText.escaped(word))\"",
                remedy: "\(near)It has: \(known.joined(separator: ", "))")
        }
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? String(describing: command)
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        [name(of: command)] + command.configuration.aliases
    }
}
