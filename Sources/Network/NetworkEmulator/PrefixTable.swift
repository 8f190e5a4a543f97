// Longest-prefix match in the time of one hash look-up for each length in use, whatever the number of rules.
//
// Hot path: raw memory instead of a Dictionary. The look-up happens for every packet; SipHash and the
// dictionary's reference count would cost about as much as everything else the switch does with a packet.

/// An immutable map from prefixes to numbers; a change builds a new one.
struct PrefixTable: ~Copyable {
    private struct Slot {
        var address: IPAddress
        /// 255 marks an empty slot.
        var length: UInt8
        var value: Int32
    }

    private static let emptyLength: UInt8 = 255

    private let slots: UnsafeMutableBufferPointer<Slot>
    private let mask: Int
    /// Lengths in use, longest first.
    private let lengths: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter entries: where a prefix stands twice, the later one holds.
    init(_ entries: [(prefix: Prefix, value: Int32)]) {
        // Less than half full, so that a probe ends soon.
        var capacity = 4
        while capacity < entries.count * 2 + 1 { capacity *= 2 }
        let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: capacity)
        slots.initialize(
            repeating: Slot(address: IPAddress(high: 0, low: 0), length: Self.emptyLength, value: -1))
        let mask = capacity - 1
        for (prefix, value) in entries {
            var index = Self.hash(prefix.address, prefix.length) & mask
            while slots[index].length != Self.emptyLength,
                slots[index].length != prefix.length || slots[index].address != prefix.address
            {
                index = (index + 1) & mask
            }
            slots[index] = Slot(address: prefix.address, length: prefix.length, value: value)
        }
        let used = Set(entries.map(\.prefix.length)).sorted(by: >)
        let lengths = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, used.count))
        lengths.initialize(repeating: 0)
        for (index, length) in used.enumerated() { lengths[index] = length }
        self.slots = slots
        self.mask = mask
        self.lengths = .init(start: lengths.baseAddress, count: used.count)
    }

    deinit {
        slots.deallocate()
        lengths.baseAddress?.deallocate()
    }

    var isEmpty: Bool { lengths.isEmpty }

    /// The value of the longest prefix that holds the address; -1 for none.
    func longestMatch(_ address: IPAddress) -> Int32 {
        for length in lengths {
            let key = address.masked(length)
            var index = Self.hash(key, length) & mask
            while slots[index].length != Self.emptyLength {
                if slots[index].length == length, slots[index].address == key { return slots[index].value }
                index = (index + 1) & mask
            }
        }
        return -1
    }

    /// Two rounds of a multiplicative mix: rules are often neighbours, which must not end up in neighbouring
    /// slots.
    private static func hash(_ address: IPAddress, _ length: UInt8) -> Int {
        var hash = address.high ^ (address.low &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(length)
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 29
        return Int(truncatingIfNeeded: hash & UInt64(Int.max))
    }
}
