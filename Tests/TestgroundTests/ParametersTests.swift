// Typed parameters and their error messages.

import Testing

@testable import Testground

@Suite("Test parameters")
struct ParametersTests {
    static func parameters(_ text: String) -> Parameters { Parameters(["p": text]) }

    @Test(
        "sizes are read in powers of 1000 and of 1024",
        arguments: [
            ("10MiB", 10 << 20), ("10 MB", 10_000_000), ("64k", 64_000), ("64KiB", 65_536), ("1.5kb", 1500),
            ("512", 512), ("0B", 0), ("2ti", 2 << 40), ("1PB", 1_000_000_000_000_000),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try Self.parameters(text).size("p") == bytes)
    }

    @Test(
        "durations are read as Go reads them",
        arguments: [
            ("1.5s", 1_500_000_000), ("300ms", 300_000_000), ("1h15m30.918s", 4_530_918_000_000),
            ("-2us", -2000),
            ("2µs", 2000), ("2μs", 2000), ("0", 0), ("+5ns", 5), (".5m", 30_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) throws {
        #expect(try Self.parameters(text).duration("p") == .nanoseconds(nanoseconds))
    }

    @Test(
        "rates are a quantity for each interval",
        arguments: [
            ("100/s", Rate(100, per: .seconds(1))), ("0.5/m", Rate(0.5, per: .seconds(60))),
            ("500 / 5m", Rate(500, per: .seconds(300))), ("1/100ms", Rate(1, per: .milliseconds(100))),
        ])
    func rates(text: String, rate: Rate) throws {
        #expect(try Self.parameters(text).rate("p") == rate)
    }

    @Test("a rate knows its number a second")
    func perSecond() { #expect(Rate(500, per: .seconds(50)).perSecond == 10) }

    @Test(
        "lists are separated by commas, or JSON",
        arguments: [
            ("a, b ,c", ["a", "b", "c"]), (#"["a,b","c"]"#, ["a,b", "c"]), ("", []),
            ("a,,b", ["a", "", "b"]),
            ("one", ["one"]), ("[]", []),
        ])
    func lists(text: String, list: [String]) throws {
        #expect(try Self.parameters(text).list("p") == list)
    }

    @Test("numbers, truth values, lists of sizes and JSON of one's own types are read")
    func others() throws {
        struct Peer: Codable, Equatable { var name: String }
        #expect(try Self.parameters("-12").int("p") == -12)
        #expect(try Self.parameters("2.5e3").double("p") == 2500)
        #expect(
            try ["TRUE", "1", "false", "0"].map { try Self.parameters($0).bool("p") } == [
                true, true, false, false,
            ])
        #expect(try Self.parameters("1k,2KiB").sizes("p") == [1000, 2048])
        #expect(try Self.parameters(#"[{"name":"a"}]"#).json("p", as: [Peer].self) == [Peer(name: "a")])
        #expect(try Self.parameters(" as it is ").string("p") == " as it is ")
    }

    /// Each reader with texts that it must refuse.
    static let refusals: [(String, String, @Sendable (Parameters) throws -> Void)] = [
        ("1.5", "a whole number, e.g. 12", { _ = try $0.int("p") }),
        ("", "a whole number, e.g. 12", { _ = try $0.int("p") }),
        ("inf", "a number, e.g. 0.5", { _ = try $0.double("p") }),
        ("yes", "true or false", { _ = try $0.bool("p") }),
        ("[1]", #"a list, e.g. a,b,c or ["a","b"]"#, { _ = try $0.list("p") }),
        ("10XB", "a size, e.g. 10MiB, 64kB or 512", { _ = try $0.size("p") }),
        ("-1", "a size, e.g. 10MiB, 64kB or 512", { _ = try $0.size("p") }),
        ("1i", "a size, e.g. 10MiB, 64kB or 512", { _ = try $0.size("p") }),
        ("9999999PB", "a size, e.g. 10MiB, 64kB or 512", { _ = try $0.size("p") }),
        ("5", "a duration, e.g. 1.5s, 300ms or 1h15m", { _ = try $0.duration("p") }),
        ("1s2", "a duration, e.g. 1.5s, 300ms or 1h15m", { _ = try $0.duration("p") }),
        ("-", "a duration, e.g. 1.5s, 300ms or 1h15m", { _ = try $0.duration("p") }),
        ("100", "a rate, e.g. 100/s or 500/5m", { _ = try $0.rate("p") }),
        ("1/0s", "a rate, e.g. 100/s or 500/5m", { _ = try $0.rate("p") }),
        ("{", "JSON of a Int", { _ = try $0.json("p", as: Int.self) }),
    ]

    @Test("an error names the parameter, its value and the form expected", arguments: refusals.indices)
    func refused(index: Int) {
        let (text, expected, read) = Self.refusals[index]
        let error = #expect(throws: TestgroundError.self) { try read(Self.parameters(text)) }
        #expect(error?.description == "parameter \"p\" is \"\(text)\", expected \(expected)")
    }

    @Test("a default stands in for a parameter that is not set, never for one that is set wrong")
    func defaults() throws {
        #expect(try Parameters([:]).int("p", default: 7) == 7)
        #expect(throws: TestgroundError.self) { try Self.parameters("x").int("p", default: 7) }
        let error = #expect(throws: TestgroundError.self) { try Parameters([:]).int("p") }
        #expect(error?.description.hasPrefix("parameter \"p\" is not set, expected a whole number") == true)
        #expect(Self.parameters("").isSet("p"))
        #expect(!Self.parameters("").isSet("q"))
    }
}
