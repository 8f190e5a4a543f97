// Ids: the form of rs/xid, and their order.

import Execution
import Testing

@Suite("Xids")
struct XIDTests {
    @Test("an xid's parts give the text that rs/xid documents for them")
    func knownValue() {
        // The example of github.com/rs/xid's documentation: 9m4e2mr0ui3e8a215n4g is
        // 4d 88 e1 5b 60 f4 86 e4 28 41 2d c9.
        let id = XID(unixSeconds: 0x4d88_e15b, machine: 0x60f486, processID: 0xe428, counter: 0x412dc9)
        #expect(id.text == "9m4e2mr0ui3e8a215n4g")
        #expect(XID("9m4e2mr0ui3e8a215n4g") == id)
    }

    @Test(
        "what is no xid is refused",
        arguments: [
            "", "9m4e2mr0ui3e8a215n4", "9m4e2mr0ui3e8a215n4gg", "9M4E2MR0UI3E8A215N4G",
            "9m4e2mr0ui3e8a215n4w",
            // Right characters, but the four bits beyond the 96 are not zero.
            "9m4e2mr0ui3e8a215n4h",
        ])
    func refused(text: String) {
        #expect(XID(text) == nil)
    }

    @Test("ids of one process ascend with count and time, and stay distinct when the counter wraps")
    func order() {
        var generator = XIDGenerator(machine: 1, processID: 2, counter: 10)
        let ids = [
            generator.next(unixSeconds: 5), generator.next(unixSeconds: 5), generator.next(unixSeconds: 6),
        ]
        #expect(ids == ids.sorted())
        var wrapping = XIDGenerator(machine: 1, processID: 2, counter: 0xff_fffe)
        let last = wrapping.next(unixSeconds: 5)
        let first = wrapping.next(unixSeconds: 5)
        #expect(last != first)
        #expect(first == XID(unixSeconds: 5, machine: 1, processID: 2, counter: 0))
    }

    @Test("parts that are too wide do not spill into their neighbours")
    func cut() {
        #expect(
            XID(unixSeconds: 1, machine: 0xff00_0001, processID: 0x1_0002, counter: 0x0100_0003)
                == XID(unixSeconds: 1, machine: 1, processID: 2, counter: 3))
    }
}
