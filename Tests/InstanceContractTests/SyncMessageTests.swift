// The sync messages of contract §4, against the bytes that stand there and the ones that real clients send.

import InstanceContract
import Testing

@Suite("Sync messages")
struct SyncMessageTests {
    private func request(_ text: String) throws -> SyncRequest { try SyncRequest(decoding: Array(text.utf8)) }

    private func encoded(_ response: SyncResponse) -> String {
        var bytes: [UInt8] = []
        response.encode(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the requests of the contract are read as written there")
    func contractRequests() throws {
        #expect(
            try request(#"{"id":"7","is_cancel":false,"publish":{"topic":"t","payload":{"a": [1, 2.50]}}}"#)
                == SyncRequest(
                    id: "7", operation: .publish(topic: "t", payload: Array(#"{"a": [1, 2.50]}"#.utf8))))
        #expect(
            try request(#"{"id":"8","subscribe":{"topic":"t"}}"#)
                == SyncRequest(id: "8", operation: .subscribe(topic: "t")))
        #expect(
            try request(#"{"id":"9","signal_entry":{"state":"s"}}"#)
                == SyncRequest(id: "9", operation: .signalEntry(state: "s")))
        #expect(
            try request(#"{"id":"10","barrier":{"state":"s","target":3}}"#)
                == SyncRequest(id: "10", operation: .barrier(state: "s", target: 3)))
        #expect(try request(#"{"id":"8","is_cancel":true}"#) == SyncRequest(id: "8", operation: .cancel))
    }

    @Test(
        "requests are read as the SDKs for Go, Rust, JavaScript and Nim write them",
        arguments: [
            (
                #"{"id":"0","is_cancel":false,"publish":null,"subscribe":null,"barrier":null,"signal_entry":{"state":"s"}}"#,
                SyncRequest(id: "0", operation: .signalEntry(state: "s"))
            ),
            (
                #"{"id":"0","is_cancel":false,"publish":{"topic":"t","payload":"text"}}"#,
                SyncRequest(id: "0", operation: .publish(topic: "t", payload: Array(#""text""#.utf8)))
            ),
            (
                #"{"barrier":{"state":"s","target":2},"id":"1"}"#,
                SyncRequest(id: "1", operation: .barrier(state: "s", target: 2))
            ),
            (
                #"{"id":"2","signal_entry":null,"publish":null,"barrier":null,"subscribe":{"topic":"t"}}"#,
                SyncRequest(id: "2", operation: .subscribe(topic: "t"))
            ),
        ])
    func sdkRequests(text: String, expected: SyncRequest) throws {
        #expect(try request(text) == expected)
    }

    @Test(
        "of several requests in one message only the first counts: publish, subscribe, barrier, signal_entry")
    func precedence() throws {
        let parts = [
            #""signal_entry":{"state":"s"}"#, #""barrier":{"state":"s","target":1}"#,
            #""subscribe":{"topic":"t"}"#, #""publish":{"topic":"t","payload":1}"#,
        ]
        let expected: [SyncRequest.Operation] = [
            .signalEntry(state: "s"), .barrier(state: "s", target: 1), .subscribe(topic: "t"),
            .publish(topic: "t", payload: Array("1".utf8)),
        ]
        for count in 1...4 {
            let text = "{\"id\":\"1\"," + parts.prefix(count).joined(separator: ",") + "}"
            #expect(try request(text).operation == expected[count - 1])
        }
    }

    @Test("absent, null and unknown fields are what they are to Go")
    func lenience() throws {
        #expect(try request(" {} ") == SyncRequest(id: "", operation: nil))
        #expect(
            try request(#"{"id":"1","publish":null,"subscribe":null,"x":{"y":[null,true]},"barrier":null}"#)
                == SyncRequest(id: "1", operation: nil))
        #expect(try request(#"{"publish":{}}"#).operation == .publish(topic: "", payload: Array("null".utf8)))
        #expect(try request(#"{"barrier":{}}"#).operation == .barrier(state: "", target: 0))
        #expect(
            try request(#"{"\u0069d":"\u00e9\ud83d\ude00\n\ud800"}"#)
                == SyncRequest(id: "é😀\n\u{FFFD}", operation: nil))
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "   ", "{", "{}x", "{\"id\"}", "{\"id\":}", "{\"id\":\"1\",}", "{,}", "{'id':'1'}", "[1,]",
            #"{"id":"\x"}"#, #"{"id":"\u12g4"}"#, "{\"id\":\"a\nb\"}", #"{"id":"1""#, #"{"a":01}"#,
            #"{"a":1.}"#,
            #"{"a":.5}"#, #"{"a":1e}"#, #"{"a":-}"#, #"{"a":+1}"#, #"{"a":nul}"#, #"{"a":truE}"#,
            #"{"a":[1 2]}"#,
            #"{"a":NaN}"#, #"{"publish":{"topic":"t","payload":}}"#,
        ])
    func invalid(_ text: String) {
        let error = #expect(throws: SyncMessageError.self) { try request(text) }
        #expect(error?.code == .invalidJSON)
    }

    @Test(
        "bytes that are no UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        let text = Array("{\"id\":\"".utf8) + bytes + Array("\"}".utf8)
        #expect(throws: SyncMessageError.self) { try SyncRequest(decoding: text) }
    }

    @Test(
        "a field of a wrong type is refused, also in a request that would not count",
        arguments: [
            #"{"id":7}"#, #"{"id":"1","is_cancel":"true"}"#, #"{"barrier":{"state":"s","target":3.0}}"#,
            #"{"barrier":{"state":"s","target":1e2}}"#,
            #"{"barrier":{"state":"s","target":9223372036854775808}}"#,
            #"{"barrier":{"state":"s","target":"3"}}"#, #"{"subscribe":{"topic":1}}"#, #"{"subscribe":"t"}"#,
            "[]", "7",
            #"{"publish":{"topic":"t","payload":1},"signal_entry":{"state":false}}"#,
        ])
    func wrongType(_ text: String) {
        let error = #expect(throws: SyncMessageError.self) { try request(text) }
        #expect(error?.code == .wrongType)
    }

    @Test("nesting has a limit, so that a hostile payload cannot use up the stack")
    func depth() throws {
        func nested(_ levels: Int) -> String {
            #"{"publish":{"payload":"# + String(repeating: "[", count: levels)
                + String(repeating: "]", count: levels) + "}}"
        }
        _ = try request(nested(JSONScanner.maximumDepth))
        let error = #expect(throws: SyncMessageError.self) { try request(nested(100_000)) }
        #expect(error?.code == .tooDeep)
    }

    @Test("responses always have all five fields, in the contract's order")
    func responses() {
        #expect(
            encoded(SyncResponse(id: "7", content: .published(sequence: 1)))
                == #"{"id":"7","error":"","publish":{"seq":1},"subscribe":"","signal_entry":null}"#)
        #expect(
            encoded(SyncResponse(id: "7", content: .signalled(count: 12)))
                == #"{"id":"7","error":"","publish":null,"subscribe":"","signal_entry":{"seq":12}}"#)
        #expect(
            encoded(SyncResponse(id: "7", content: .done))
                == #"{"id":"7","error":"","publish":null,"subscribe":"","signal_entry":null}"#)
        #expect(
            encoded(SyncResponse(id: "a\"\u{1}", content: .failed("no \"x\"")))
                == #"{"id":"a\"\u0001","error":"no \"x\"","publish":null,"subscribe":"","signal_entry":null}"#
        )
        #expect(
            encoded(SyncResponse(id: "7", content: .entry(Array(#"{"a":"\n"}"#.utf8))))
                == #"{"id":"7","error":"","publish":null,"subscribe":"{\"a\":\"\\n\"}","signal_entry":null}"#)
    }

    @Test("head, body and tail of a delivery make the response that the writer makes")
    func delivery() {
        for payload in ["1", #""é\u0000\"""#, "{\n\t\"a\" : \"/\" }"] {
            let parts =
                SyncDelivery.head(id: "i\"d") + SyncDelivery.body(payload: Array(payload.utf8))
                + SyncDelivery.tail
            #expect(
                String(decoding: parts, as: UTF8.self)
                    == encoded(SyncResponse(id: "i\"d", content: .entry(Array(payload.utf8)))))
        }
    }

    @Test("what one side writes the other reads")
    func roundTrips() throws {
        let payload = Array(#"{"f":1.10,"s":"\u00e9\"é"}"#.utf8)
        let operations: [SyncRequest.Operation?] = [
            nil, .cancel, .publish(topic: "t\"é\u{7}", payload: payload), .subscribe(topic: ""),
            .barrier(state: "s\\", target: .min), .signalEntry(state: "\u{2028}"),
        ]
        for operation in operations {
            let original = SyncRequest(id: "id-\n", operation: operation)
            var bytes: [UInt8] = []
            original.encode(into: &bytes)
            #expect(try SyncRequest(decoding: bytes) == original)
        }
        let contents: [SyncResponse.Content] = [
            .published(sequence: 1), .entry(payload), .signalled(count: .max), .done, .failed("é\t"),
        ]
        for content in contents {
            let original = SyncResponse(id: "1", content: content)
            #expect(try SyncResponse(decoding: Array(encoded(original).utf8)) == original)
        }
    }
}
