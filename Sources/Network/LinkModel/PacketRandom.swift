// Randomness as a function: of the run's seed, the link, the packet's number and the decision. Nothing is
// drawn from a stream, so that one link's traffic never changes another's fate, and a packet's fate can be
// found again from the record of a run.

/// The decisions that take a draw.
enum Draw: UInt64 {
    case loss = 1
    case duplicate, corrupt, corruptedBit, jitter, jitterSecond, reorder
    /// Added for the copy that a duplication makes.
    static let copyOffset: UInt64 = 64
}

/// The key of a link's draws.
struct PacketRandom: Sendable, Hashable {
    private let key: UInt64

    init(seed: UInt64, link: UInt64) {
        key = Self.mix(Self.mix(seed) ^ link &* 0x9E37_79B9_7F4A_7C15)
    }

    /// 64 uniform bits for one decision on one packet.
    func bits(_ draw: Draw, packet: UInt64, isCopy: Bool = false) -> UInt64 {
        let decision = draw.rawValue &+ (isCopy ? Draw.copyOffset : 0)
        return Self.mix(Self.mix(key ^ packet &* 0xD134_2543_DE82_EF95) &+ decision &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every input bit flips each output bit
    /// with a probability of one half.
    private static func mix(_ input: UInt64) -> UInt64 {
        var z = input &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
