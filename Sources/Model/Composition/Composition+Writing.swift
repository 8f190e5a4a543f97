// Composition → TOML, so that parsing the text gives the composition again.

extension Composition {
    /// The composition as TOML, without what was not set.
    package var text: String {
        var root: [(String, ConfigurationValue)] = []
        root.append(("metadata", .table(metadata.table)))
        root.append(("global", .table(global.table)))
        root.append(("groups", .array(groups.map { .table($0.table) })))
        root.append(("runs", .array(runs.map { .table($0.table) })))
        var sections = root.filter { !$0.1.isEmpty }.map { TOMLText.document([$0.0: $0.1]) }
        if let network { sections.append(TOMLText.document(["network": .table(network)])) }
        // One document a section keeps them in the order people write them in. Two braces can stand only in
        // strings and quoted keys; there they must not be taken for a template's action.
        return sections.joined(separator: "\n").replacing("{{", with: "{\\u007B")
    }
}

extension ConfigurationValue {
    fileprivate var isEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .table(let table): table.isEmpty
        case .integer, .double, .boolean, .date: false
        }
    }
}

extension ConfigurationTable {
    fileprivate mutating func set(_ key: String, _ value: ConfigurationValue?) {
        guard let value, !value.isEmpty else { return }
        self[key] = value
    }

    fileprivate mutating func set(_ key: String, _ text: String) { set(key, .string(text)) }

    fileprivate mutating func set(_ key: String, _ texts: [String: String]) {
        set(key, .table(texts.mapValues(ConfigurationValue.string)))
    }
}

extension Composition.Metadata {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("name", name)
        table.set("author", author)
        return table
    }
}

extension Composition.Global {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("plan", plan)
        table.set("case", testCase)
        table.set("total_instances", totalInstances.map { .integer(Int64($0)) })
        table.set("concurrent_builds", concurrentBuilds.map { .integer(Int64($0)) })
        table.set("builder", builder)
        table.set("runner", runner)
        table.set("disable_metrics", disableMetrics ? .boolean(true) : nil)
        table.set("build_config", .table(buildConfiguration))
        table.set("build", .table(build.table))
        table.set("run_config", .table(runConfiguration))
        table.set("run", .table(run.table))
        return table
    }
}

extension Composition.Build {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("selectors", .array(selectors.map(ConfigurationValue.string)))
        table.set("dependencies", .array(dependencies.map { .table($0.table) }))
        return table
    }
}

extension Dependency {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("module", module)
        table.set("target", target)
        table.set("version", version)
        return table
    }
}

extension Composition.RunSettings {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("artifact", artifact)
        table.set("test_params", parameters)
        table.set("profiles", profiles)
        return table
    }
}

extension Resources {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("memory", memory)
        table.set("cpu", cpu)
        return table
    }
}

extension Composition.Instances {
    fileprivate var table: ConfigurationTable {
        switch self {
        case .count(let count): ["count": .integer(Int64(count))]
        case .percentage(let share): ["percentage": .double(share)]
        }
    }
}

extension Composition.Group {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("id", id)
        table.set("builder", builder)
        table.set("resources", .table(resources.table))
        table.set("instances", instances.map { .table($0.table) })
        table.set("build_config", .table(buildConfiguration))
        table.set("build", .table(build.table))
        table.set("run", .table(run.table))
        return table
    }
}

extension Composition.Run {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("id", id)
        table.set("test_params", parameters)
        table.set("total_instances", totalInstances.map { .integer(Int64($0)) })
        table.set("groups", .array(groups.map { .table($0.table) }))
        return table
    }
}

extension Composition.RunGroup {
    fileprivate var table: ConfigurationTable {
        var table: ConfigurationTable = [:]
        table.set("id", id)
        table.set("group_id", groupID)
        table.set("resources", .table(resources.table))
        table.set("instances", instances.map { .table($0.table) })
        table.set("test_params", parameters)
        table.set("profiles", profiles)
        return table
    }
}
