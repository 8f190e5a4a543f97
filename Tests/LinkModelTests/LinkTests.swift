// The link's decisions: exactly where they are exact, with stated confidence where they are random.

import Testing

@testable import LinkModel

/// Milliseconds as a span.
private func ms(_ value: Int64) -> Span { Span(nanoseconds: value * 1_000_000) }

private let start = Instant(nanoseconds: 1_000_000_000)

@Suite("A link")
struct LinkTests {
    /// Fates of packets offered at an interval.
    private func fates(
        _ shape: LinkShape, count: Int, bytes: Int = 1_000, every: Span = .zero, seed: UInt64 = 1,
        identity: UInt64 = 1
    ) -> [Fate] {
        var link = Link(seed: seed, identity: identity, shape: shape)
        return (0..<count).map {
            link.admit(bytes: bytes, at: start + Span(nanoseconds: Int64($0) * every.nanoseconds))
        }
    }

    private func deliveries(_ fates: [Fate]) -> [Delivery] {
        fates.compactMap { if case .deliver(let delivery, _) = $0 { delivery } else { nil } }
    }

    /// Whether a count of successes lies within `z` standard deviations of what the probability predicts.
    private func agrees(_ count: Int, of total: Int, with probability: Double, z: Double = 4) -> Bool {
        let expected = Double(total) * probability
        let deviation = (expected * (1 - probability)).squareRoot()
        return abs(Double(count) - expected) <= z * deviation
    }

    @Test("without a shape every packet is delivered at once")
    func transparent() {
        #expect(LinkShape().isTransparent)
        #expect(
            fates(LinkShape(), count: 3)
                == Array(repeating: .deliver(Delivery(due: start), copy: nil), count: 3))
    }

    @Test("filters decide before everything else")
    func filters() {
        let all = Chance(percentage: 100)
        #expect(fates(LinkShape(filter: .drop, loss: all), count: 1) == [.drop(.filtered)])
        #expect(fates(LinkShape(filter: .reject, loss: all), count: 1) == [.reject])
    }

    @Test("latency is exact")
    func latency() {
        let due = deliveries(fates(LinkShape(latency: ms(100)), count: 5, every: ms(1))).map(\.due)
        #expect(due == (0..<5).map { start + ms(100 + $0) })
    }

    @Test("equal seeds give equal traces; another seed or another link gives another")
    func determinism() {
        let shape = LinkShape(
            latency: ms(10), jitter: ms(5), bandwidth: Bandwidth(bitsPerSecond: 8_000_000),
            loss: Chance(percentage: 5), duplicate: Chance(percentage: 5), corrupt: Chance(percentage: 5),
            reorder: Chance(percentage: 5))
        let trace = fates(shape, count: 2_000, every: ms(1))
        #expect(trace == fates(shape, count: 2_000, every: ms(1)))
        #expect(trace != fates(shape, count: 2_000, every: ms(1), seed: 2))
        #expect(trace != fates(shape, count: 2_000, every: ms(1), identity: 2))
    }

    @Test("one link's traffic does not change another's fate")
    func independence() {
        let shape = LinkShape(loss: Chance(percentage: 50))
        var alone = Link(seed: 9, identity: 1, shape: shape)
        var beside = Link(seed: 9, identity: 1, shape: shape)
        var other = Link(seed: 9, identity: 2, shape: shape)
        for _ in 0..<500 {
            let expected = alone.admit(bytes: 100, at: start)
            _ = other.admit(bytes: 100, at: start)
            #expect(beside.admit(bytes: 100, at: start) == expected)
        }
    }

    // The seed is fixed, so these either hold for ever or fail for ever: a failure is a defect, not bad luck. 4 σ has a
    // two-sided probability of 6.3e-5 for a correct model and a random seed.
    @Test(
        "loss, duplication, corruption and reordering happen as often as asked (4 σ)",
        arguments: [0.1, 1, 5, 50])
    func frequencies(percentage: Double) {
        let count = 400_000
        let chance = Chance(percentage: percentage)
        let lost = fates(LinkShape(loss: chance), count: count).filter { $0 == .drop(.lost) }.count
        #expect(agrees(lost, of: count, with: percentage / 100))
        let copies = fates(LinkShape(duplicate: chance), count: count).filter {
            if case .deliver(_, copy: .some) = $0 { true } else { false }
        }.count
        #expect(agrees(copies, of: count, with: percentage / 100))
        let corrupted = deliveries(fates(LinkShape(corrupt: chance), count: count))
            .filter { $0.corruptedBit != nil }.count
        #expect(agrees(corrupted, of: count, with: percentage / 100))
        let early = deliveries(fates(LinkShape(latency: ms(10), reorder: chance), count: count))
            .filter { $0.due == start }.count
        #expect(agrees(early, of: count, with: percentage / 100))
    }

    @Test("chances of 0 and 100 % are never and always")
    func certainties() {
        #expect(
            fates(LinkShape(loss: Chance(percentage: 100)), count: 10_000).allSatisfy { $0 == .drop(.lost) })
        #expect(deliveries(fates(LinkShape(loss: .never), count: 10_000)).count == 10_000)
    }

    @Test("the corrupted bit is every bit of the packet in turn, and none outside")
    func corruptedBits() {
        let bits = deliveries(fates(LinkShape(corrupt: Chance(percentage: 100)), count: 20_000, bytes: 20))
            .compactMap(\.corruptedBit)
        #expect(Set(bits) == Set(0..<160))
    }

    @Test("correlation makes losses come in bursts")
    func correlation() {
        /// How much likelier a loss is after a loss than at any time.
        func burstiness(_ correlation: Double) -> Double {
            let lost = fates(
                LinkShape(loss: Chance(percentage: 30, correlation: correlation)), count: 100_000
            )
            .map { $0 == .drop(.lost) }
            let after = zip(lost, lost.dropFirst()).filter(\.0)
            let repeated = Double(after.filter(\.1).count) / Double(max(1, after.count))
            return repeated / (Double(lost.filter { $0 }.count) / Double(lost.count))
        }
        #expect(abs(burstiness(0) - 1) < 0.05)
        #expect(burstiness(50) > 2)
    }

    @Test(
        "uniform jitter of ± 10 ms has its mean at the latency and σ 5.77 ms; normal σ 10 ms (4 σ of the estimate)"
    )
    func jitterMoments() {
        let count = 200_000
        for (distribution, sigma) in [(JitterDistribution.uniform, 10 / 3.0.squareRoot()), (.normal, 10.0)] {
            let shape = LinkShape(
                latency: ms(100), jitter: ms(10), jitterDistribution: distribution, jitterMayReorder: true)
            let delays = deliveries(fates(shape, count: count)).map {
                Double(($0.due - start).nanoseconds) / 1e6
            }
            let mean = delays.reduce(0, +) / Double(count)
            let variance = delays.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
            let tolerance = 4 * sigma / Double(count).squareRoot()
            #expect(abs(mean - 100) < tolerance)
            #expect(abs(variance.squareRoot() - sigma) < tolerance)
            if distribution == .uniform { #expect(delays.allSatisfy { (90...110).contains($0) }) }
        }
    }

    @Test("jitter does not reorder unless it may")
    func jitterOrder() {
        func isOrdered(_ mayReorder: Bool) -> Bool {
            let shape = LinkShape(latency: ms(20), jitter: ms(15), jitterMayReorder: mayReorder)
            let due = deliveries(fates(shape, count: 1_000, every: ms(1))).map(\.due)
            return zip(due, due.dropFirst()).allSatisfy { $0 <= $1 }
        }
        #expect(isOrdered(false))
        #expect(!isOrdered(true))
    }

    @Test("a reordered packet overtakes those in flight")
    func reorder() {
        let due = deliveries(
            fates(LinkShape(latency: ms(10), reorder: Chance(percentage: 20)), count: 100, every: ms(1))
        )
        .map(\.due)
        #expect(zip(due, due.dropFirst()).contains { $0 > $1 })
    }

    @Test("a rate serves one packet after the other, to the nanosecond over a million packets")
    func rate() {
        // 1,500 bytes at 7 Mbit/s take 1,714,285.714… ns: the remainders must not be lost.
        let shape = LinkShape(bandwidth: Bandwidth(bitsPerSecond: 7_000_000), queueBytes: .max / 4)
        var link = Link(seed: 1, identity: 1, shape: shape)
        var last: Fate?
        for _ in 0..<1_000_000 { last = link.admit(bytes: 1_500, at: start) }
        let expected = start + Span(nanoseconds: 1_500 * 8 * 1_000_000 * 1_000 / 7)
        #expect(last == .deliver(Delivery(due: expected), copy: nil))
    }

    @Test("a queue of 100 packets at 10 Mbit/s adds 120 ms and drops the rest")
    func queueLimit() {
        let shape = LinkShape(bandwidth: Bandwidth(bitsPerSecond: 10_000_000), queueBytes: 150_000)
        let all = fates(shape, count: 200, bytes: 1_500)
        #expect(deliveries(all).count == 100)
        #expect(deliveries(all).last?.due == start + ms(120))
        #expect(all.dropFirst(100).allSatisfy { $0 == .drop(.queueFull) })
    }

    @Test("a packet larger than the queue passes an idle link")
    func oversize() {
        let shape = LinkShape(bandwidth: Bandwidth(bitsPerSecond: 8_000), queueBytes: 100)
        #expect(
            fates(shape, count: 1, bytes: 1_000) == [.deliver(Delivery(due: start + ms(1_000)), copy: nil)])
    }

    @Test("delay counts from the departure from the rate queue")
    func latencyAfterRate() {
        let shape = LinkShape(latency: ms(50), bandwidth: Bandwidth(bitsPerSecond: 8_000_000))
        let due = deliveries(fates(shape, count: 3)).map(\.due)
        #expect(due == [start + ms(51), start + ms(52), start + ms(53)])
    }

    @Test("a copy is charged to the rate as well")
    func duplicateIsCharged() {
        let shape = LinkShape(
            bandwidth: Bandwidth(bitsPerSecond: 8_000_000), duplicate: Chance(percentage: 100))
        #expect(
            fates(shape, count: 1) == [
                .deliver(Delivery(due: start + ms(1)), copy: Delivery(due: start + ms(2)))
            ])
    }

    @Test("a new shape holds for the next packet; the one in flight keeps its time")
    func reshape() {
        var link = Link(seed: 1, identity: 1, shape: LinkShape(latency: ms(100)))
        #expect(link.admit(bytes: 100, at: start) == .deliver(Delivery(due: start + ms(100)), copy: nil))
        link.reshape(LinkShape(latency: ms(10)))
        #expect(link.admit(bytes: 100, at: start) == .deliver(Delivery(due: start + ms(10)), copy: nil))
    }

    @Test("links that share an uplink share its rate")
    func uplink() {
        var uplink = RateQueue()
        let rate = Bandwidth(bitsPerSecond: 8_000_000)
        var links = (0..<4).map { Link(seed: 1, identity: $0, shape: LinkShape()) }
        var due: [Instant] = []
        for index in 0..<8 {
            let fate = links[index % 4].admit(
                bytes: 1_000, at: start, uplink: &uplink, uplinkRate: rate, uplinkQueueBytes: 100_000)
            due += deliveries([fate]).map(\.due)
        }
        #expect(due == (1...8).map { start + ms($0) })
    }

    @Test("extreme rates, sizes and delays neither trap nor go backwards")
    func extremes() {
        for rate in [1, 1_000, UInt64.max] {
            for latency in [Span.zero, Span(nanoseconds: .max / 4)] {
                var link = Link(
                    seed: .max, identity: .max,
                    shape: LinkShape(
                        latency: latency, jitter: latency, bandwidth: Bandwidth(bitsPerSecond: rate),
                        queueBytes: .max / 4))
                for bytes in [0, 1, 65_535] {
                    if case .deliver(let delivery, _) = link.admit(bytes: bytes, at: start) {
                        #expect(delivery.due >= start)
                    }
                }
            }
        }
    }
}
