// What a run has come to so far, counted from its progress events; the live summary is drawn from it.

import Execution
import InstanceContract

/// Counts per phase, group and stage of one run.
///
/// Events in, figures out: no clock, no terminal.
struct RunTally: Sendable {
    struct Group: Sendable, Equatable {
        var id: String
        var total: Int
        var started = 0
        var ok = 0
        var failed = 0

        var running: Int { max(0, started - ok - failed) }
    }

    /// An instance that has started and not ended.
    struct Running: Sendable, Equatable {
        /// Seconds since the run's start of its last sign of life.
        var lastSign: Double
        /// Stages begun and not ended, innermost last.
        var stages: [String] = []
    }

    private(set) var groups: [Group]
    private(set) var running: [InstanceReference: Running] = [:]
    /// The latest count of each phase and when it was told.
    private(set) var phases: [RunPhase: (count: Int, total: Int, at: Double)] = [:]
    private var groupIndex: [String: Int]
    private var ended: Set<InstanceReference> = []

    init(groups: [(id: String, instances: Int)]) {
        self.groups = groups.map { Group(id: $0.id, total: $0.instances) }
        groupIndex = Dictionary(
            self.groups.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    var total: Int { groups.reduce(0) { $0 + $1.total } }
    var started: Int { groups.reduce(0) { $0 + $1.started } }
    var ok: Int { groups.reduce(0) { $0 + $1.ok } }
    var failed: Int { groups.reduce(0) { $0 + $1.failed } }

    mutating func note(_ event: ProgressEvent, at: Double) {
        switch event {
        case .phase(let phase, let count, let total):
            phases[phase] = (count, total, at)
        case .instanceEvent(let instance, let line):
            begin(instance, at: at)
            running[instance]?.lastSign = at
            switch line.event {
            case .stageStart(let name, _): running[instance]?.stages.append(name)
            case .stageEnd(let name, _):
                if let place = running[instance]?.stages.lastIndex(of: name) {
                    running[instance]?.stages.remove(at: place)
                }
            case .start, .message, .success, .failure, .crash: break
            }
        case .instanceOutput(let instance, _, _):
            begin(instance, at: at)
            running[instance]?.lastSign = at
        case .instanceEnded(let record):
            end(record)
        case .note, .warning, .buildStarted, .buildOutput, .buildFinished: break
        }
    }

    /// Running instances by the stage they are in, most crowded first.
    func stages(of group: String? = nil) -> [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        for (instance, state) in running where group == nil || instance.group == group {
            if let stage = state.stages.last { counts[stage, default: 0] += 1 }
        }
        return counts.map { (name: $0.key, count: $0.value) }.sorted {
            ($1.count, $0.name) < ($0.count, $1.name)
        }
    }

    /// Running instances that have been silent the longest, the most silent first.
    func slowest(_ count: Int, at: Double) -> [(instance: InstanceReference, silent: Double, stage: String?)]
    {
        running.map {
            (instance: $0.key, silent: max(0, at - $0.value.lastSign), stage: $0.value.stages.last)
        }
        .sorted { ($1.silent, $0.instance) < ($0.silent, $1.instance) }
        .prefix(count).map { $0 }
    }

    private mutating func begin(_ instance: InstanceReference, at: Double) {
        guard running[instance] == nil, !ended.contains(instance) else { return }
        running[instance] = Running(lastSign: at)
        if let index = index(of: instance.group) { groups[index].started += 1 }
    }

    private mutating func end(_ record: InstanceRecord) {
        guard ended.insert(record.instance).inserted else { return }
        let wasRunning = running.removeValue(forKey: record.instance) != nil
        guard let index = index(of: record.instance.group) else { return }
        if !wasRunning, record.outcome != .neverStarted { groups[index].started += 1 }
        if record.outcome == .success {
            groups[index].ok += 1
        } else {
            groups[index].failed += 1
        }
    }

    private mutating func index(of group: String) -> Int? {
        if let index = groupIndex[group] { return index }
        groups.append(Group(id: group, total: 0))
        groupIndex[group] = groups.count - 1
        return groups.count - 1
    }
}
