// Whether the machine has processors left, from regular looks at their time.

import LinuxSystem

/// Adds up looks at the processors' time: feed it one each `interval`.
struct ProcessorWatch: Sendable, Hashable {
    /// Between two looks. The kernel counts in hundredths of a second: at two processors a look is good to
    /// 2 %.
    static let interval = Duration.milliseconds(250)
    /// A look at which less than this share of the time was idle counts as saturated.
    static let idleShare = 0.02

    private var last: ProcessorTime?
    private var looks = 0
    private var saturatedLooks = 0
    private var total: UInt64 = 0
    private var stolen: UInt64 = 0

    mutating func look(_ time: ProcessorTime) {
        defer { last = time }
        guard let last, time.total > last.total else { return }
        let span = time.total - last.total
        looks += 1
        // Figures of /proc may go back by a tick: iowait (proc_stat(5)).
        let idle = time.idle > last.idle ? time.idle - last.idle : 0
        if Double(idle) < Self.idleShare * Double(span) { saturatedLooks += 1 }
        total += span
        stolen += time.stolen > last.stolen ? time.stolen - last.stolen : 0
    }

    /// Seconds that were looked at.
    var observed: Double { Double(looks) * (Self.interval / .seconds(1)) }
    /// Seconds in which no processor was idle.
    var saturated: Double { Double(saturatedLooks) * (Self.interval / .seconds(1)) }
    /// Share of the processors' time that a hypervisor gave to others.
    var stolenShare: Double { total == 0 ? 0 : Double(stolen) / Double(total) }
}
