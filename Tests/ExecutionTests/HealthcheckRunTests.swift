// Order, statuses and fixes of healthchecks.

import Execution
import Synchronization
import Testing

/// A thing that works or not, and can be mended or not.
private final class Patient: Healthcheck {
    enum Cure: Sendable { case works, useless, impossible, breaks }

    let name: String
    private let cure: Cure
    private let isWell: Mutex<Bool>
    private let isCheckable: Bool
    private let calls = Mutex<[String]>([])

    init(_ name: String, well: Bool, cure: Cure = .impossible, checkable: Bool = true) {
        self.name = name
        self.cure = cure
        isWell = Mutex(well)
        isCheckable = checkable
    }

    var called: [String] { calls.withLock { $0 } }

    func check() async throws -> String? {
        calls.withLock { $0.append("check") }
        guard isCheckable else { throw ExecutionError(.system, "no way to tell") }
        return isWell.withLock { $0 } ? nil : "\(name) does not work"
    }

    func fix() async throws -> String? {
        calls.withLock { $0.append("fix") }
        switch cure {
        case .works:
            isWell.withLock { $0 = true }
            return "mended"
        case .useless: return "tried"
        case .impossible: return nil
        case .breaks: throw ExecutionError(.system, "the fix broke")
        }
    }
}

private struct Endless: Healthcheck {
    let name = "endless"
    func check() async throws -> String? {
        // Ends only by cancellation.
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in stream {}
        withExtendedLifetime(continuation) {}
        try Task.checkCancellation()
        return nil
    }
    func fix() async throws -> String? { nil }
}

@Suite("Healthcheck runs", .timeLimit(.minutes(1)))
struct HealthcheckRunTests {
    private func statuses(_ items: [HealthcheckItem]) -> [HealthcheckStatus] { items.map(\.status) }

    @Test("without fixing, a check that fails is reported, its fix omitted, and later checks still run")
    func withoutFixing() async {
        let patients = [
            Patient("a", well: true), Patient("b", well: false, cure: .works), Patient("c", well: true),
        ]
        let report = await HealthcheckRun(patients, fixing: false).report()
        #expect(statuses(report.checks) == [.ok, .failed, .ok])
        #expect(statuses(report.fixes) == [.unnecessary, .omitted, .unnecessary])
        #expect(report.checks[1].message == "b does not work")
        #expect(patients[1].called == ["check"])
    }

    @Test("a fix counts only when the thing works after it")
    func fixing() async {
        let patients = [
            Patient("a", well: false, cure: .works), Patient("b", well: false, cure: .useless),
            Patient("c", well: false, cure: .impossible), Patient("d", well: false, cure: .breaks),
            Patient("e", well: true, cure: .works),
        ]
        let report = await HealthcheckRun(patients, fixing: true).report()
        #expect(statuses(report.checks) == [.failed, .failed, .failed, .failed, .ok])
        #expect(statuses(report.fixes) == [.ok, .failed, .omitted, .aborted, .unnecessary])
        #expect(patients[0].called == ["check", "fix", "check"])
        #expect(patients[4].called == ["check"])
    }

    @Test("after a check that could not be carried out, later ones are not tried")
    func aborted() async {
        let later = Patient("b", well: true)
        let report = await HealthcheckRun([Patient("a", well: true, checkable: false), later], fixing: true)
            .report()
        #expect(statuses(report.checks) == [.aborted, .omitted])
        #expect(statuses(report.fixes) == [.omitted, .omitted])
        #expect(report.checks[0].message == "no way to tell")
        #expect(report.checks[1].message.contains("a was aborted"))
        #expect(later.called == [])
    }

    @Test("a check that does not end is aborted at its limit")
    func limit() async {
        let report = await HealthcheckRun([Endless()], fixing: false, limit: .milliseconds(10)).report()
        #expect(statuses(report.checks) == [.aborted])
        #expect(report.checks[0].message.contains("limit"))
    }

    @Test("cancelling aborts the check under way and omits the rest")
    func cancellation() async {
        let run = Task {
            await HealthcheckRun([Endless(), Patient("b", well: true)], fixing: false).report()
        }
        run.cancel()
        let report = await run.value
        #expect(statuses(report.checks) == [.aborted, .omitted])
        #expect(report.checks[0].message == "cancelled")
    }
}
