// The Swift template: a package on the SDK, with a parameter, a barrier and a metric.

extension PlanTemplate {
    /// Where the SDK's package is published.
    private static let repository = "https://github.com/testground/testground-swift"

    static func swift(_ values: Values) -> [File] {
        let name = identifier(values.shortName)
        return [
            manifest(values, builder: "exec:swift", builderTable: ""),
            File(path: "Package.swift", text: package(name, values)),
            File(path: "Sources/\(name)/Plan.swift", text: plan),
            File(path: ".gitignore", text: "/.build/\n"),
            File(path: ".testgroundignore", text: "/.build/\n"),
            readme(
                values, how: "`Sources/\(name)/Plan.swift` is the instance: each test case is a function."),
        ]
    }

    /// A name that is a module's, too.
    private static func identifier(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil ? Character(scalar) : "_"
        }
        let text = String(letters)
        return text.first?.isNumber == true ? "_" + text : text
    }

    private static func package(_ name: String, _ values: Values) -> String {
        let dependency =
            values.sdkPath.map { ".package(name: \"testground-swift\", path: \(quoted($0)))" }
            ?? ".package(url: \"\(repository)\", branch: \"main\")"
        return """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "\(name)",
                platforms: [.macOS(.v15)],
                dependencies: [
                    \(dependency)
                ],
                targets: [
                    .executableTarget(
                        name: "\(name)",
                        dependencies: [.product(name: "Testground", package: "testground-swift")])
                ]
            )

            """
    }

    private static let plan = #"""
        // One instance: says hello, waits for all others, and measures how long that took.

        import Testground

        @main struct Plan: TestPlan {
            static var testCases: [TestCase] {
                TestCase("quickstart", quickstart)
            }
        }

        @Sendable func quickstart(_ run: RunEnvironment) async throws {
            // Waits for the network where the platform sets it up, and numbers the instances.
            let sequence = try await run.initialise()
            let greeting = try run.parameters.string("greeting")
            run.recordMessage("\(greeting) from number \(sequence.global) of \(run.instanceCount)")

            let began = ContinuousClock.now
            try await run.sync.signalAndWait("ready", target: run.instanceCount)
            run.results.recordPoint("seconds_to_ready", (ContinuousClock.now - began) / .seconds(1))
        }

        """#
}
