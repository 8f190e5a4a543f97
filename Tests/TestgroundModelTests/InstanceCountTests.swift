// Counts, percentages, totals and bounds.

import Testing

@testable import TestgroundModel

@Suite("the numbers of instances add up, or it is said why not")
struct InstanceCountTests {
    private func text(total: Int?, _ instances: [String]) -> String {
        var text = "[global]\ncase = \"sync\"\n"
        if let total { text += "total_instances = \(total)\n" }
        for (index, instances) in instances.enumerated() {
            text += "[[groups]]\nid = \"g\(index)\"\ninstances = { \(instances) }\n"
        }
        return text
    }

    private func counts(total: Int?, _ instances: [String]) throws -> [Int] {
        try Fixture.prepare(text(total: total, instances)).runs[0].groups.map(\.instances)
    }

    @Test("percentages round to the nearest, halves away from zero, and mix with counts")
    func percentages() throws {
        #expect(try counts(total: 10, ["percentage = 0.5", "percentage = 0.5"]) == [5, 5])
        #expect(try counts(total: 10, ["percentage = 0.24", "percentage = 0.76"]) == [2, 8])
        #expect(try counts(total: 5, ["percentage = 0.5", "count = 2"]) == [3, 2])
        #expect(try counts(total: 3, ["percentage = 1"]) == [3])
        #expect(try counts(total: nil, ["count = 2", "count = 3"]) == [2, 3])
    }

    @Test("a run's own total counts before the composition's")
    func runTotal() throws {
        let runs = """
            [[runs]]
            id = "own"
            total_instances = 4
            groups = [{ id = "g0" }]
            [[runs]]
            id = "shared"
            groups = [{ id = "g0" }]
            [[runs]]
            id = "counted"
            groups = [{ id = "g0", instances = { count = 7 } }]
            """
        let prepared = try Fixture.prepare(text(total: 20, ["percentage = 1.0"]) + runs)
        #expect(prepared.runs.map(\.totalInstances) == [4, 20, 7])
    }

    @Test("percentages without a total are refused")
    func noTotal() throws {
        #expect(
            try Fixture.diagnostics(text(total: nil, ["count = 1", "percentage = 0.5"])) == [
                #"composition.toml:8:1: error: group "g1" of run "default" is a share of an unknown total "#
                    + "(set total_instances)"
            ])
    }

    @Test("a total that the groups do not reach is refused with what they have")
    func mismatch() throws {
        #expect(
            try Fixture.diagnostics(text(total: 10, ["percentage = 0.33", "percentage = 0.33", "count = 3"]))
                == [
                    #"composition.toml:3:1: error: run "default" has 10 instances in all, but its groups have 9: "#
                        + "g0 3, g1 3, g2 3 (change total_instances or the groups)"
                ])
    }

    @Test("totals outside the test case's bounds are refused")
    func bounds() throws {
        #expect(
            try Fixture.diagnostics(text(total: nil, ["count = 1"])) == [
                #"composition.toml:5:1: error: run "default" has 1 instance, but test case "sync" "#
                    + "needs at least 2"
            ])
        #expect(
            try Fixture.diagnostics(text(total: 101, ["percentage = 1.0"])) == [
                #"composition.toml:3:1: error: run "default" has 101 instances, but test case "sync" "#
                    + "takes at most 100"
            ])
        #expect(try counts(total: nil, ["count = 100"]) == [100])
        #expect(try counts(total: nil, ["count = 2"]) == [2])
    }

    @Test("a group of which nothing remains is kept and warned of")
    func nothingRemains() throws {
        let text = text(total: 4, ["percentage = 0.1", "percentage = 0.9"])
        #expect(
            try Fixture.diagnostics(text) == [
                #"composition.toml:6:1: warning: group "g0" of run "default" gets no instance: "#
                    + "0.1 of 4 is less than a half"
            ])
        #expect(try counts(total: 4, ["percentage = 0.1", "percentage = 0.9"]) == [0, 4])
    }

    @Test(
        "numbers beyond any run are refused and never overflow",
        arguments: [
            (nil, ["count = 9223372036854775807", "count = 9223372036854775807"]),
            (Int.max, ["percentage = 1.0"]), (nil, ["count = 40000", "count = 40000"]),
        ] as [(Int?, [String])])
    func tooMany(total: Int?, instances: [String]) throws {
        let lines = try Fixture.diagnostics(text(total: total, instances))
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(
                #"error: run "default" has more than 65533 instances (a run's network has no more addresses)"#
            )
                == true)
    }

    @Test("groups without a number are refused")
    func noNumber() throws {
        #expect(
            try Fixture.diagnostics(
                "[global]\ncase = \"sync\"\n[[groups]]\nid = \"a\"\n[[groups]]\nid = \"b\"\n") == [
                    #"composition.toml:3:1: error: group "a" of run "default" has no number of instances "#
                        + "(write instances = { count = 2 } or { percentage = 0.5 })",
                    #"composition.toml:5:1: error: group "b" of run "default" has no number of instances "#
                        + "(write instances = { count = 2 } or { percentage = 0.5 })",
                ])
    }

    @Test(
        "over random splits, the numbers sum to the total or the total is refused",
        arguments: 0..<200 as Range<UInt64>)
    func splits(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let total = Int.random(in: 2...100, using: &random)
        let parts = Int.random(in: 1...8, using: &random)
        var cuts = (1..<parts).map { _ in Double.random(in: 0...1, using: &random) } + [0, 1]
        cuts.sort()
        let shares = zip(cuts, cuts.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }
        let rounded = shares.map { Int((Double(total) * $0).rounded(.toNearestOrAwayFromZero)) }
        let text = text(total: total, shares.map { "percentage = \(tomlNumber($0))" })
        do {
            let run = try Fixture.prepare(text).runs[0]
            #expect(run.groups.map(\.instances) == rounded)
            #expect(run.totalInstances == total)
            #expect(run.groups.map(\.instances).reduce(0, +) == total)
        } catch let error as ModelError {
            #expect(rounded.reduce(0, +) != total)
            let message = error.diagnostics.last { $0.severity == .error }?.message ?? ""
            #expect(
                message.contains("has \(total) instances in all, but its groups have \(rounded.reduce(0, +))")
            )
        }
    }

    /// Swift writes `1e-05`, which TOML reads as well.
    private func tomlNumber(_ value: Double) -> String { "\(value)" }
}
