// The runner of a composition and its configuration.

extension Preparation {
    struct DecidedRunner {
        var id: String
        var configuration: ConfigurationTable
    }

    mutating func decideRunner() -> DecidedRunner? {
        let (id, place, owner): (String, SourceLocation?, String)
        if !written.global.runner.isEmpty {
            id = written.global.runner
            place = composition.location(of: CompositionPath.global.key("runner"))
            owner = composition.locations == nil ? "--runner names" : "[global] names"
        } else if !plan.defaultRunner.isEmpty {
            id = plan.defaultRunner
            place = manifest.location(of: .root.key("defaults").key("runner"))
            owner = "the manifest's [defaults] name"
        } else {
            report(
                .error, at: CompositionPath.global, "no runner is named",
                remedy: "choose one that plan \"\(plan.name)\" supports: \(list(plan.supportedRunners))")
            return nil
        }
        guard let keys = components.runners[id] else {
            reportMissing(
                .runner, id, owner: owner, at: place, known: components.runners.keys.sorted(),
                supported: plan.supportedRunners)
            return nil
        }
        guard plan.supportedRunners.contains(id) else {
            report(
                .error, at: place,
                "\(owner) the runner \"\(id)\", but the manifest of plan \"\(plan.name)\" supports "
                    + list(plan.supportedRunners),
                remedy: "choose one of them, or add [runners.\"\(id)\"] to the manifest")
            return nil
        }
        if configuration.value.runners[id]?[ComponentSwitch.disabled] == .boolean(true) {
            reportDisabled("runner", id, table: "runners")
            return nil
        }
        warnOfUnreadConfiguration(id, Set(keys))
        // What the runner is told; its own defaults fill the rest.
        let table = merged([
            configuration.value.runners[id], plan.runners[id], written.global.runConfiguration,
        ])
        return DecidedRunner(id: id, configuration: table)
    }

    private mutating func warnOfUnreadConfiguration(_ id: String, _ known: Set<String>) {
        let (composition, manifest, configuration) = (composition, manifest, configuration)
        let reader = "runner \"\(id)\""
        let path = CompositionPath.global.key("run_config")
        warnOfUnknownKeys(written.global.runConfiguration, known: known, reader: reader) {
            composition.location(of: path.key($0))
        }
        let table = TOMLPath.root.key("runners").key(id)
        warnOfUnknownKeys(plan.runners[id] ?? [:], known: known, reader: reader) {
            manifest.location(of: table.key($0))
        }
        warnOfUnknownKeys(configuration.value.runners[id] ?? [:], known: known, reader: reader) {
            configuration.location(of: table.key($0))
        }
    }
}
