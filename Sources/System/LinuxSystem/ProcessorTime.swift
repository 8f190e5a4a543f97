// Where the time of the machine's processors goes, and a thread's share of it. proc_stat(5),
// sched-stats of the kernel's documentation (/proc/<pid>/schedstat).

/// Time of all processors together since the machine's start, in clock ticks (`sysconf(_SC_CLK_TCK)`, on
/// Linux a hundredth of a second for each processor).
package struct ProcessorTime: Sendable, Hashable {
    /// Running anything.
    package var busy: UInt64
    /// With nothing to run, or waiting for a disk.
    package var idle: UInt64
    /// Given to other machines by the hypervisor while there was something to run.
    package var stolen: UInt64

    package init(busy: UInt64, idle: UInt64, stolen: UInt64) {
        self.busy = busy
        self.idle = idle
        self.stolen = stolen
    }

    package var total: UInt64 { busy + idle + stolen }

    /// The time so far; nil where /proc does not tell.
    package static func current() -> ProcessorTime? {
        SmallFile.read("/proc/stat").flatMap { ProcessorTime(line: $0.prefix { $0 != "\n" }) }
    }

    /// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guests are in user and nice.
    init?(line: some StringProtocol) {
        let words = line.split(separator: " ")
        guard words.count >= 9, words[0] == "cpu" else { return nil }
        let values = words[1...8].compactMap { UInt64($0) }
        guard values.count == 8 else { return nil }
        busy = values[0] + values[1] + values[2] + values[5] + values[6]
        idle = values[3] + values[4]
        stolen = values[7]
    }
}

/// What the scheduler gave a thread, in nanoseconds since the thread's start.
package struct ThreadTime: Sendable, Hashable {
    package var running: UInt64
    /// Ready to run, without a processor.
    package var waiting: UInt64

    package init(running: UInt64, waiting: UInt64) {
        self.running = running
        self.waiting = waiting
    }

    /// Of the calling thread; nil where the kernel keeps no such figures (CONFIG_SCHED_INFO).
    package static func current() -> ThreadTime? {
        SmallFile.read("/proc/thread-self/schedstat").flatMap { ThreadTime(line: $0.trimmed) }
    }

    /// `running waiting timeslices`.
    init?(line: some StringProtocol) {
        let values = line.split(separator: " ").compactMap { UInt64($0) }
        guard values.count == 3 else { return nil }
        self.init(running: values[0], waiting: values[1])
    }
}
