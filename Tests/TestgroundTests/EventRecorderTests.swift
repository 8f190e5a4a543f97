// What an instance tells of itself, and where it is written.

import InstanceContract
import Testing

@testable import Testground

@Suite("Events of an instance")
struct EventRecorderTests {
    @Test("each event is one line on stdout and the same line in run.out")
    func places() async throws {
        let fixture = try RunFixture()
        fixture.run.recordMessage("a\nb")
        await fixture.run.stage("dial") { fixture.run.recordMessage("inside") }
        #expect(
            fixture.events == [
                .message("a\nb"), .stageStart(name: "dial", group: "g"), .message("inside"),
                .stageEnd(name: "dial", group: "g"),
            ])
        #expect(try fixture.directory.text("run.out") == fixture.lines.map { $0 + "\n" }.joined())
        await fixture.run.close()
    }

    @Test("a stage that throws has ended, too")
    func throwingStage() async throws {
        struct Cut: Error {}
        let fixture = try RunFixture()
        await #expect(throws: Cut.self) { try await fixture.run.stage("s") { throw Cut() } }
        #expect(fixture.events.last == .stageEnd(name: "s", group: "g"))
        await fixture.run.close()
    }

    @Test("of success only the first is told; a failure after it is told and outweighs it")
    func outcome() async throws {
        let fixture = try RunFixture()
        let events = fixture.run.events
        #expect(!events.hasSucceeded)
        fixture.run.recordSuccess()
        fixture.run.recordSuccess()
        #expect(events.hasSucceeded)
        fixture.run.recordFailure("why")
        fixture.run.recordFailure("again")
        fixture.run.recordCrash(TestgroundError(.sync, "too late"))
        #expect(!events.hasSucceeded)
        #expect(fixture.events == [.success(group: "g"), .failure(group: "g", error: "why")])
        await fixture.run.close()
    }

    @Test("success after failure is not told")
    func noSuccessAfterFailure() async throws {
        let fixture = try RunFixture()
        fixture.run.recordCrash(TestgroundError(.sync, "boom"), stacktrace: "#0 main")
        fixture.run.recordSuccess()
        #expect(fixture.events == [.crash(group: "g", error: "boom", stacktrace: "#0 main")])
        await fixture.run.close()
    }
}
