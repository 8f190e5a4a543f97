// Statistics against figures that were worked out by hand, or that rcrowley/go-metrics gives for the same
// input.

import InstanceContract
import Testing

@testable import Testground

private let second: Int64 = 1_000_000_000

@Suite struct MetricsStatisticsTests {
    private func near(_ left: Double, _ right: Double) -> Bool {
        abs(left - right) <= 1e-12 * max(1, abs(right))
    }

    @Test("percentiles interpolate at the place fraction · (n + 1)")
    func percentiles() {
        let sample = SampleStatistics(count: 10, values: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
        // Place 5.5: between the fifth and the sixth.
        #expect(sample.percentile(0.5) == 5.5)
        // Place 8.25.
        #expect(sample.percentile(0.75) == 8.25)
        // Place 10.89 is beyond the last, place 0.11 before the first.
        #expect(sample.percentile(0.99) == 10)
        #expect(sample.percentile(0.01) == 1)
        #expect(sample.percentile(.nan) == 1)
    }

    @Test("mean, variance and deviation are those of a whole population")
    func moments() {
        let sample = SampleStatistics(count: 4, values: [2, 4, 4, 6])
        #expect(sample.mean == 4)
        // (4 + 0 + 0 + 4) / 4
        #expect(sample.variance == 2)
        #expect(near(sample.standardDeviation, 1.4142135623730951))
        #expect(sample.min == 2)
        #expect(sample.max == 6)
    }

    @Test("an empty sample has zeros everywhere")
    func empty() {
        let sample = SampleStatistics(count: 0, values: [])
        #expect(sample.measures.allSatisfy { $0.value == 0 })
        #expect(sample.measures.count == 12)
    }

    @Test("the numbers 1 to 10,000 have the figures that go-metrics gives")
    func tenThousand() {
        let sample = SampleStatistics(count: 10_000, values: Array(1...10_000))
        #expect(sample.mean == 5000.5)
        #expect(near(sample.standardDeviation, 2886.751331514372))
        #expect(sample.percentile(0.5) == 5000.5)
        #expect(sample.percentile(0.75) == 7500.75)
        #expect(near(sample.percentile(0.99), 9900.99))
    }

    @Test(
        "a moving average decays as go-metrics' do",
        arguments: [
            (1.0, [0.22072766470286553, 0.08120116994196772, 0.029872241020718428]),
            (5.0, [0.49123845184678905, 0.4021920276213837, 0.32928698165641596]),
            (15.0, [0.5613041910189706, 0.5251039914257684, 0.4912384518467888]),
        ])
    func movingAverage(minutes: Double, rates: [Double]) {
        var average = MovingAverage(minutes: minutes, start: 0)
        average.update(3, now: 1)
        #expect(average.rate(now: 5 * second - 1) == 0)
        // The first tick: 3 events in 5 seconds.
        #expect(average.rate(now: 5 * second) == 0.6)
        for (minute, rate) in rates.enumerated() {
            let now = 5 * second + Int64(minute + 1) * 60 * second
            #expect(near(average.rate(now: now), rate))
        }
    }

    @Test("looking at a moving average often or seldom makes no difference")
    func movingAverageObserved() {
        var watched = MovingAverage(alpha: 0.2, start: 0)
        var ignored = watched
        for step in 0..<100 {
            let now = Int64(step) * second
            watched.update(step, now: now)
            ignored.update(step, now: now)
            _ = watched.rate(now: now)
        }
        let end = 1000 * second
        #expect(near(watched.rate(now: end), ignored.rate(now: end)))
    }

    @Test("a meter's mean is its count over the time since its start")
    func meterMean() {
        var events = EventRates(start: 2 * second)
        events.mark(30, now: 3 * second)
        events.mark(10, now: 4 * second)
        let rates = events.rates(now: 12 * second)
        #expect(rates.count == 40)
        #expect(rates.mean == 4)
        // The rate of the first tick was 8; the shorter the average, the faster it falls.
        #expect(rates.minute1 < rates.minute5 && rates.minute5 < rates.minute15)
        #expect(EventRates(start: 5).count == 0)
    }
}

@Suite struct ReservoirTests {
    private func fill(_ sampling: Sampling, seed: UInt64, _ values: Range<Int>) -> SampleStatistics {
        var random = SeededGenerator(seed: seed)
        var reservoir = Reservoir(sampling, now: 0)
        for value in values { reservoir.update(value, now: Int64(value), using: &random) }
        return reservoir.statistics
    }

    @Test(
        "a reservoir keeps no more than its size, nothing twice, and counts everything",
        arguments: [Sampling.uniform(size: 100), .exponentiallyDecaying(size: 100)])
    func size(_ sampling: Sampling) {
        let sample = fill(sampling, seed: 1, 0..<1000)
        #expect(sample.count == 1000)
        #expect(sample.values.count == 100)
        #expect(Set(sample.values).count == 100)
    }

    @Test(
        "the same seed keeps the same values, another one others",
        arguments: [Sampling.uniform(size: 50), .exponentiallyDecaying(size: 50)])
    func seeded(_ sampling: Sampling) {
        #expect(fill(sampling, seed: 7, 0..<500) == fill(sampling, seed: 7, 0..<500))
        #expect(fill(sampling, seed: 7, 0..<500) != fill(sampling, seed: 8, 0..<500))
    }

    @Test("a uniform sample favours neither old nor new values")
    func uniform() {
        // Of 1000 kept values 500 are expected from each half; 100 are six standard deviations.
        let sample = fill(.uniform(size: 1000), seed: 3, 0..<20_000)
        let old = sample.values.count { $0 < 10_000 }
        #expect((400...600).contains(old))
    }

    @Test("a decaying sample forgets the old, also beyond the hour after which priorities are rescaled")
    func decaying() {
        var random = SeededGenerator(seed: 4)
        var reservoir = DecayingReservoir(size: 100, alpha: 0.015, start: 0)
        for hour in 0..<3 {
            // Within a minute little is forgotten; in the hour between, by e^54.
            for _ in 0..<100 {
                reservoir.update(hour, now: Int64(hour) * 3601 * second, using: &random)
            }
            #expect(reservoir.values.allSatisfy { $0 == hour })
            #expect(reservoir.values.count == 100)
        }
    }

    @Test("generators of one seed differ by name")
    func generators() {
        var first = SeededGenerator(seed: 1, name: "a")
        var second = SeededGenerator(seed: 1, name: "b")
        var again = SeededGenerator(seed: 1, name: "a")
        let number = first.next()
        #expect(number != second.next())
        #expect(number == again.next())
        // The first number of SplitMix64 for the seed 0, as published.
        var published = SeededGenerator(seed: 0)
        #expect(published.next() == 0xe220_a839_7b1d_cdaf)
    }
}
