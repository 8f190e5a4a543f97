// Requests that are broken at random: whatever comes in, the reader answers with a request or an error, and
// what it takes for a request it has understood.

import InstanceContract
import Testing

@Suite("Broken sync messages")
struct SyncMessageFuzzTests {
    @Test(
        "bytes changed, cut and doubled at random never end the program, and what is accepted reads back the same"
    )
    func mutations() throws {
        let originals = [
            #"{"id":"7","is_cancel":false,"publish":{"topic":"t","payload":{"a":[1,2.5e-3,"\u00e9é😀\n"],"b":null}}}"#,
            #"{"id":"10","barrier":{"state":"s","target":-3},"unknown":[[],{},true]}"#,
            #"{"id":"a","error":"","publish":{"seq":1},"subscribe":"\"x\"","signal_entry":null}"#,
        ].map { Array($0.utf8) }
        var state: UInt64 = 1
        func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % sides
        }
        var accepted = 0
        for round in 0..<30_000 {
            var bytes = originals[round % originals.count]
            for _ in 0...roll(3) where !bytes.isEmpty {
                switch roll(4) {
                case 0: bytes[roll(bytes.count)] = UInt8(roll(256))
                case 1: bytes.remove(at: roll(bytes.count))
                case 2: bytes.removeLast(roll(bytes.count))
                default: bytes.insert(bytes[roll(bytes.count)], at: roll(bytes.count))
                }
            }
            if let request = try? SyncRequest(decoding: bytes) {
                accepted += 1
                var again: [UInt8] = []
                request.encode(into: &again)
                #expect(try SyncRequest(decoding: again) == request)
            }
            if let response = try? SyncResponse(decoding: bytes) {
                var again: [UInt8] = []
                response.encode(into: &again)
                #expect(try SyncResponse(decoding: again) == response)
            }
        }
        // The test would prove little if nearly everything were rejected.
        #expect(accepted > 1000)
    }
}
