// Carries out healthchecks in order and, where asked, the fixes of those that fail.

/// Runs ordered checks and reports on each.
///
/// A check's status is `ok`; `failed` when the thing does not work; `aborted` when the check itself could not
/// be carried out, took longer than its limit or was cancelled; `omitted` when it was not tried because
/// an earlier one was aborted. The status of its fix is `unnecessary` when the check was ok; `omitted` when
/// fixes were not asked for, or none is possible from here; `ok` when the thing works after the fix;
/// `failed` when it still does not; `aborted` when the fix could not be carried out.
package struct HealthcheckRun: Sendable {
    private let checks: [any Healthcheck]
    private let fixing: Bool
    private let limit: Duration

    /// Longest time of one check or fix: a fix may download an image.
    package static let usualLimit: Duration = .seconds(120)

    /// - Parameters:
    ///   - fixing: whether to mend what does not work.
    ///   - limit: longest time of one check, and of one fix. A check must heed cancellation to be held to it.
    package init(_ checks: [any Healthcheck], fixing: Bool, limit: Duration = usualLimit) {
        self.checks = checks
        self.fixing = fixing
        self.limit = limit
    }

    /// Never throws: what goes wrong stands in the report. Cancellation aborts the check under way.
    package func report() async -> HealthcheckReport {
        var report = HealthcheckReport()
        var aborted: String?
        for check in checks {
            if let aborted {
                let reason = "not tried: \(aborted) was aborted"
                report.checks.append(HealthcheckItem(name: check.name, status: .omitted, message: reason))
                report.fixes.append(HealthcheckItem(name: check.name, status: .omitted, message: reason))
                continue
            }
            let item = await examine(check)
            report.checks.append(item)
            report.fixes.append(await mend(check, after: item))
            if item.status == .aborted { aborted = check.name }
        }
        return report
    }

    private func examine(_ check: any Healthcheck) async -> HealthcheckItem {
        do {
            let fault = try await withLimit { try await check.check() }
            return HealthcheckItem(
                name: check.name, status: fault == nil ? .ok : .failed, message: fault ?? "works")
        } catch {
            return HealthcheckItem(name: check.name, status: .aborted, message: describe(error))
        }
    }

    private func mend(_ check: any Healthcheck, after item: HealthcheckItem) async -> HealthcheckItem {
        func fix(_ status: HealthcheckStatus, _ message: String) -> HealthcheckItem {
            HealthcheckItem(name: check.name, status: status, message: message)
        }
        switch item.status {
        case .ok: return fix(.unnecessary, "works")
        case .failed where fixing: break
        case .failed: return fix(.omitted, "fixes were not asked for")
        case .aborted, .omitted, .unnecessary: return fix(.omitted, "the check was aborted")
        }
        do {
            guard let done = try await withLimit({ try await check.fix() }) else {
                return fix(.omitted, "cannot be mended from here")
            }
            // A fix counts only when the thing works after it.
            if let fault = try await withLimit({ try await check.check() }) {
                return fix(.failed, "\(done), yet: \(fault)")
            }
            return fix(.ok, done)
        } catch {
            return fix(.aborted, describe(error))
        }
    }

    private struct LimitExceeded: Error {}

    private func withLimit(
        _ body: @escaping @Sendable () async throws -> String?
    ) async throws -> String? {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await body() }
            group.addTask { [limit] in
                try await Task.sleep(for: limit)
                throw LimitExceeded()
            }
            defer { group.cancelAll() }
            try Task.checkCancellation()
            guard let result = try await group.next() else { return nil }
            return result
        }
    }

    private func describe(_ error: any Error) -> String {
        switch error {
        case let error as ExecutionError: error.description
        case is CancellationError: "cancelled"
        case is LimitExceeded: "took longer than its limit of \(limit)"
        default: "\(error)"
        }
    }
}
