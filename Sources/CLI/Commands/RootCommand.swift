// The tree of commands.

import ArgumentParser

struct RootCommand: CommandFamily {
    static let configuration = CommandConfiguration(
        commandName: "testground",
        abstract: "Runs a distributed test plan as many instances, and tells whether it passed.",
        usage: "testground [--endpoint <url>] [-v] <command>",
        discussion: """
            A first run:
              testground plan create --plan hello        a plan from a template
              testground run single --plan hello -i 3    build, run, see the verdict

            A composition with several groups of instances:
              testground run composition -f composition.toml

            Exit status:
              0 everything asked for succeeded, 1 a run or build failed, 2 wrong use,
              3 outputs could not be collected, 130 cancelled by SIGINT (Ctrl-C),
              143 cancelled by SIGTERM.

            Plans, outputs and records lie in $TESTGROUND_HOME, else ~/testground
            if it exists, else $XDG_CONFIG_HOME/testground.
            """,
        groupedSubcommands: [
            CommandGroup(name: "Running:", subcommands: [RunCommand.self, BuildCommand.self]),
            CommandGroup(name: "Plans:", subcommands: [PlanCommand.self, DescribeCommand.self]),
            CommandGroup(
                name: "Results:",
                subcommands: [
                    ReportCommand.self, CollectCommand.self, TasksCommand.self, StatusCommand.self,
                    LogsCommand.self,
                ]),
            CommandGroup(
                name: "This machine:",
                subcommands: [
                    HealthcheckCommand.self, TerminateCommand.self, SyncServiceCommand.self,
                    CompletionCommand.self, VersionCommand.self, DaemonCommand.self, SidecarCommand.self,
                ]),
        ])

    @OptionGroup(title: "Options of every command")
    var global: GlobalFlags
}
