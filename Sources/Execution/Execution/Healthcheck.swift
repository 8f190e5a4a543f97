// Healthchecks: ordered checks that a thing works, each with a fix where one is possible.

package enum HealthcheckStatus: String, Sendable, Hashable, Codable {
    case ok, failed, aborted, omitted, unnecessary
}

/// What a healthcheck may need to know.
package struct HealthcheckContext: Sendable {
    /// Directory of the runner or builder.
    package var workDirectory: String
    package var outputsDirectory: String
    /// How many instances the person wants to run.
    package var instances: Int
    package var environment: [String: String]
    /// Whether a run is about to begin, which finds a way around what it can do without.
    package var isBeforeRun: Bool

    package init(
        workDirectory: String, outputsDirectory: String, instances: Int, environment: [String: String],
        isBeforeRun: Bool = false
    ) {
        self.workDirectory = workDirectory
        self.outputsDirectory = outputsDirectory
        self.instances = instances
        self.environment = environment
        self.isBeforeRun = isBeforeRun
    }
}

package struct HealthcheckItem: Sendable, Hashable, Codable {
    package var name: String
    package var status: HealthcheckStatus
    package var message: String

    package init(name: String, status: HealthcheckStatus, message: String) {
        self.name = name
        self.status = status
        self.message = message
    }
}

/// Results of all checks, and of the fixes where they were asked for.
package struct HealthcheckReport: Sendable, Hashable, Codable {
    package var checks: [HealthcheckItem]
    package var fixes: [HealthcheckItem]

    package init(checks: [HealthcheckItem] = [], fixes: [HealthcheckItem] = []) {
        self.checks = checks
        self.fixes = fixes
    }
}

extension HealthcheckReport {
    /// Checks that did not pass and were not mended.
    package var unmended: [HealthcheckItem] {
        let mended = Set(fixes.filter { $0.status == .ok }.map(\.name))
        return checks.filter { $0.status != .ok && !mended.contains($0.name) }
    }
}

/// One check. Checks run in order, since later ones may build on earlier ones.
package protocol Healthcheck: Sendable {
    /// E.g. `outputs-directory`.
    var name: String { get }

    /// Uses the thing. Returns nil when it works, else one sentence saying what does not and how to mend it.
    func check() async throws -> String?

    /// Mends it, and says what it did; nil when it cannot be mended from here.
    func fix() async throws -> String?
}
