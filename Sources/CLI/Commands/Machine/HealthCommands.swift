// `healthcheck` and `terminate`: is this machine fit, and is nothing left behind.

import ArgumentParser
import Execution
import TestgroundModel

struct HealthcheckCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Check that what a runner or builder needs works on this machine.",
        discussion: """
            testground healthcheck --runner local:exec -i 200    is there room for 200 instances?
            testground healthcheck --runner local:exec --fix     mend what can be mended
            """)

    @Option(name: [.short, .long], help: ArgumentHelp("The runner to check.", valueName: "runner"))
    var runner: String?

    @Option(name: [.short, .long], help: ArgumentHelp("The builder to check.", valueName: "builder"))
    var builder: String?

    @Option(name: [.short, .long], help: "How many instances you want to run.")
    var instances = 1

    @Flag(help: "Mend what does not work, where that can be done from here.")
    var fix = false

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func validate() throws {
        if (runner == nil) == (builder == nil) { throw ValidationError("Give either --runner or --builder.") }
        if instances < 1 { throw ValidationError("--instances must be at least 1.") }
    }

    func run(on platform: Platform) async throws -> ExitStatus {
        let id = runner ?? builder ?? ""
        let context = HealthcheckContext(
            workDirectory: "\(platform.home.work)/\(folderName(of: id))",
            outputsDirectory: platform.home.outputs, instances: instances, environment: platform.environment)
        let checks =
            runner == nil
            ? try platform.builder(id).healthcheck(context) : try platform.runner(id).healthcheck(context)
        let report = await HealthcheckRun(checks, fixing: fix).report()
        platform.console.print(
            global.json
                ? JSONText.document(report) : HealthText.text(report, of: id, style: platform.console.style))
        return report.isHealthy ? .success : .failed
    }
}

extension HealthcheckReport {
    /// True when everything works, be it only since it was mended.
    var isHealthy: Bool {
        let mended = Set(fixes.filter { $0.status == .ok }.map(\.name))
        return checks.allSatisfy { $0.status == .ok || $0.status == .unnecessary || mended.contains($0.name) }
    }
}

/// A health report as people read it.
enum HealthText {
    static func text(_ report: HealthcheckReport, of id: String, style: Style) -> String {
        var lines = report.checks.map { line($0, style) }
        let fixes = report.fixes.filter { $0.status != .unnecessary && $0.status != .omitted }
        if !fixes.isEmpty {
            lines.append(style(.bold, "fixes"))
            lines += fixes.map { line($0, style) }
        }
        if report.checks.isEmpty {
            lines.append("\(id) needs nothing from this machine")
        } else if report.isHealthy {
            lines.append(style(.boldGreen, "\(id) is fit"))
        } else {
            lines.append(style(.boldRed, "\(id) is not fit") + "; --fix mends what can be mended from here")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func line(_ item: HealthcheckItem, _ style: Style) -> String {
        let (mark, ink): (String, Style.Ink) =
            switch item.status {
            case .ok: ("✓", .green)
            case .failed: ("✗", .red)
            case .aborted: ("!", .red)
            case .omitted, .unnecessary: ("-", .dim)
            }
        let message = item.message.isEmpty ? "" : ": " + VisibleText.escaped(item.message)
        return "  " + style(ink, mark) + " " + VisibleText.escaped(item.name) + message
    }
}

struct TerminateCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "terminate", abstract: "End everything a runner has running on this machine.",
        discussion: "  testground terminate --runner local:exec")

    @Option(
        name: [.short, .long], help: ArgumentHelp("The runner whose instances to end.", valueName: "runner"))
    var runner: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("The builder whose work to end.", valueName: "builder"))
    var builder: String?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func validate() throws {
        if (runner == nil) == (builder == nil) { throw ValidationError("Give either --runner or --builder.") }
    }

    func run(on platform: Platform) async throws -> ExitStatus {
        if let builder {
            // A builder's tools live and die with the program that started them.
            _ = try platform.builder(builder)
            report(0, platform)
            return .success
        }
        let id = runner ?? ""
        let progress = RemarkSink(console: platform.console)
        let ended = try await platform.runner(id).terminateAll(
            workDirectory: "\(platform.home.work)/\(folderName(of: id))", progress: progress)
        report(ended, platform)
        return .success
    }

    private func report(_ ended: Int, _ platform: Platform) {
        platform.console.print(
            global.json
                ? JSONText.line(["terminated": ended])
                : ended == 0 ? "nothing was running" : "ended \(Wording.count(ended, "instance"))")
    }
}

/// Notes and warnings of short commands, on standard error.
struct RemarkSink: ProgressSink {
    var console: Console

    func report(_ event: ProgressEvent) {
        switch event {
        case .note(let text): console.remark(VisibleText.lines(text).joined(separator: "\n"))
        case .warning(let diagnostic): console.warn(VisibleText.escaped(LineFormat.sentence(diagnostic)))
        default: break
        }
    }
}
