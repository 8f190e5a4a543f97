// Every flag of the contract, as the commands understand it.

import ArgumentParser
import Execution
import TestgroundModel
import Testing

@testable import Commands

@Suite("flags")
struct ParsingTests {
    private func parse<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
        let words = line.split(separator: " ").map(String.init)
        let command = try RootCommand.parseAsRoot(GlobalFlags.behindCommand(words))
        return try #require(command as? Command, "\(line) is another command: \(command)")
    }

    @Test(
        "run single has its flags in long, short and upstream's spelling",
        arguments: [
            "run single --plan a/b --testcase ping --builder exec:go --runner local:exec --instances 7",
            "run s -p a/b -t ping -b exec:go -r local:exec -i 7",
            "run single --plan=a/b --testcase=ping --builder=exec:go --runner=local:exec --instances=7",
        ])
    func runSingle(line: String) throws {
        let command = try parse(line, as: RunSingle.self)
        #expect(command.single.plan == "a/b")
        #expect(command.single.testcase == "ping")
        #expect(command.single.builder == "exec:go")
        #expect(command.runner == "local:exec")
        #expect(command.instances == 7)
    }

    @Test(
        "a mistyped command is said with the nearest one",
        arguments: [
            ("rum single", "`testground` has no command \"rum\"", "did you mean `testground run`?"),
            (
                "run sngle -p x", "`testground run` has no command \"sngle\"",
                "did you mean `testground run single`?"
            ),
            (
                "plan zzzzzz", "`testground plan` has no command \"zzzzzz\"",
                "It has: create, import, rm, list"
            ),
        ])
    func mistyped(line: String, message: String, remedy: String) {
        let words = line.split(separator: " ").map(String.init)
        let error = #expect(throws: CommandError.self) { try CommandNames.check(words) }
        let text = error?.text(style: Style(isColoured: false)) ?? ""
        #expect(text.contains(message) && text.contains(remedy), "\(text)")
        #expect(error?.status == .usage)
    }

    @Test(
        "names, aliases, flags and help are left to the parser",
        arguments: [
            "run s -p x", "run --help", "help run", "--version", "collect abc", "tasks", "",
        ])
    func wellTyped(line: String) {
        #expect(throws: Never.self) { try CommandNames.check(line.split(separator: " ").map(String.init)) }
    }

    @Test("run single takes pairs, dependencies and an artifact", arguments: ["--tp", "--test-param"])
    func pairs(parameter: String) throws {
        let command = try parse(
            "run s -p a \(parameter) x=1 \(parameter) y=a=b --run-cfg n=3 --run-cfg on=true --build-cfg s=text "
                + "-d m=v1 --dep k=fork@v2 --ub ./plan --link-sdk ../sdk", as: RunSingle.self)
        #expect(KeyValue.table(command.parameters) == ["x": "1", "y": "a=b"])
        #expect(KeyValue.configuration(command.runCfg) == ["n": .integer(3), "on": .boolean(true)])
        #expect(KeyValue.configuration(command.build.buildCfg) == ["s": .string("text")])
        #expect(
            command.build.dependencies.map(\.dependency) == [
                Dependency(module: "m", version: "v1"),
                Dependency(module: "k", target: "fork", version: "v2"),
            ])
        #expect(command.useBuild == "./plan")
        #expect(command.build.linkSdk == "../sdk")
        #expect(try parse("run s -p a --use-build x", as: RunSingle.self).useBuild == "x")
    }

    @Test("results, limits, seed and metadata")
    func runFlags() throws {
        let command = try parse(
            "run s -p a --wait --collect -o out.tgz --disable-metrics --seed 0xff --timeout 1m30s "
                + "--metadata-repo r --metadata-branch b --metadata-commit c", as: RunSingle.self)
        #expect(command.runFlags.wait && command.runFlags.collect && command.runFlags.disableMetrics)
        #expect(command.runFlags.collectFile == "out.tgz")
        #expect(command.runFlags.seed?.value == 255)
        #expect(command.runFlags.timeout?.duration == .seconds(90))
        let revision = command.metadata.revision
        #expect([revision.repo, revision.branch, revision.commit] == ["r", "b", "c"])
        #expect(try parse("run s -p a --collect-file x", as: RunSingle.self).runFlags.collects)
        #expect(try !parse("run s -p a", as: RunSingle.self).runFlags.collects)
    }

    @Test(
        "run composition has its flags in long and short",
        arguments: [
            "run composition --file c.toml --write-artifacts --ignore-artifacts --run-ids a,b --result-file r.csv",
            "run c -f c.toml -w -i --run-ids a,b -O r.csv",
        ])
    func runComposition(line: String) throws {
        let command = try parse(line, as: RunComposition.self)
        #expect(command.file == "c.toml")
        #expect(command.writeArtifacts && command.ignoreArtifacts)
        #expect(command.chosenRuns == ["a", "b"])
        #expect(command.resultFile == "r.csv")
    }

    @Test("builds")
    func builds() throws {
        let single = try parse(
            "build s -p a -t c -b exec:go --build-cfg k=v --dep m=v1 --wait", as: BuildSingle.self)
        #expect(single.single.plan == "a" && single.single.builder == "exec:go" && single.wait)
        let composition = try parse("build composition -f c -w -i", as: BuildComposition.self)
        #expect(composition.writeArtifacts && composition.ignoreArtifacts)
        let purge = try parse("build purge -b exec:go -p a", as: BuildPurge.self)
        #expect(purge.builder == "exec:go" && purge.plan == "a")
    }

    @Test("plans")
    func plans() throws {
        let create = try parse(
            "plan create --plan a/b --target go --module example.com/m --remote git@host:r.git",
            as: PlanCreate.self)
        #expect(create.plan == "a/b" && create.target == .go && create.module == "example.com/m")
        #expect(create.remote == "git@host:r.git")
        let imported = try parse("plan import --from https://host/x.git --git --name n", as: PlanImport.self)
        #expect(imported.git && imported.name == "n" && imported.from == "https://host/x.git")
        #expect(try parse("plan rm -p a --yes", as: PlanRemove.self).yes)
        #expect(try parse("plan list --testcases", as: PlanList.self).testcases)
        #expect(try parse("describe -p a", as: DescribeCommand.self).plan == "a")
    }

    @Test("tasks and the machine")
    func others() throws {
        let collect = try parse("collect run1 -r local:exec -o x.tgz", as: CollectCommand.self)
        #expect(collect.runID == "run1" && collect.runner == "local:exec" && collect.output == "x.tgz")
        let health = try parse("healthcheck --runner local:exec --fix", as: HealthcheckCommand.self)
        #expect(health.runner == "local:exec" && health.fix)
        #expect(try parse("terminate --builder exec:go", as: TerminateCommand.self).builder == "exec:go")
        let tasks = try parse("tasks --limit 3 --state complete --type run", as: TasksCommand.self)
        #expect(tasks.limit == 3 && tasks.state == .complete && tasks.type == .run)
        let status = try parse("status -t x --extended", as: StatusCommand.self)
        #expect(status.task == "x" && status.extended)
        let logs = try parse("logs -t x -f", as: LogsCommand.self)
        #expect(logs.task == "x" && logs.follow)
        let sync = try parse("sync-service --listen 0.0.0.0:5050", as: SyncServiceCommand.self)
        #expect(sync.listen.host == "0.0.0.0" && sync.listen.port == 5050)
    }

    @Test(
        "flags of every command stand before or after it",
        arguments: [
            "-v --endpoint http://h tasks --json", "tasks -v --endpoint http://h --json",
            "--json --endpoint=http://h --verbose tasks",
        ])
    func global(line: String) throws {
        let flags = try parse(line, as: TasksCommand.self).global
        #expect(flags.verbose && flags.json && flags.endpoint == "http://h" && !flags.quiet)
    }

    @Test(
        "values that make no sense are refused",
        arguments: [
            "run s -p a --tp novalue", "run s -p a --tp =x", "run s -p a --dep m",
            "run s -p a --timeout soon",
            "run s -p a --timeout -5", "run s -p a --seed x", "run s -p a -i 0", "run s", "run c",
            "run c -f x --run-ids ,", "sync-service --listen 5050", "sync-service --listen host:99999",
            "healthcheck", "healthcheck --runner a --builder b", "tasks --state odd", "tasks --limit 0",
            "plan create --plan a --target cobol", "tasks -v -q", "collect a b",
        ])
    func refused(line: String) {
        #expect(throws: (any Error).self) {
            try RootCommand.parseAsRoot(
                GlobalFlags.behindCommand(line.split(separator: " ").map(String.init)))
        }
    }

    @Test(
        "spans of time read as Go writes them",
        arguments: [("90", 90.0), ("1.5s", 1.5), ("1h30m", 5400), ("500ms", 0.5), ("2m", 120)])
    func spans(text: String, seconds: Double) {
        #expect(TimeSpan(argument: text)?.duration == .seconds(seconds))
    }
}
