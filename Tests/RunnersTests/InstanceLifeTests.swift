// The life of an instance and the verdict on it, in every order of events.

import Execution
import InstanceContract
import Testing

@testable import Runners

@Suite("An instance's life")
struct InstanceLifeTests {
    private let instance = InstanceReference(group: "miners", index: 3)
    private let ok = InstanceLife.Ending(exit: .status(0), at: 2, resources: nil)

    private func testimony(_ events: InstanceEvent...) -> InstanceTestimony {
        var testimony = InstanceTestimony()
        for event in events { testimony.record(event) }
        return testimony
    }

    /// A life after the events, with all actions they caused.
    private func live(_ events: [InstanceLife.Event]) -> (InstanceLife, [InstanceLife.Action]) {
        var life = InstanceLife(instance)
        var actions: [InstanceLife.Action] = []
        for event in events { actions += life.handle(event) }
        return (life, actions)
    }

    @Test("a usual life: attached, started, initialised, running, drained, finished")
    func usual() {
        var life = InstanceLife(instance)
        #expect(life.handle(.attached) == [.start])
        #expect(life.handle(.spawned(processID: 42, at: 1)) == [.announceNetwork])
        #expect(life.process == InstanceLife.Process(processID: 42, startedAt: 1))
        #expect(life.handle(.networkInitialised) == [])
        #expect(life.state == .initialised(InstanceLife.Process(processID: 42, startedAt: 1)))
        #expect(life.handle(.reported) == [])
        #expect(life.handle(.reported) == [])
        #expect(life.state == .running(InstanceLife.Process(processID: 42, startedAt: 1)))
        #expect(life.handle(.exited(ok)) == [.announceEnd(EndNotice(.status(0))), .drain])
        #expect(life.process == nil)
        let actions = life.handle(.drained(testimony(.message("bye"), .success(group: "miners")), nil))
        let record = InstanceRecord(
            instance: instance, outcome: .success, exit: .status(0), processID: 42, startedAt: 1, endedAt: 2,
            lastMessage: "bye")
        #expect(actions == [.finish(record)])
        #expect(life.isFinished)
    }

    @Test("what cannot be attached or started never started, with the reason")
    func neverStarted() {
        for events: [InstanceLife.Event] in [
            [.attachmentFailed(reason: "no port")], [.attached, .spawnFailed(reason: "no port")],
        ] {
            let (life, actions) = live(events)
            let record = InstanceRecord(instance: instance, outcome: .neverStarted, reason: "no port")
            #expect(actions.suffix(2) == [.announceEnd(.neverStarted), .finish(record)])
            #expect(life.isFinished)
        }
    }

    @Test("a stop before the start ends the life without a process")
    func stopBeforeStart() {
        for prefix: [InstanceLife.Event] in [[], [.attached]] {
            let (canceled, actions) = live(prefix + [.stop(.canceled)])
            #expect(canceled.isFinished && !actions.contains(.terminate))
            #expect(actions.last?.record?.outcome == .canceled)
            let (_, late) = live(prefix + [.stop(.timeLimit(.seconds(600)))])
            #expect(late.last?.record?.outcome == .neverStarted)
            #expect(late.last?.record?.reason == "not started within the time limit of 10m0s")
        }
        // The attachment that completes afterwards starts nothing.
        let (_, actions) = live([.stop(.canceled), .attached])
        #expect(!actions.contains(.start))
    }

    @Test(
        "a stop ends the process from every state, once, and its first cause stands",
        arguments: [
            [], [InstanceLife.Event.networkInitialised], [.networkInitialised, .reported], [.reported],
        ])
    func stop(between: [InstanceLife.Event]) {
        let (life, actions) = live(
            [.attached, .spawned(processID: 42, at: 1)] + between + [
                .stop(.timeLimit(.seconds(90))), .stop(.canceled), .exited(ok), .exited(ok),
                .drained(testimony(.success(group: "miners")), nil), .stop(.canceled),
            ])
        #expect(actions.filter { $0 == .terminate }.count == 1)
        #expect(actions.filter { $0 == .drain }.count == 1)
        #expect(actions.compactMap(\.record).map(\.outcome) == [.timeout])
        #expect(life.isFinished)
    }

    @Test("a stop while the output is being read changes nothing: it has ended by itself")
    func stopWhileDraining() {
        let (_, actions) = live([
            .attached, .spawned(processID: 42, at: 1), .exited(ok), .stop(.canceled),
            .drained(testimony(.success(group: "miners")), nil),
        ])
        #expect(actions.compactMap(\.record).map(\.outcome) == [.success])
        #expect(!actions.contains(.terminate))
    }

    @Test("any order of any events makes at most one record and never starts twice")
    func anyOrder() {
        let events: [InstanceLife.Event] = [
            .attached, .attachmentFailed(reason: "a"), .spawned(processID: 1, at: 0),
            .spawnFailed(reason: "s"), .networkInitialised, .reported, .stop(.canceled), .exited(ok),
            .drained(InstanceTestimony(), nil),
        ]
        // All sequences of five events: 59,049 lives.
        var records = 0
        for code in 0..<59049 {
            var life = InstanceLife(instance)
            var (rest, actions): (Int, [InstanceLife.Action]) = (code, [])
            for _ in 0..<5 {
                actions += life.handle(events[rest % 9])
                rest /= 9
            }
            let finished = actions.compactMap(\.record).count
            records += finished
            if finished > 1 || actions.filter({ $0 == .start }).count > 1
                || life.isFinished != (finished == 1)
            {
                Issue.record("sequence \(code) went wrong: \(actions)")
                return
            }
        }
        #expect(records > 0)
    }
}

extension InstanceLife.Action {
    fileprivate var record: InstanceRecord? {
        if case .finish(let record) = self { record } else { nil }
    }
}

@Suite("The verdict on an instance")
struct InstanceVerdictTests {
    private static let success = InstanceEvent.success(group: "g")
    private static let failure = InstanceEvent.failure(group: "g", error: "no peers")
    private static let crash = InstanceEvent.crash(group: "g", error: "nil map", stacktrace: "main.go:3")

    struct Case: Sendable, CustomTestStringConvertible {
        var events: [InstanceEvent]
        var exit: ProcessExit?
        var stop: StopCause?
        var loss: OutputLoss?
        var outcome: InstanceOutcome
        var reason: String?

        init(
            _ events: [InstanceEvent], _ exit: ProcessExit?, stop: StopCause? = nil, loss: OutputLoss? = nil,
            _ outcome: InstanceOutcome, _ reason: String?
        ) {
            (self.events, self.exit, self.stop, self.loss) = (events, exit, stop, loss)
            (self.outcome, self.reason) = (outcome, reason)
        }

        var testDescription: String { "\(outcome): \(reason ?? "-")" }
    }

    static let cases: [Case] = [
        // Success is an event and an exit.
        Case([success], .status(0), .success, nil),
        Case([success, success], .status(0), .success, nil),
        Case([], .status(0), .incomplete, "exited 0 without reporting success"),
        Case([success], .status(3), .failure, "exit status 3 after reporting success"),
        Case([], .status(3), .failure, "exit status 3 without reporting an outcome"),
        Case(
            [], .status(137), .failure,
            "exit status 137 (a shell's way to say SIGKILL) without reporting an outcome"),
        // A failure stays one, whatever is claimed beside it.
        Case([failure], .status(0), .failure, "reported failure: no peers"),
        Case([failure], .status(1), .failure, "reported failure: no peers; exit status 1"),
        Case(
            [failure, success], .status(0), .failure,
            "reported failure: no peers, though it reported success too"),
        Case(
            [success, failure], .status(0), .failure,
            "reported failure: no peers, though it reported success too"),
        Case(
            [failure, .failure(group: "g", error: "second")], .status(0), .failure,
            "reported failure: no peers"),
        // A crash is the gravest.
        Case([crash], .status(2), .crash, "crashed: nil map; exit status 2"),
        Case([crash], .status(0), .crash, "crashed: nil map; exit status 0"),
        Case(
            [success, crash], .status(0), .crash, "crashed: nil map after reporting success; exit status 0"),
        Case(
            [failure, crash], .status(2), .crash,
            "crashed: nil map after reporting failure (no peers); exit status 2"),
        Case([], .signal(9), .crash, "killed by SIGKILL"),
        Case([success], .signal(11), .crash, "killed by SIGSEGV after reporting success"),
        Case([crash], .signal(6), .crash, "killed by SIGABRT after reporting a crash (nil map)"),
        Case([], .signal(50), .crash, "killed by signal 50"),
        // Where it was.
        Case(
            [.stageStart(name: "sync", group: "g"), .message("waiting for 3")], .signal(9), .crash,
            "killed by SIGKILL in stage \"sync\"; last message: \"waiting for 3\""),
        Case(
            [
                .stageStart(name: "a", group: "g"), .stageStart(name: "b", group: "g"),
                .stageEnd(name: "b", group: "g"),
            ], .status(0), .incomplete, "exited 0 without reporting success in stage \"a\""),
        Case(
            [.message("two\nlines")], .status(1), .failure,
            "exit status 1 without reporting an outcome; last message: \"two ⏎ lines\""),
        // Ended by us.
        Case(
            [.stageStart(name: "sync", group: "g"), .message("hi")], .signal(15),
            stop: .timeLimit(.seconds(600)), .timeout,
            "still running at the time limit of 10m0s in stage \"sync\"; last message: \"hi\""),
        Case(
            [success], .status(0), stop: .timeLimit(.milliseconds(1500)), .timeout,
            "still running at the time limit of 1.5s after reporting success"),
        Case(
            [failure], .signal(15), stop: .canceled, .canceled,
            "canceled while running after reporting failure (no peers)"),
        Case(
            [], nil, stop: .canceled, .canceled,
            "canceled while running; its process did not end after SIGKILL"),
        Case([success], nil, .crash, "its end could not be observed"),
        // Output that could not be kept spoils a success, and nothing else.
        Case(
            [success], .status(0), loss: OutputLoss(bytes: 7, reason: "disk full"), .failure,
            "7 bytes of its output are lost: disk full"),
        Case(
            [], .status(4), loss: OutputLoss(bytes: 7, reason: "disk full"), .failure,
            "exit status 4 without reporting an outcome"),
    ]

    @Test("terminal events and exit are cross-checked", arguments: cases)
    func verdict(_ example: Case) {
        var testimony = InstanceTestimony()
        for event in example.events { testimony.record(event) }
        let verdict = InstanceVerdict.decide(
            testimony, exit: example.exit, stop: example.stop, loss: example.loss)
        #expect(verdict.outcome == example.outcome)
        #expect(verdict.reason == example.reason)
    }

    @Test("a testimony stays small, however much an instance says")
    func bounded() {
        var testimony = InstanceTestimony()
        for number in 0..<10_000 { testimony.record(.stageStart(name: "s\(number)", group: "g")) }
        testimony.record(.message(String(repeating: "x", count: 1_000_000)))
        #expect(testimony.openStages.count == InstanceTestimony.mostOpenStages)
        #expect((testimony.lastMessage?.count ?? 0) <= InstanceTestimony.longestText + 1)
    }

    @Test(
        "durations read as Go prints them",
        arguments: [
            (Duration.seconds(600), "10m0s"), (.seconds(3600), "1h0m0s"), (.milliseconds(1500), "1.5s"),
            (.milliseconds(1050), "1.05s"), (.milliseconds(20), "20ms"), (.seconds(59), "59s"),
            (.seconds(3725), "1h2m5s"),
        ])
    func durations(_ duration: Duration, _ text: String) {
        #expect(duration.short == text)
    }
}

@Suite("How a run is brought to its end")
struct StopScheduleTests {
    @Test("killing skips the grace, whether or not the run was asked to end before, and happens once")
    func kill() {
        var running = StopSchedule(start: 0, limit: .seconds(60), grace: .seconds(10))
        #expect(running.kill(at: 1) == [.stopAll(.canceled), .killAll])
        #expect(running.kill(at: 2) == [])
        #expect(running.state == .killing(giveUpAt: 1 + StopSchedule.killAllowance.nanoseconds))
        var terminating = StopSchedule(start: 0, limit: .seconds(60), grace: .seconds(10))
        _ = terminating.cancel(at: 1)
        #expect(terminating.kill(at: 2) == [.killAll])
    }

    private let second: Int64 = 1_000_000_000

    @Test("time limit, grace and giving up follow each other at their times, counted from the first start")
    func order() {
        var schedule = StopSchedule(start: 0, limit: .seconds(60), grace: .seconds(10))
        schedule.firstInstanceStarted(at: 5 * second)
        #expect(schedule.deadline == 65 * second)
        #expect(schedule.tick(at: 64 * second) == [])
        #expect(schedule.tick(at: 65 * second) == [.stopAll(.timeLimit(.seconds(60)))])
        #expect(schedule.tick(at: 70 * second) == [])
        #expect(schedule.cancel(at: 70 * second) == [], "it is being stopped already")
        #expect(schedule.tick(at: 75 * second) == [.killAll])
        #expect(schedule.tick(at: 85 * second) == [.giveUp])
        #expect(schedule.deadline == nil)
        #expect(schedule.tick(at: .max) == [])
    }

    @Test("a cancellation goes the same way, and a limit beyond all time never comes")
    func cancel() {
        var schedule = StopSchedule(start: second, limit: .seconds(Int64.max), grace: .zero)
        #expect(schedule.deadline == .max)
        #expect(schedule.cancel(at: 2 * second) == [.stopAll(.canceled)])
        #expect(schedule.tick(at: 2 * second) == [.killAll])
    }
}
