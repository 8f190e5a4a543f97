// A group's artifact: the one it names, or a build with builder and configuration decided.

extension Preparation {
    /// Where a group's artifact comes from; nil when that cannot be said, which has then been reported.
    mutating func artifact(ofGroup index: Int) -> GroupArtifact? {
        if let known = artifacts[index] { return known }
        let artifact = decideArtifact(ofGroup: index)
        artifacts[index] = .some(artifact)
        return artifact
    }

    private mutating func decideArtifact(ofGroup index: Int) -> GroupArtifact? {
        let group = written.groups[index]
        let given = group.run.artifact.isEmpty ? written.global.run.artifact : group.run.artifact
        if !given.isEmpty, !ignoresArtifacts { return GroupArtifact(source: .existing(given), builder: "") }
        guard let builder = decideBuilder(ofGroup: index) else { return nil }
        let key = builds.add(buildPlan(of: group, builder: builder), group: group.id)
        return GroupArtifact(source: .build(key: key), builder: builder)
    }

    // MARK: Builder

    private mutating func decideBuilder(ofGroup index: Int) -> String? {
        let group = written.groups[index]
        let (id, place, owner): (String, SourceLocation?, String)
        if !group.builder.isEmpty {
            id = group.builder
            place = composition.location(of: CompositionPath.group(index).key("builder"))
            owner = "group \"\(group.id)\" names"
        } else if !written.global.builder.isEmpty {
            id = written.global.builder
            place = composition.location(of: CompositionPath.global.key("builder"))
            owner = composition.locations == nil ? "--builder names" : "[global] names"
        } else if !plan.defaultBuilder.isEmpty {
            id = plan.defaultBuilder
            place = manifest.location(of: .root.key("defaults").key("builder"))
            owner = "the manifest's [defaults] name"
        } else {
            report(
                .error, at: CompositionPath.group(index), "group \"\(group.id)\" has no builder",
                remedy: "set builder in [global] or in the group; plan \"\(plan.name)\" supports "
                    + list(plan.supportedBuilders))
            return nil
        }
        guard components.builders[id] != nil else {
            reportMissing(
                .builder, id, owner: owner, at: place, known: components.builders.keys.sorted(),
                supported: plan.supportedBuilders)
            return nil
        }
        guard plan.supportedBuilders.contains(id) else {
            report(
                .error, at: place,
                "\(owner) the builder \"\(id)\", but the manifest of plan \"\(plan.name)\" supports "
                    + list(plan.supportedBuilders),
                remedy: "choose one of them, or add [builders.\"\(id)\"] to the manifest")
            return nil
        }
        if configuration.value.builders[id]?[ComponentSwitch.disabled] == .boolean(true) {
            reportDisabled("builder", id, table: "builders")
            return nil
        }
        return id
    }

    enum ComponentKind: String {
        case builder, runner

        var upstream: Set<String> {
            switch self {
            case .builder: UpstreamComponents.builders
            case .runner: UpstreamComponents.runners
            }
        }
    }

    /// A builder or runner that this version has not: upstream's, or one that nobody has.
    mutating func reportMissing(
        _ kind: ComponentKind, _ id: String, owner: String, at place: SourceLocation?, known: [String],
        supported: [String]
    ) {
        guard kind.upstream.contains(id) else {
            report(
                .error, at: place,
                "\(owner) the unknown \(kind) \"\(id)\"; known \(kind)s: \(list(known))",
                remedy: nearestName(to: id, among: known).map { "did you mean \"\($0)\"?" })
            return
        }
        let usable = known.filter(supported.contains)
        let remedy =
            usable.isEmpty
            ? "add a table [\(kind)s.\"…\"] for one of them to the manifest of plan \"\(plan.name)\""
            : "plan \"\(plan.name)\" supports \(list(usable)) too: --\(kind) \(usable[0]) for a single run, "
                + "\(kind) = \"\(usable[0])\" in a composition"
        report(
            .error, at: place,
            "\(owner) the \(kind) \"\(id)\", which this version does not have; it has \(list(known))",
            remedy: remedy)
    }

    /// Something that the machine's owner has switched off.
    mutating func reportDisabled(_ noun: String, _ id: String, table: String) {
        let path = TOMLPath.root.key(table).key(id).key(ComponentSwitch.disabled)
        report(
            .error, at: configuration.location(of: path), "the \(noun) \"\(id)\" is disabled on this machine",
            remedy: "choose another, or remove disabled = true here")
    }

    /// Names for a message; the longest lists would hide what they are to show.
    func list(_ names: [String]) -> String {
        let shown = 20
        guard names.count > shown else { return names.isEmpty ? "none" : names.joined(separator: ", ") }
        return names.prefix(shown).joined(separator: ", ") + " and \(names.count - shown) more"
    }

    // MARK: Build

    private func buildPlan(of group: Composition.Group, builder: String) -> BuildPlan {
        let table = merged([
            configuration.value.builders[builder], plan.builders[builder], written.global.buildConfiguration,
            group.buildConfiguration,
        ])
        let shared = written.global.build
        let selectors = group.build.selectors.isEmpty ? shared.selectors : group.build.selectors
        let own = Set(group.build.dependencies.map(\.module))
        let dependencies =
            group.build.dependencies + shared.dependencies.filter { !own.contains($0.module) }
        return BuildPlan(
            key: "", builder: builder, configuration: table, selectors: selectors,
            dependencies: dependencies, groups: [])
    }

    /// Tables laid over one another, the weakest first. Only whole keys are replaced: upstream merges no
    /// deeper.
    func merged(_ tables: [ConfigurationTable?]) -> ConfigurationTable {
        var result: ConfigurationTable = [:]
        for case let table? in tables { result.merge(table) { $1 } }
        for key in ComponentSwitch.all { result[key] = nil }
        return result
    }

    // MARK: Unknown keys

    /// Warns of configuration that no builder in use reads, once for each place it was written in.
    mutating func checkBuildConfigurationKeys() {
        let used = Set(builds.plans.map(\.builder))
        guard !used.isEmpty else { return }
        let places = (composition: composition, manifest: manifest)
        for index in written.groups.indices {
            guard let builder = artifacts[index]??.builder, let known = components.builders[builder] else {
                continue
            }
            let path = CompositionPath.group(index).key("build_config")
            warnOfUnknownKeys(
                written.groups[index].buildConfiguration, known: Set(known), reader: "builder \"\(builder)\""
            ) { places.composition.location(of: path.key($0)) }
        }
        // Groups of different builders share the global table, so a key is good if any of them reads it.
        let names = used.sorted().map { "\"\($0)\"" }.joined(separator: " or ")
        let path = CompositionPath.global.key("build_config")
        warnOfUnknownKeys(
            written.global.buildConfiguration,
            known: Set(used.flatMap { components.builders[$0] ?? [] }), reader: "builder \(names)"
        ) { places.composition.location(of: path.key($0)) }
        for builder in used.sorted() {
            let path = TOMLPath.root.key("builders").key(builder)
            warnOfUnknownKeys(
                plan.builders[builder] ?? [:], known: Set(components.builders[builder] ?? []),
                reader: "builder \"\(builder)\""
            ) { places.manifest.location(of: path.key($0)) }
        }
    }
}
