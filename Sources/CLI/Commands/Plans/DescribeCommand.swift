// `describe`: what a plan can do.

import ArgumentParser
import TestgroundModel

struct DescribeCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a plan's test cases with their parameters.",
        discussion: """
            testground describe --plan hello
            testground describe --plan ./my-plan --json
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The plan: its name in the home's plans/, or the path of its directory.", valueName: "plan"))
    var plan: String

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let found = try PlanDirectory(home: platform.home).find(plan, platform)
        let manifest = try ModelFile.manifest(of: found)
        let console = platform.console
        for warning in manifest.warnings { console.warn(VisibleText.escaped(LineFormat.sentence(warning))) }
        let description = PlanDescription(manifest.value, directory: found.directory)
        console.print(global.json ? JSONText.document(description) : description.text(style: console.style))
        return .success
    }
}

/// A plan as people and programs read it.
struct PlanDescription: Encodable {
    struct Case: Encodable {
        var name: String
        var minimum: Int?
        var maximum: Int?
        var instances: Int?
        var parameters: [Parameter]

        private enum CodingKeys: String, CodingKey {
            case name
            case minimum = "min"
            case maximum = "max"
            case instances = "default"
            case parameters
        }
    }

    struct Parameter: Encodable {
        var name: String
        var type: String
        var description: String
        var unit: String
        var defaultValue: String?

        private enum CodingKeys: String, CodingKey {
            case name, type, description, unit
            case defaultValue = "default"
        }
    }

    var plan: String
    var directory: String
    var builder: String
    var runner: String
    var builders: [String]
    var runners: [String]
    var testcases: [Case]

    init(_ manifest: TestPlanManifest, directory: String) {
        plan = manifest.name
        self.directory = directory
        builder = manifest.defaultBuilder
        runner = manifest.defaultRunner
        builders = manifest.supportedBuilders
        runners = manifest.supportedRunners
        testcases = manifest.testCases.map { testCase in
            Case(
                name: testCase.name, minimum: testCase.instances.minimum,
                maximum: testCase.instances.maximum, instances: testCase.instances.defaultCount,
                parameters: testCase.parameters.map {
                    Parameter(
                        name: $0.name, type: $0.type, description: $0.description, unit: $0.unit,
                        defaultValue: $0.defaultValue)
                })
        }
    }

    func text(style: Style) -> String {
        var lines = [style(.bold, VisibleText.escaped(plan)) + "  " + VisibleText.escaped(directory)]
        lines.append("  built by  " + Self.list(builders, standard: builder))
        lines.append("  run by    " + Self.list(runners, standard: runner))
        for testCase in testcases {
            lines.append("")
            lines.append(style(.bold, VisibleText.escaped(testCase.name)) + "  " + bounds(testCase))
            let width =
                testCase.parameters.map { VisibleText.columns(VisibleText.escaped($0.name)) }.max() ?? 0
            for parameter in testCase.parameters {
                lines.append("  " + line(parameter, nameWidth: width, style: style))
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The default first, and said so.
    private static func list(_ names: [String], standard: String) -> String {
        let others = names.filter { $0 != standard }
        let all = (standard.isEmpty ? [] : ["\(standard) (default)"]) + others
        return VisibleText.escaped(all.joined(separator: ", "))
    }

    private func bounds(_ testCase: Case) -> String {
        let minimum = testCase.minimum.map(Wording.number) ?? "1"
        let maximum = testCase.maximum.map(Wording.number) ?? "any number of"
        let standard = testCase.instances.map { ", \(Wording.number($0)) by default" } ?? ""
        return "\(minimum) to \(maximum) instances\(standard)"
    }

    private func line(_ parameter: Parameter, nameWidth: Int, style: Style) -> String {
        let name = VisibleText.padded(VisibleText.escaped(parameter.name), to: nameWidth)
        var facts = [parameter.type, parameter.unit].filter { !$0.isEmpty }.map { VisibleText.escaped($0) }
        if let value = parameter.defaultValue { facts.append("default \(VisibleText.escaped(value))") }
        let description = VisibleText.escaped(parameter.description)
        return name + "  " + description + (description.isEmpty ? "" : "  ")
            + style(.dim, "(\(facts.joined(separator: ", ")))")
    }
}

extension FoundPlan {
    /// Its test cases; none, with a warning, when the manifest cannot be read.
    func testCases(warn: (String) -> Void) -> [String] {
        do {
            return try ModelFile.manifest(of: self).value.testCases.map(\.name)
        } catch {
            warn(VisibleText.escaped(CommandError.describing(error).message))
            return []
        }
    }
}
