// `report`: a finished run for people, CI servers and pull requests.

import ArgumentParser
import Execution
import Foundation
import RunReport
import RunResults

enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json, junit, markdown
}

struct ReportCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a report of a finished run.",
        discussion: """
            testground report                                   the newest run
            testground report <run> --format junit -o run.xml   for a CI server
            testground report ./unpacked/<run> --format markdown >> $GITHUB_STEP_SUMMARY

            Metrics are the points that instances recorded, by metric and group.
            """)

    @Argument(
        help: ArgumentHelp("The run's id, or its directory; the newest run if left out.", valueName: "run"))
    var runID: String?

    @Option(name: [.short, .long], help: "text, json, junit or markdown.")
    var format = ReportFormat.text

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The file to write; standard output if left out.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let directory = try await directory(platform)
        let report: Report
        do {
            report = try await BlockingWork.run("report") { try Report(directory: directory) }
        } catch let error as ExecutionError {
            throw CommandError(.failed, error.message, details: error.details)
        }
        let text = text(report, directory, platform)
        guard let output else {
            platform.console.print(text.hasSuffix("\n") ? String(text.dropLast()) : text)
            return .success
        }
        let path = platform.absolute(output)
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandError(
                .failed, "the report \(path) cannot be written: \(error.fileReason)",
                remedy: "check its directory and the free space")
        }
        return .success
    }

    private func directory(_ platform: Platform) async throws -> String {
        if let runID {
            if let known = platform.outputs.directory(ofRun: runID) { return known }
            let path = platform.absolute(runID)
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandError(
                    .failed, "there is no run \(runID), neither among the outputs nor as a directory",
                    remedy: "testground tasks lists runs")
            }
            return path
        }
        let store = try await TaskAccess.store(platform)
        guard let newest = try await store.tasks(TaskFilter(kinds: [.run], limit: 1)).first,
            let directory = TaskAccess.directory(of: newest, platform)
        else { throw CommandError(.failed, "there are no runs yet, so there is nothing to report") }
        return directory
    }

    private func text(_ report: Report, _ directory: String, _ platform: Platform) -> String {
        switch global.json ? .json : format {
        case .junit: return JUnitReport.text(report)
        case .markdown: return MarkdownReport.text(report)
        case .json: return JSONText.document(ReportDocument(report))
        case .text:
            let style = output == nil ? platform.console.style : .plain
            let summary = report.summary
            let task = TaskRecord(
                id: summary.run, kind: .run, plan: summary.plan, testCase: summary.testCase,
                runner: summary.runner, states: [], result: TaskResult(outcome: summary.outcome),
                error: summary.error)
            var verdict = Verdict(task: task, summary: summary, outputs: directory)
            verdict.evidence = report.evidence
            return verdict.text(style: style) + Self.metrics(report.metrics, style: style)
        }
    }

    private static func metrics(_ rows: [MetricRow], style: Style) -> String {
        guard !rows.isEmpty else { return "" }
        var table = Table(
            [Table.Column("metric"), Table.Column("group")]
                + ["points", "min", "p50", "p95", "max"].map { Table.Column($0, alignsRight: true) })
        table.rows = rows.map { row in
            let values = [row.minimum, row.median, row.percentile95, row.maximum]
            return [Table.Cell(row.name), Table.Cell(row.group), Table.Cell(Wording.number(row.count))]
                + values.map { Table.Cell(String(format: "%.5g", $0)) }
        }
        return "\n" + table.text(style: style)
    }
}

/// `--format json`: the summary and the metrics.
private struct ReportDocument: Encodable {
    var summary: RunSummary
    var metrics: [MetricRow]

    init(_ report: Report) {
        summary = report.summary
        metrics = report.metrics
    }
}
