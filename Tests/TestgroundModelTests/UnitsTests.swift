// Quantities as people write them.

import Testing

@testable import TestgroundModel

@Suite("quantities are read as their users write them")
struct UnitsTests {
    @Test(
        "sizes",
        arguments: [
            ("0", 0), ("1024", 1024), ("10MiB", 10 << 20), ("10 MB", 10_000_000), ("1.5GB", 1_500_000_000),
            ("512k", 512_000), ("512Ki", 512 << 10), ("1tib", 1 << 40), ("7B", 7), ("1,024", 1024),
            ("9223372036854775807", Int64.max), ("", nil), ("MiB", nil), ("-1", nil), ("1 parsec", nil),
            ("10EiB", nil), ("1..5k", nil), ("١k", nil),
        ] as [(String, Int64?)])
    func sizes(text: String, bytes: Int64?) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(
        "durations, as Go's ParseDuration reads them",
        arguments: [
            ("0", 0), ("1s", 1_000_000_000), ("1.5s", 1_500_000_000), ("1h2m3.5s", 3_723_500_000_000),
            ("300ms", 300_000_000), ("-1.5h", -5_400_000_000_000), ("+5us", 5000), ("5µs", 5000),
            (".5s", 500_000_000), ("1.s", 1_000_000_000), ("0.25m", 15_000_000_000),
            ("0.000000001s", 1), ("", nil), ("5", nil), ("s", nil), ("1d", nil), ("1s ", nil), (".s", nil),
            ("-", nil), ("999999999h", nil),
        ] as [(String, Int64?)])
    func durations(text: String, nanoseconds: Int64?) {
        #expect(DurationText(text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "bandwidths",
        arguments: [
            ("0", 0), ("1000", 1_000), ("10Mbit/s", 10_000_000), ("1.5 Gbps", 1_500_000_000),
            ("128kbit", 128_000), ("128Kibit/s", 131_072), ("1MB/s", 8_000_000), ("2Tb/s", 2_000_000_000_000),
            ("", nil), ("fast", nil), ("1M/s", nil), ("-1bit", nil), ("10 apples", nil),
            ("99999999Tbit", nil),
        ] as [(String, UInt64?)])
    func bandwidths(text: String, bitsPerSecond: UInt64?) {
        #expect(BandwidthText(text)?.bitsPerSecond == bitsPerSecond)
    }

    @Test(
        "rates",
        arguments: [
            ("100/s", 100), ("6000/m", 100), ("5/100ms", 50), ("0/s", 0), ("1", nil), ("-1/s", nil),
            ("1/0s", nil), ("1/x", nil), ("/s", nil),
        ] as [(String, Double?)])
    func rates(text: String, perSecond: Double?) {
        #expect(RateText(text)?.perSecond == perSecond)
    }

    @Test(
        "quantities of Kubernetes",
        arguments: [
            ("512Mi", 536_870_912), ("100m", 0.1), ("0.5", 0.5), ("1e3", 1000), ("2E", 2e18), ("2k", 2000),
            ("2K", nil), ("512MB", nil), ("", nil), ("-1", nil), ("1 Gi", nil),
        ] as [(String, Double?)])
    func quantities(text: String, value: Double?) {
        #expect(ResourceQuantity(text)?.value == value)
    }
}
