// Compositions with everything in odd places, the same for the same seed.

@testable import TestgroundModel

/// Makes compositions out of texts, keys and numbers that are hard to write.
struct RandomComposition {
    var generator: SeededGenerator

    private static let pieces = [
        "a", "Z", "0", "-", "_", ".", " ", "\"", "'", "\\", "\n", "\r\n", "\t", "\u{1}", "\u{7F}", "ü", "🙂",
        "{{",
        "}}", "{", "#", "=", "[", "]", "\"\"\"", "'''", "{{/*", "\\u007B", "$", "|",
    ]

    private mutating func chance() -> Bool { Bool.random(using: &generator) }

    private mutating func text(_ length: ClosedRange<Int> = 1...6) -> String {
        (0..<Int.random(in: length, using: &generator))
            .map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
    }

    private mutating func texts() -> [String: String] {
        var result: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) { result[text()] = text(0...6) }
        return result
    }

    private mutating func value(depth: Int) -> ConfigurationValue {
        switch Int.random(in: 0..<(depth > 2 ? 5 : 7), using: &generator) {
        case 0: return .string(text(0...8))
        case 1: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 2: return .double(Double.random(in: -1e3...1e3, using: &generator) * (chance() ? 1e30 : 1e-9))
        case 3: return .boolean(chance())
        case 4: return .date("2021-02-03T04:05:06Z")
        case 5:
            let count = Int.random(in: 0...3, using: &generator)
            return .array((0..<count).map { _ in value(depth: depth + 1) })
        default: return .table(table(depth: depth + 1))
        }
    }

    private mutating func table(depth: Int = 0) -> ConfigurationTable {
        var result: ConfigurationTable = [:]
        for _ in 0..<Int.random(in: 0...3, using: &generator) { result[text()] = value(depth: depth) }
        return result
    }

    private mutating func build() -> Composition.Build {
        Composition.Build(
            selectors: chance() ? [text(), text()] : [],
            dependencies: chance()
                ? [Dependency(module: text(), target: chance() ? text() : "", version: text())] : [])
    }

    private mutating func settings() -> Composition.RunSettings {
        Composition.RunSettings(artifact: chance() ? text() : "", parameters: texts(), profiles: texts())
    }

    private mutating func instances() -> Composition.Instances? {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: nil
        case 1: .count(Int.random(in: 1...1000, using: &generator))
        default: .percentage(Double.random(in: 0.001...1, using: &generator))
        }
    }

    mutating func composition() -> Composition {
        var composition = Composition()
        composition.metadata = Composition.Metadata(name: text(0...4), author: text(0...4))
        composition.global.plan = text()
        composition.global.totalInstances = chance() ? 12 : nil
        composition.global.disableMetrics = chance()
        composition.global.buildConfiguration = table()
        composition.global.build = build()
        composition.global.runConfiguration = table()
        composition.global.run = settings()
        for index in 0..<Int.random(in: 0...3, using: &generator) {
            var group = Composition.Group(id: "g\(index)", instances: instances())
            group.builder = chance() ? text() : ""
            group.resources = Resources(memory: chance() ? "1Gi" : "", cpu: chance() ? "2" : "")
            group.buildConfiguration = table()
            group.build = build()
            group.run = settings()
            composition.groups.append(group)
        }
        for index in 0..<Int.random(in: 0...2, using: &generator) {
            var member = Composition.RunGroup(id: "m", groupID: chance() ? "g0" : "", instances: instances())
            member.parameters = texts()
            member.profiles = texts()
            var run = Composition.Run(id: "r\(index)", groups: chance() ? [member] : [])
            run.parameters = texts()
            composition.runs.append(run)
        }
        if chance() {
            // Whatever else stands there is kept and warned of.
            composition.network = table().merging(["mtu": .integer(9_000)]) { $1 }
            var topology = Topology()
            topology.mtu = 9_000
            composition.topology = topology
        }
        return composition
    }
}
