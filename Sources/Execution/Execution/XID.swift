// Ids of tasks and runs: xids (github.com/rs/xid), which sort by the time they were made.
//
// 12 bytes, most significant first: 4 of Unix time in seconds, 3 of machine, 2 of process id, 3 of a counter.
// Written as 20 characters of base32hex (RFC 4648 §7) in lower case, without padding.

/// A valid xid.
package struct XID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 20 characters.
    package let text: String

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
    private static let length = 20

    /// Made of its parts; what does not fit in a part's width is cut off.
    ///
    /// - Parameters:
    ///   - unixSeconds: the time of making.
    ///   - machine: lower 24 bits count; equal on one machine, best different on others.
    ///   - processID: lower 16 bits count.
    ///   - counter: lower 24 bits count; tells apart the ids of one process and second.
    package init(unixSeconds: UInt32, machine: UInt32, processID: UInt32, counter: UInt32) {
        let high =
            UInt64(unixSeconds) << 32 | UInt64(machine & 0xff_ffff) << 8 | UInt64(processID >> 8 & 0xff)
        let low = (processID & 0xff) << 24 | counter & 0xff_ffff
        var characters: [UInt8] = []
        characters.reserveCapacity(Self.length)
        // 96 bits in groups of 5 from the top; the last group holds one bit and four zeros.
        for start in stride(from: 0, to: 100, by: 5) {
            var group = 0
            for bit in start..<start + 5 { group = group << 1 | Self.bit(bit, high, low) }
            characters.append(Self.alphabet[group])
        }
        text = String(decoding: characters, as: UTF8.self)
    }

    /// Nil when the text is no xid.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.length, bytes.allSatisfy(Self.alphabet.contains),
            // 20 characters hold 100 bits, of which the last four are always zero.
            let last = bytes.last, last == UInt8(ascii: "0") || last == UInt8(ascii: "g")
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (lhs: XID, rhs: XID) -> Bool { lhs.text < rhs.text }

    /// Bit `index` of the 96, counted from the top; zero beyond.
    private static func bit(_ index: Int, _ high: UInt64, _ low: UInt32) -> Int {
        switch index {
        case 0..<64: Int(high >> UInt64(63 - index) & 1)
        case 64..<96: Int(low >> UInt32(95 - index) & 1)
        default: 0
        }
    }
}

/// Makes the xids of one process, in ascending order for a clock that does not go back.
package struct XIDGenerator: Sendable {
    private let machine: UInt32
    private let processID: UInt32
    private var counter: UInt32

    /// - Parameter counter: where to start counting, best at random: a process id is soon used again.
    package init(machine: UInt32, processID: UInt32, counter: UInt32) {
        self.machine = machine
        self.processID = processID
        self.counter = counter
    }

    package mutating func next(unixSeconds: UInt32) -> XID {
        counter = (counter + 1) & 0xff_ffff
        return XID(unixSeconds: unixSeconds, machine: machine, processID: processID, counter: counter)
    }
}
