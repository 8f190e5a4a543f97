// Which members of a run have done something: a bit each.

/// A set of member numbers. A state of a run with 10,000 members takes 1.2 KiB once all have signalled.
struct MemberSet: Sendable, Hashable {
    private var words: [UInt64] = []

    init() {}

    /// One member.
    init(only member: Int) { insert(member) }

    /// The members 0 ..< count.
    init(count: Int) {
        for member in 0..<count { insert(member) }
    }

    func contains(_ member: Int) -> Bool {
        member >> 6 < words.count && words[member >> 6] & (1 << UInt64(member & 63)) != 0
    }

    /// False when the member was in the set already.
    @discardableResult
    mutating func insert(_ member: Int) -> Bool {
        while words.count <= member >> 6 { words.append(0) }
        let bit: UInt64 = 1 << UInt64(member & 63)
        defer { words[member >> 6] |= bit }
        return words[member >> 6] & bit == 0
    }

    mutating func remove(_ member: Int) {
        guard member >> 6 < words.count else { return }
        words[member >> 6] &= ~(1 << UInt64(member & 63))
    }

    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// How many of this set are not in the other.
    func count(without other: MemberSet) -> Int {
        words.indices.reduce(0) { sum, index in
            let others = index < other.words.count ? other.words[index] : 0
            return sum + (words[index] & ~others).nonzeroBitCount
        }
    }
}
