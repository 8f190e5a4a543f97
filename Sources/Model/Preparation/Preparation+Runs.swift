// Runs and their groups: which there are, how many instances each has, and what those get.

extension Preparation {
    /// A run and where it was written.
    struct PlacedRun {
        var run: Composition.Run
        var path: TOMLPath
        /// Path of its total number of instances.
        var totalPath: TOMLPath
        /// Path of each of its groups.
        var groupPaths: [TOMLPath]
    }

    /// A group of a run together with the group it is a part of.
    struct Member {
        var group: Composition.RunGroup
        var path: TOMLPath
        /// Position of the composition's group.
        var index: Int
        var instances: Composition.Instances
        /// Where the number was written.
        var instancesPath: TOMLPath
    }

    // MARK: Which runs

    /// The runs of these ids in the order they were written, all of them if there are no ids.
    mutating func selectedRuns(_ ids: [String]) -> [PlacedRun] {
        let all = placedRuns()
        guard !ids.isEmpty else { return all }
        let known = all.map(\.run.id)
        for id in Set(ids).subtracting(known).sorted() {
            report(
                .error, at: composition.location(of: .root.key("runs")),
                "the composition has no run \"\(id)\"; it has \(list(known))",
                remedy: nearestName(to: id, among: known).map { "did you mean \"\($0)\"?" })
        }
        let wanted = Set(ids)
        return all.filter { wanted.contains($0.run.id) }
    }

    private mutating func placedRuns() -> [PlacedRun] {
        let runs = written.runs
        if runs.isEmpty {
            var run = Composition.Run(id: "default")
            run.totalInstances = written.global.totalInstances
            run.groups = written.groups.map { Composition.RunGroup(id: $0.id) }
            return [
                PlacedRun(
                    run: run, path: .root.key("groups"),
                    totalPath: CompositionPath.global.key("total_instances"),
                    groupPaths: written.groups.indices.map(CompositionPath.group))
            ]
        }
        if runs.count > CompositionLimits.runs {
            report(
                .error, at: CompositionPath.run(CompositionLimits.runs),
                "the composition has \(runs.count) runs, more than \(CompositionLimits.runs)",
                remedy: "split it")
        }
        var first: [String: Int] = [:]
        for (index, run) in runs.enumerated() where !run.id.isEmpty {
            if let earlier = first[run.id] {
                report(
                    .error, at: CompositionPath.run(index).key("id"),
                    "the run \"\(run.id)\" stands here again\(firstSeen(CompositionPath.run(earlier)))",
                    remedy: "give each run an id of its own")
            } else {
                first[run.id] = index
            }
        }
        return runs.enumerated().map { index, run in
            PlacedRun(
                run: run, path: CompositionPath.run(index),
                totalPath: CompositionPath.run(index).key("total_instances"),
                groupPaths: run.groups.indices.map { CompositionPath.runGroup($0, ofRun: index) })
        }
    }

    // MARK: One run

    /// The run's plan; nil when it cannot be made, which has then been reported.
    mutating func prepare(_ placed: PlacedRun, testCase: TestCase?, runner: DecidedRunner?) -> RunPlan? {
        let members = members(of: placed, testCase: testCase)
        let counts = members.flatMap { countInstances($0, in: placed, testCase: testCase) }
        checkParameters(of: placed)
        let groups = (members ?? []).enumerated().compactMap { position, member in
            prepare(member, of: placed.run, instances: counts?[position] ?? 0, testCase: testCase)
        }
        guard let counts, let testCase, let runner, groups.count == counts.count else { return nil }
        var run = RunPlan(
            id: placed.run.id, plan: plan.name, testCase: testCase.name, runner: runner.id,
            runnerConfiguration: runner.configuration, totalInstances: counts.reduce(0, +),
            disableMetrics: written.global.disableMetrics, groups: groups)
        run.network = network(of: placed, members ?? [], counts: counts)
        return run
    }

    private mutating func prepare(
        _ member: Member, of run: Composition.Run, instances: Int, testCase: TestCase?
    ) -> RunGroupPlan? {
        let group = written.groups[member.index]
        let settings = settings(ofGroup: member.index, testCase: testCase)
        var parameters = settings.parameters
        parameters.merge(run.parameters) { $1 }
        parameters.merge(member.group.parameters) { $1 }
        checkDefaults(in: parameters)
        guard let artifact = artifact(ofGroup: member.index) else { return nil }
        let (own, shared) = (member.group.resources, group.resources)
        return RunGroupPlan(
            id: member.group.effectiveID, instances: instances, parameters: parameters,
            profiles: settings.profiles.merging(member.group.profiles) { $1 },
            resources: Resources(
                memory: own.memory.isEmpty ? shared.memory : own.memory,
                cpu: own.cpu.isEmpty ? shared.cpu : own.cpu),
            artifact: artifact.source, builder: artifact.builder)
    }

    /// Parameters and profiles of a group: manifest ← global ← group.
    private mutating func settings(ofGroup index: Int, testCase: TestCase?) -> Composition.RunSettings {
        if let known = groupSettings[index] { return known }
        let (shared, own) = (written.global.run, written.groups[index].run)
        var settings = Composition.RunSettings(
            parameters: testCase?.defaults ?? [:], profiles: shared.profiles)
        settings.parameters.merge(shared.parameters) { $1 }
        settings.parameters.merge(own.parameters) { $1 }
        settings.profiles.merge(own.profiles) { $1 }
        groupSettings[index] = settings
        return settings
    }

    // MARK: Groups of a run

    /// The groups of a run; nil when one of them is not known or has no number of instances.
    private mutating func members(of placed: PlacedRun, testCase: TestCase?) -> [Member]? {
        let run = placed.run
        if run.groups.isEmpty, !written.groups.isEmpty {
            report(
                .error, at: placed.path, "run \"\(run.id)\" has no groups",
                remedy: "add [[runs.groups]] with an id")
        }
        var members: [Member] = []
        var first: [String: TOMLPath] = [:]
        for (group, path) in zip(run.groups, placed.groupPaths) {
            if let earlier = first[group.effectiveID], !written.runs.isEmpty {
                report(
                    .error, at: path.key("id"),
                    "run \"\(run.id)\" has the group \"\(group.effectiveID)\" here again"
                        + firstSeen(earlier),
                    remedy: "give each group of a run an id of its own")
            }
            first[group.effectiveID] = path
            if let member = member(group, path, of: run, testCase: testCase) { members.append(member) }
        }
        return members.count == run.groups.count && !members.isEmpty ? members : nil
    }

    private mutating func member(
        _ group: Composition.RunGroup, _ path: TOMLPath, of run: Composition.Run, testCase: TestCase?
    ) -> Member? {
        let id = group.effectiveGroupID
        guard let index = groupIndex[id] else {
            // Comparing with every name takes time; after the first few mistakes it helps nobody.
            let known = diagnostics.count < 100 ? written.groups.map(\.id) : []
            report(
                .error, at: path.key(group.groupID.isEmpty ? "id" : "group_id"),
                "run \"\(run.id)\" names the group \"\(id)\", which the composition does not have",
                remedy: nearestName(to: id, among: known).map { "did you mean \"\($0)\"?" }
                    ?? "name the group with group_id")
            return nil
        }
        // Asked for here, so that what is wrong with the build is said also when the numbers are wrong.
        _ = artifact(ofGroup: index)
        if let instances = group.instances {
            return Member(
                group: group, path: path, index: index, instances: instances,
                instancesPath: path.key("instances"))
        }
        if let instances = written.groups[index].instances {
            return Member(
                group: group, path: path, index: index, instances: instances,
                instancesPath: CompositionPath.group(index).key("instances"))
        }
        // A run of one group can only mean the number the manifest suggests.
        if run.groups.count == 1, let count = run.totalInstances ?? testCase?.instances.defaultCount {
            return Member(
                group: group, path: path, index: index, instances: .count(count), instancesPath: path)
        }
        // Of an unknown test case, which is reported already, the number is not known either.
        if run.groups.count == 1, testCase == nil { return nil }
        report(
            .error, at: path,
            "group \"\(group.effectiveID)\" of run \"\(run.id)\" has no number of instances",
            remedy: composition.locations == nil
                ? "give --instances" : "write instances = { count = 2 } or { percentage = 0.5 }")
        return nil
    }

    // MARK: Numbers of instances

    /// The number of instances of each group; nil when they do not add up.
    private mutating func countInstances(
        _ members: [Member], in placed: PlacedRun, testCase: TestCase?
    ) -> [Int]? {
        let run = placed.run
        let share = members.first { if case .percentage = $0.instances { true } else { false } }
        var (total, totalPath) = (run.totalInstances, placed.totalPath)
        if total == nil, share != nil, let global = written.global.totalInstances {
            (total, totalPath) = (global, CompositionPath.global.key("total_instances"))
        }
        if let share, total == nil {
            report(
                .error, at: share.instancesPath,
                "group \"\(share.group.effectiveID)\" of run \"\(run.id)\" is a share of an unknown total",
                remedy: "set total_instances")
            return nil
        }
        guard let counts = boundedCounts(members, total: total ?? 0, in: placed) else { return nil }
        let sum = counts.reduce(0, +)
        if let total, total != sum {
            let parts = list(zip(members, counts).map { "\($0.group.effectiveID) \($1)" })
            report(
                .error, at: totalPath,
                "run \"\(run.id)\" has \(instances(total)) in all, but its groups have \(sum): \(parts)",
                remedy: "change total_instances or the groups")
            return nil
        }
        return isWithinBounds(sum, in: placed, members, testCase) ? counts : nil
    }

    /// Percentages become numbers, rounded to the nearest; nil when a run is larger than any may be.
    private mutating func boundedCounts(_ members: [Member], total: Int, in placed: PlacedRun) -> [Int]? {
        var sum = 0
        var counts: [Int] = []
        for member in members {
            let count: Int
            switch member.instances {
            case .count(let number): count = number
            case .percentage(let share):
                // Halves go up, as with Go's math.Round.
                let limited = min(total, CompositionLimits.instancesPerRun + 1)
                count = Int((share * Double(limited)).rounded(.toNearestOrAwayFromZero))
                if count == 0 {
                    report(
                        .warning, at: member.instancesPath,
                        "group \"\(member.group.effectiveID)\" of run \"\(placed.run.id)\" gets no instance: "
                            + "\(ConfigurationValue.double(share).jsonText) of \(total) is less than a half")
                }
            }
            counts.append(count)
            sum =
                min(sum, CompositionLimits.instancesPerRun)
                + min(count, CompositionLimits.instancesPerRun + 1)
        }
        guard sum > CompositionLimits.instancesPerRun || total > CompositionLimits.instancesPerRun else {
            return counts
        }
        report(
            .error, at: total > CompositionLimits.instancesPerRun ? placed.totalPath : placed.path,
            "run \"\(placed.run.id)\" has more than \(CompositionLimits.instancesPerRun) instances",
            remedy: "a run's network has no more addresses")
        return nil
    }

    private mutating func isWithinBounds(
        _ sum: Int, in placed: PlacedRun, _ members: [Member], _ testCase: TestCase?
    ) -> Bool {
        guard let testCase, !testCase.instances.contains(sum) else { return true }
        let bound: String
        if let minimum = testCase.instances.minimum, sum < minimum {
            bound = "needs at least \(minimum)"
        } else {
            bound = "takes at most \(testCase.instances.maximum ?? 0)"
        }
        let place = placed.run.totalInstances == nil ? members.first?.instancesPath : placed.totalPath
        report(
            .error, at: place ?? placed.path,
            "run \"\(placed.run.id)\" has \(instances(sum)), but test case \"\(testCase.name)\" \(bound)")
        return false
    }

    private func instances(_ count: Int) -> String { count == 1 ? "1 instance" : "\(count) instances" }
}
