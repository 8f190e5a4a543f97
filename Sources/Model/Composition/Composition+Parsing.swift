// A composition's file → Composition: the template is rendered, the TOML read. Checks of single values happen
// here; whether the parts go together is the preparer's concern.

extension Composition {
    /// Parses a composition.
    ///
    /// - Parameters:
    ///   - file: the file's path; resources are looked for beside it.
    ///   - environment: what the template sees as `.Env`.
    ///   - readFile: reads a resource by its path; what it throws is shown to the person.
    /// - Throws: `ModelError` with everything that is wrong.
    package static func parse(
        _ text: String, file: String, environment: [String: String] = [:],
        readFile: @escaping @Sendable (_ path: String) throws -> String = { _ in throw NoResources() }
    ) throws(ModelError) -> Parsed<Composition> {
        let template = CompositionTemplate(file: file, environment: environment, readFile: readFile)
        let rendered = try template.render(text)
        let document = try TOMLDocument(rendered, file: file)
        let reading = DocumentReading(document.locations, diagnostics: rendered.warnings)
        var root = TableReader(document.root, .root, reading)
        let composition = read(&root)
        root.warnOfUnknownKeys()
        return try reading.finish(composition, code: .composition)
    }

    private static func read(_ root: inout TableReader) -> Composition {
        var composition = Composition()
        composition.metadata = root.table("metadata") {
            Metadata(name: $0.string("name"), author: $0.string("author"))
        }
        composition.global = root.table("global") { readGlobal(&$0) }
        composition.groups = root.tables("groups") { reader, _ in readGroup(&reader) }
        composition.runs = root.tables("runs") { reader, _ in readRun(&reader) }
        composition.network = root.freeTable("network")
        if composition.network != nil { composition.topology = root.table("network") { Topology.read(&$0) } }
        return composition
    }

    private static func readGlobal(_ reader: inout TableReader) -> Global {
        var global = Global()
        global.plan = reader.string("plan")
        global.testCase = reader.string("case")
        global.totalInstances = reader.count("total_instances")
        global.concurrentBuilds = reader.count("concurrent_builds")
        global.builder = reader.string("builder")
        global.runner = reader.string("runner")
        global.disableMetrics = reader.boolean("disable_metrics") ?? false
        global.buildConfiguration = reader.freeTable("build_config") ?? [:]
        global.build = reader.table("build") { readBuild(&$0) }
        global.runConfiguration = reader.freeTable("run_config") ?? [:]
        global.run = reader.table("run") { readRunSettings(&$0) }
        return global
    }

    private static func readGroup(_ reader: inout TableReader) -> Group {
        var group = Group(id: readID(&reader, of: "group"))
        group.builder = reader.string("builder")
        group.resources = readResources(&reader)
        group.instances = readInstances(&reader)
        group.buildConfiguration = reader.freeTable("build_config") ?? [:]
        group.build = reader.table("build") { readBuild(&$0) }
        group.run = reader.table("run") { readRunSettings(&$0) }
        return group
    }

    private static func readRun(_ reader: inout TableReader) -> Run {
        var run = Run(id: readID(&reader, of: "run"))
        run.parameters = reader.texts("test_params")
        run.totalInstances = reader.count("total_instances")
        run.groups = reader.tables("groups") { reader, _ in readRunGroup(&reader) }
        return run
    }

    private static func readRunGroup(_ reader: inout TableReader) -> RunGroup {
        var group = RunGroup(id: reader.string("id"))
        group.groupID = reader.string("group_id")
        if group.effectiveID.isEmpty {
            reader.error("a group of a run has neither id nor group_id", remedy: "name the group it runs")
        }
        refuseUnusableID(group.id, reader, "id")
        group.resources = readResources(&reader)
        group.instances = readInstances(&reader)
        group.parameters = reader.texts("test_params")
        group.profiles = reader.texts("profiles")
        return group
    }

    private static func readBuild(_ reader: inout TableReader) -> Build {
        let selectors = reader.strings("selectors")
        let dependencies = reader.tables("dependencies") { reader, _ in
            let dependency = Dependency(
                module: reader.string("module"), target: reader.string("target"),
                version: reader.string("version"))
            if dependency.module.isEmpty {
                reader.error("a dependency has no module", remedy: "write module, version and perhaps target")
            } else if dependency.version.isEmpty {
                reader.error("the dependency \"\(dependency.module)\" has no version")
            }
            return dependency
        }
        return Build(selectors: selectors, dependencies: dependencies)
    }

    private static func readRunSettings(_ reader: inout TableReader) -> RunSettings {
        RunSettings(
            artifact: reader.string("artifact"), parameters: reader.texts("test_params"),
            profiles: reader.texts("profiles"))
    }

    private static func readResources(_ reader: inout TableReader) -> Resources {
        reader.table("resources") { reader in
            var resources = Resources()
            resources.memory = readQuantity(&reader, "memory", example: "512Mi")
            resources.cpu = readQuantity(&reader, "cpu", example: "100m")
            return resources
        }
    }

    private static func readQuantity(
        _ reader: inout TableReader, _ key: String, example: String
    ) -> String {
        // `cpu = 1` is meant as "1".
        let text = reader.anyValue(key)?.parameterText ?? ""
        if !text.isEmpty, ResourceQuantity(text) == nil {
            reader.reading.error(
                at: reader.path.key(key), "\(key) = \(quoted(text)) is no quantity of Kubernetes",
                remedy: "write \(key) = \"\(example)\", for instance")
        }
        return text
    }

    /// Zero stands for nothing, as upstream writes both of them always.
    private static func readInstances(_ reader: inout TableReader) -> Instances? {
        reader.table("instances") { reader in
            let count = reader.count("count")
            let share = reader.number("percentage").flatMap { $0 == 0 ? nil : $0 }
            if let share, !(share > 0 && share <= 1) {
                let written = ConfigurationValue.double(share).jsonText
                reader.reading.error(
                    at: reader.path.key("percentage"),
                    "a percentage is a share above 0 and up to 1, which \(written) is not",
                    remedy: share > 1 && share <= 100 ? "write \(share / 100) for \(written) %" : nil)
            }
            switch (count, share) {
            case (let count?, nil): return .count(count)
            case (nil, let share?): return .percentage(share)
            case (nil, nil): return nil
            case (_?, _?):
                reader.error(
                    "\"\(reader.path)\" has both count and percentage", remedy: "write one of them")
                return nil
            }
        }
    }

    private static func readID(_ reader: inout TableReader, of noun: String) -> String {
        let id = reader.string("id")
        if id.isEmpty { reader.error("a \(noun) has no id", remedy: "write id = \"…\"") }
        refuseUnusableID(id, reader, "id")
        return id
    }

    /// Ids name folders of the outputs and parts of environment values.
    private static func refuseUnusableID(_ id: String, _ reader: TableReader, _ key: String) {
        let isUsable = id.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "/" && $0.value != 0x7F }
        guard !isUsable || id == "." || id == ".." else { return }
        reader.reading.error(
            at: reader.path.key(key), "the id \(quoted(id)) cannot name a folder",
            remedy: "use letters, digits, -, _ and .")
    }

    /// Thrown for resources where nothing can be read.
    package struct NoResources: Error, CustomStringConvertible {
        package init() {}
        package var description: String { "no files can be read here" }
    }
}
