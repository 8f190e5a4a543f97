// How many instances have passed each phase, and when. Pure.

import Execution

struct PhaseCounts: Sendable {
    /// The phases that a runner sees; `built` is over before.
    static let phases: [RunPhase] = [.scheduled, .started, .networkInitialised, .finished]

    private let total: Int
    private var counts: [RunPhase: (count: Int, at: Double)] = [:]
    private var changed: Set<RunPhase> = []

    init(total: Int) { self.total = total }

    /// One more instance has passed the phase, `time` seconds after the run's start.
    mutating func pass(_ phase: RunPhase, at time: Double) {
        counts[phase] = ((counts[phase]?.count ?? 0) + 1, time)
        changed.insert(phase)
    }

    /// Tells of the phases whose counts have changed since the last time.
    mutating func report(to progress: any ProgressSink) {
        for phase in Self.phases where changed.contains(phase) {
            progress.report(.phase(phase, count: counts[phase]?.count ?? 0, total: total))
        }
        changed = []
    }

    /// One record a phase, with the time at which the last instance passed it.
    var records: [PhaseRecord] {
        Self.phases.map { phase in
            let (count, time) = counts[phase] ?? (0, 0)
            return PhaseRecord(phase: phase, completedAt: time, count: count, total: total)
        }
    }
}
