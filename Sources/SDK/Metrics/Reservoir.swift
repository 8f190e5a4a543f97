// Which values of a stream a histogram keeps. Pure: time and randomness are arguments.

import LinuxSystem

/// How a histogram samples its values.
public struct Sampling: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case uniform
        case exponentiallyDecaying(alpha: Double)
    }

    let kind: Kind
    let size: Int

    /// Values kept when nothing else is said: 99.9 % confidence with an error of 5 % for normal
    /// distributions.
    public static let defaultSize = 1028

    /// Weight of recent values: with 0.015 the last five minutes dominate.
    public static let defaultAlpha = 0.015

    /// Every value of the stream is as likely to be kept as every other.
    public static func uniform(size: Int = defaultSize) -> Sampling {
        Sampling(kind: .uniform, size: Swift.max(1, size))
    }

    /// Recent values are more likely to be kept, by `e^(alpha · seconds)`.
    public static func exponentiallyDecaying(
        size: Int = defaultSize, alpha: Double = defaultAlpha
    ) -> Sampling {
        Sampling(kind: .exponentiallyDecaying(alpha: alpha), size: Swift.max(1, size))
    }
}

/// The kept values of a stream.
struct Reservoir: Sendable {
    private enum Storage: Sendable {
        case uniform([Int])
        case decaying(DecayingReservoir)
    }

    private let sampling: Sampling
    private(set) var count = 0
    private var storage: Storage

    /// - Parameter now: monotonic nanoseconds.
    init(_ sampling: Sampling, now: Int64) {
        self.sampling = sampling
        storage =
            switch sampling.kind {
            case .uniform: .uniform([])
            case .exponentiallyDecaying(let alpha):
                .decaying(DecayingReservoir(size: sampling.size, alpha: alpha, start: now))
            }
    }

    var statistics: SampleStatistics {
        switch storage {
        case .uniform(let values): SampleStatistics(count: count, values: values)
        case .decaying(let reservoir): SampleStatistics(count: count, values: reservoir.values)
        }
    }

    mutating func update(_ value: Int, now: Int64, using random: inout some RandomNumberGenerator) {
        count += 1
        switch storage {
        case .uniform(var values):
            // Emptied so that the array is not copied on its change.
            storage = .uniform([])
            Self.keep(value, in: &values, size: sampling.size, seen: count, using: &random)
            storage = .uniform(values)
        case .decaying(var reservoir):
            storage = .uniform([])
            reservoir.update(value, now: now, using: &random)
            storage = .decaying(reservoir)
        }
    }

    mutating func clear(now: Int64) { self = Reservoir(sampling, now: now) }

    /// Vitter's algorithm R: the value number `seen` replaces a kept one with the probability size / seen.
    private static func keep(
        _ value: Int, in values: inout [Int], size: Int, seen: Int,
        using random: inout some RandomNumberGenerator
    ) {
        guard values.count >= size else { return values.append(value) }
        let place = Int.random(in: 0..<seen, using: &random)
        if place < size { values[place] = value }
    }
}

/// Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: "Forward Decay", ICDE 2009): each value gets the
/// priority `e^(alpha · age of the reservoir) / uniform(0, 1)` and those of the highest priority are kept.
struct DecayingReservoir: Sendable {
    private struct Entry {
        var priority: Double
        var value: Int
    }

    private let size: Int
    private let alpha: Double
    /// Monotonic nanoseconds of priority 1.
    private var landmark: Int64
    /// A min-heap by priority: the first is the next to go.
    private var heap: [Entry] = []

    /// After an hour the landmark moves, before the powers of e grow beyond what a double holds.
    static let rescaleNanoseconds: Int64 = 3_600_000_000_000

    init(size: Int, alpha: Double, start: Int64) {
        self.size = size
        self.alpha = alpha
        landmark = start
    }

    var values: [Int] { heap.map(\.value) }

    mutating func update(_ value: Int, now: Int64, using random: inout some RandomNumberGenerator) {
        if now - landmark > Self.rescaleNanoseconds { rescale(now) }
        // Never 0, by which the priority is divided.
        let luck = 1 - Double.random(in: 0..<1, using: &random)
        if heap.count >= size { removeFirst() }
        insert(Entry(priority: growth(now) / luck, value: value))
    }

    private func growth(_ now: Int64) -> Double {
        Mathematics.exponential(alpha * Double(now - landmark) / 1e9)
    }

    private mutating func rescale(_ now: Int64) {
        let factor = 1 / growth(now)
        // The order is the same after it: the heap stays a heap.
        for index in heap.indices { heap[index].priority *= factor }
        landmark = now
    }

    private mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].priority < heap[parent].priority else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let first = 2 * parent + 1
            guard first < heap.count else { return }
            var least = parent
            for child in first...min(first + 1, heap.count - 1)
            where heap[child].priority < heap[least].priority {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
