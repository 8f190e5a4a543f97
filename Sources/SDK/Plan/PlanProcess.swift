// The life of an instance's process: read the environment, report the start, run the test case, report the
// end, leave.

import InstanceContract
import LinuxSystem
import Synchronization

enum PlanProcess {
    /// Time a test case has after SIGTERM. Shorter than any runner's grace, so that the reason is still
    /// reported.
    static let terminationGrace: Int64 = 5_000_000_000

    /// Exit statuses beyond success and failure.
    static let wrongUse: Int32 = 2
    /// 128 + SIGTERM, as shells show it.
    static let terminated: Int32 = 143

    static func run(_ testCases: [TestCase]) async {
        StandardStreams.prepare()
        let environment: InstanceEnvironment
        do {
            environment = try InstanceEnvironment(variables: ThisProcess.environment)
        } catch {
            StandardStreams.writeErrorLine(
                error.code == .missingVariable
                    ? standaloneMessage(testCases) : "this instance's environment is wrong: \(error)")
            ThisProcess.end(status: wrongUse)
        }
        let events = EventRecorder(environment)
        events.installCrashCapture()
        await MainActor.run { CrashCapture.prepareThread() }
        // Before anything else can report: the start is the first line.
        let start = InstanceEvent.start(runenv: environment.runenv)
        events.record(start)
        let run = RunEnvironment(environment, events: events)
        run.countLifecycle(start)
        run.profiles.start()
        let ending = Ending(run)
        do {
            if let failure = events.outputsFailure { throw failure }
            let testCase = try find(environment.testCase, in: testCases, plan: environment.plan)
            try TerminationSignal.onArrival { ending.terminate() }
            let work = Task {
                // Good until the task first waits; the pool's other threads cannot be reached.
                CrashCapture.prepareThread()
                try await testCase.body(run)
            }
            ending.watch(work)
            try await work.value
            ending.succeeded()
        } catch {
            ending.failed(error)
        }
        await run.close()
        ThisProcess.end(status: ending.status)
    }

    private static func find(
        _ name: String, in testCases: [TestCase], plan: String
    ) throws(TestgroundError) -> TestCase {
        guard let testCase = testCases.first(where: { $0.name == name }) else {
            let names = testCases.map(\.name).joined(separator: ", ")
            throw TestgroundError(
                .unknownTestCase, "plan \"\(plan)\" has no test case \"\(name)\"; it has: \(names)")
        }
        return testCase
    }

    /// What someone sees who starts the plan's program by hand.
    static func standaloneMessage(_ testCases: [TestCase]) -> String {
        let name = testCases.first?.name ?? "<case>"
        return """
            This program is a Testground plan, an instance of which a runner starts. Run it with:

                testground run single --plan <plan> --testcase \(name) --instances 2 \
            --builder exec:swift --runner local:exec

            Test cases: \(testCases.map(\.name).joined(separator: ", "))

            To start one instance by hand, e.g. under a debugger, set at least three variables:

                TEST_PLAN=plan TEST_CASE=\(name) TEST_RUN=by-hand <this program>
            """
    }
}

/// How a process ends, whoever decides it first: its test case, or SIGTERM.
private final class Ending: Sendable {
    private let run: RunEnvironment
    private let isTerminated = Atomic(false)
    private let isOver = Monitor(false)
    private let work = Mutex<Task<Void, any Error>?>(nil)

    init(_ run: RunEnvironment) { self.run = run }

    /// From now on SIGTERM cancels the test case, also when it has come already.
    func watch(_ task: Task<Void, any Error>) {
        work.withLock { $0 = task }
        if isTerminated.load(ordering: .acquiring) { task.cancel() }
    }

    func succeeded() {
        if isTerminated.load(ordering: .acquiring) {
            fail("the test case was ended by SIGTERM")
        } else {
            run.events.recordSuccess()
        }
        isOver.change { $0 = true }
    }

    func failed(_ error: any Error) {
        if isTerminated.load(ordering: .acquiring), error is CancellationError {
            fail("the test case was ended by SIGTERM")
        } else {
            fail("\(error)")
        }
        isOver.change { $0 = true }
    }

    /// Runs on the signal's thread.
    func terminate() {
        isTerminated.store(true, ordering: .releasing)
        work.withLock { $0 }?.cancel()
        let deadline = SystemClock.monotonic() + PlanProcess.terminationGrace
        guard isOver.wait(until: deadline, { $0 ? true : nil }) == nil else { return }
        fail("the test case was asked to end by SIGTERM and did not within 5 seconds")
        ThisProcess.end(status: PlanProcess.terminated)
    }

    var status: Int32 {
        if isTerminated.load(ordering: .acquiring) { return PlanProcess.terminated }
        return run.events.hasSucceeded ? 0 : 1
    }

    private func fail(_ reason: String) { run.events.recordFailure(reason) }
}
