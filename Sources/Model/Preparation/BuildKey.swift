// Which groups share a build: those whose builder, configuration, selectors and dependencies are equal.

/// The builds of a composition, each once.
struct BuildCollection {
    private(set) var plans: [BuildPlan] = []
    private var index: [String: Int] = [:]

    /// Adds a group's build, or the group to the equal build that is there; returns the build's key.
    mutating func add(_ build: BuildPlan, group: String) -> String {
        let content = Self.content(of: build)
        if let index = index[content] {
            plans[index].groups.append(group)
            return plans[index].key
        }
        var build = build
        build.key = Self.fingerprint(of: content)
        build.groups = [group]
        index[content] = plans.count
        plans.append(build)
        return build.key
    }

    /// All that makes a build, as text; the order of selectors and dependencies does not count.
    private static func content(of build: BuildPlan) -> String {
        let dependencies = build.dependencies
            .map { [$0.module, $0.target, $0.version] }
            .sorted { $0.lexicographicallyPrecedes($1) }
        let table: ConfigurationTable = [
            "builder": .string(build.builder),
            "configuration": .table(build.configuration),
            "selectors": .array(Set(build.selectors).sorted().map(ConfigurationValue.string)),
            "dependencies": .array(dependencies.map { .array($0.map(ConfigurationValue.string)) }),
        ]
        return ConfigurationValue.table(table).jsonText
    }

    /// FNV-1a with 128 bits in hexadecimal (draft-eastlake-fnv): short enough for a file's name, and two
    /// builds of one machine do not meet in it by chance.
    private static func fingerprint(of content: String) -> String {
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for byte in content.utf8 {
            hash ^= UInt128(byte)
            hash &*= 0x0000_0000_0100_0000_0000_0000_0000_013b
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
