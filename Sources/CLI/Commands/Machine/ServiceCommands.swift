// `version`, `completion`, `sync-service`, and the services this version does not offer.

import ArgumentParser
import Foundation
import RunResults

struct VersionCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of the program and the machine it runs on.")

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let program = platform.program
        if global.json {
            platform.console.print(JSONText.document(program))
        } else {
            platform.console.print(
                "testground \(program.version) (\(program.operatingSystem), "
                    + "\(Wording.count(program.processors, "processor")))")
        }
        return .success
    }
}

struct CompletionCommand: PlatformCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print a script that completes commands and flags in a shell.",
        discussion: """
            bash:  testground completion bash > ~/.local/share/bash-completion/completions/testground
            zsh:   testground completion zsh > ~/.zfunc/_testground
                   (with fpath+=~/.zfunc before compinit)
            fish:  testground completion fish > ~/.config/fish/completions/testground.fish
            """)

    @Argument(help: ArgumentHelp("The shell; the one you are in if left out.", valueName: "shell"))
    var shell: Shell?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let current = platform.environment["SHELL"].flatMap {
            Shell(rawValue: URL(filePath: $0).lastPathComponent)
        }
        guard let shell = shell ?? current else {
            throw CommandError.usage(
                "it is not clear which shell to complete for",
                remedy: "name it: testground completion bash, zsh or fish")
        }
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        platform.console.print(RootCommand.completionScript(for: kind))
        return .success
    }
}

struct SyncServiceCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync-service", abstract: "Serve the sync service alone, until interrupted.",
        discussion: """
            Runs bring their own; this one is for instances started by hand and for trying an SDK:
              testground sync-service --listen 127.0.0.1:5050
            """)

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen: ListenAddress

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let console = platform.console
        let json = global.json
        try await platform.serveSync(listen.host, listen.port) { address in
            if json {
                console.print(JSONText.line(["kind": "listening", "address": address]))
            } else {
                console.print("the sync service listens on ws://\(address); Ctrl-C ends it")
            }
        }
        return .success
    }
}

/// Commands of upstream's that this version does without.
struct DaemonCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon", abstract: "Not offered: runs need no daemon.", shouldDisplay: false)

    @OptionGroup var global: GlobalFlags

    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run(on platform: Platform) async throws -> ExitStatus {
        throw CommandError.usage(
            "this version runs everything in process and offers no daemon",
            remedy: "run plans directly: testground run single --plan <plan>")
    }
}

struct SidecarCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "sidecar", abstract: "Not offered: runners shape networks themselves.",
        shouldDisplay: false)

    @OptionGroup var global: GlobalFlags

    @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

    func run(on platform: Platform) async throws -> ExitStatus {
        throw CommandError.usage(
            "this version offers no sidecar", remedy: "nothing needs to be started beside `testground run`")
    }
}
