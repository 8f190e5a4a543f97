// Event lines against the bytes of the contract.

import InstanceContract
import Testing

@Suite("Event lines")
struct EventLineTests {
    static func line(_ event: InstanceEvent) -> EventLine {
        EventLine(
            timestamp: 1_588_769_459_341_224_000, groupID: "single", runID: "e217c3a8a089", event: event)
    }

    static let head =
        #"{"ts":1588769459341224000,"msg":"","group_id":"single","run_id":"e217c3a8a089","event":"#

    /// Each kind of event beside its bytes (contract §2).
    static let samples: [(InstanceEvent, String)] = [
        (.start(runenv: #"{"plan":"p"}"#), #"{"start_event":{"runenv":{"plan":"p"}}}"#),
        (.message("…\n\"quoted\""), #"{"message_event":{"message":"…\n\"quoted\""}}"#),
        (.success(group: "single"), #"{"success_event":{"group":"single"}}"#),
        (.failure(group: "single", error: "no"), #"{"failure_event":{"group":"single","error":"no"}}"#),
        (
            .crash(group: "single", error: "trap", stacktrace: "0 main\n"),
            #"{"crash_event":{"group":"single","error":"trap","stacktrace":"0 main\n"}}"#
        ),
        (
            .stageStart(name: "dial", group: "single"),
            #"{"stage_start_event":{"name":"dial","group":"single"}}"#
        ),
        (.stageEnd(name: "dial", group: "single"), #"{"stage_end_event":{"name":"dial","group":"single"}}"#),
    ]

    @Test("an event is written with exactly the contract's members in its order", arguments: samples)
    func writes(event: InstanceEvent, json: String) {
        #expect(Self.line(event).json == Self.head + json + "}")
        #expect(event.json == json)
    }

    @Test("what is written is read back", arguments: samples)
    func reads(event: InstanceEvent, json: String) {
        #expect(EventLine(line: Self.head + json + "}") == Self.line(event))
        #expect(InstanceEvent(json: json) == event)
    }

    @Test("lines of other SDKs may lack members, carry more, and order them as they like")
    func tolerates() {
        let event = #"{"x":1,"failure_event":{"error":"boom"}}"#
        let line = #" {"level":"info","event":\#(event),"group_id":"miners","ts":1.5e18} "#
        #expect(
            EventLine(line: line)
                == EventLine(
                    timestamp: 1_500_000_000_000_000_000, groupID: "miners", runID: "",
                    event: .failure(group: "miners", error: "boom")))
    }

    /// Lines as the SDKs of the other languages print them, and what they say.
    static let foreign: [(String, EventLine)] = [
        // Go: zap, with the fields of the logger last.
        (
            #"{"ts":1660000000123456789,"msg":"","run_id":"r","group_id":"g","event":{"success_event":{"group":"g"}}}"#,
            EventLine(
                timestamp: 1_660_000_000_123_456_789, groupID: "g", runID: "r", event: .success(group: "g"))
        ),
        // Rust: neither run nor group beside the event, and messages without a time.
        (
            #"{"ts":1660000000123456789,"event":{"failure_event":{"group":"g","error":"x"}}}"#,
            EventLine(
                timestamp: 1_660_000_000_123_456_789, groupID: "", runID: "",
                event: .failure(group: "g", error: "x"))
        ),
        (
            #"{"event":{"message_event":{"message":"m"}}}"#,
            EventLine(timestamp: 0, groupID: "", runID: "", event: .message("m"))
        ),
        // Rust spells a crash's group otherwise, and its runenv is a string.
        (
            #"{"ts":1,"event":{"crash_event":{"groups":"g","error":"e","stacktrace":"s"}}}"#,
            EventLine(
                timestamp: 1, groupID: "", runID: "", event: .crash(group: "", error: "e", stacktrace: "s"))
        ),
        (
            #"{"ts":1,"event":{"start_event":{"runenv":"text"}}}"#,
            EventLine(timestamp: 1, groupID: "", runID: "", event: .start(runenv: #""text""#))
        ),
        // JavaScript: winston, with the event first; its success has no group.
        (
            #"{"event":{"success_event":{}},"level":"info","message":"","ts":1660000000123000000,"group_id":"g","run_id":"r"}"#,
            EventLine(
                timestamp: 1_660_000_000_123_000_000, groupID: "g", runID: "r", event: .success(group: "g"))
        ),
        // Nim: a member that works around a library, and nulls.
        (
            #"{"event":{"dummy":"","success_event":{"group":"g"},"message_event":null}}"#,
            EventLine(timestamp: 0, groupID: "", runID: "", event: .success(group: "g"))
        ),
    ]

    @Test("the lines of the SDKs for Go, Rust, JavaScript and Nim are read", arguments: foreign)
    func sdks(line: String, expected: EventLine) {
        #expect(EventLine(line: line) == expected)
    }

    @Test("the null members of a Go struct do not hide the event that is set")
    func nulls() {
        let json = #"{"start_event":null,"success_event":{"group":"g"},"crash_event":null}"#
        #expect(InstanceEvent(json: json) == .success(group: "g"))
    }

    @Test(
        "a line that is no event is plain output",
        arguments: [
            "", "hello", "{", "{}", #"{"event":{}}"#, #"{"event":{"unknown_event":{}}}"#,
            #"{"event":"message_event"}"#, #"{"message_event":{"message":"not inside event"}}"#,
            #"[{"event":{"message_event":{"message":""}}}]"#, #"x {"event":{"success_event":{}}}"#,
            #"{"event":{"success_event":{"group":"cut"#,
        ])
    func plain(line: String) {
        #expect(EventLine(line: line) == nil)
    }

    @Test("a message in another encoding is read with a blemish")
    func invalidUTF8() {
        let line = Array(#"{"event":{"message_event":{"message":"caf"#.utf8) + [0xE9] + Array(#""}}}"#.utf8)
        #expect(EventLine(line: line)?.event == .message("caf\u{FFFD}"))
    }

    @Test("a mark that begins twice is still found by the quick check")
    func quickCheck() {
        #expect(
            EventLine(line: #"{"__event":1,"event":{"success_event":{"group":"g"}}}"#)?.event
                == .success(group: "g"))
    }
}
