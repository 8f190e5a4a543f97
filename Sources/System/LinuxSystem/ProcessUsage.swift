// What this process has used so far. getrusage(2), proc_pid_statm(5).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory and time of this process.
package struct ProcessUsage: Sendable, Hashable {
    /// Bytes of memory resident now.
    package var residentBytes: Int64
    /// Bytes of the largest residence so far.
    package var peakResidentBytes: Int64
    /// Nanoseconds of CPU time in the program itself.
    package var userNanoseconds: Int64
    /// Nanoseconds of CPU time in the kernel for the program.
    package var systemNanoseconds: Int64
    /// Context switches because the program waited.
    package var voluntarySwitches: Int64
    /// Context switches because its time slice was over: many mean a starved machine.
    package var involuntarySwitches: Int64

    /// The usage now; resident memory is 0 where /proc is not mounted.
    package static func current() -> ProcessUsage {
        var usage = rusage()
        #if canImport(Glibc)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
        getrusage(RUSAGE_SELF, &usage)
        #endif
        return ProcessUsage(
            residentBytes: residentPages() * Int64(sysconf(Int32(_SC_PAGESIZE))),
            // Linux counts in KiB here.
            peakResidentBytes: Int64(usage.ru_maxrss) * 1024,
            userNanoseconds: nanoseconds(usage.ru_utime),
            systemNanoseconds: nanoseconds(usage.ru_stime),
            voluntarySwitches: Int64(usage.ru_nvcsw),
            involuntarySwitches: Int64(usage.ru_nivcsw))
    }

    private static func nanoseconds(_ time: timeval) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000
    }

    /// The second number of `/proc/self/statm`.
    private static func residentPages() -> Int64 {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        // Seven numbers of at most 20 digits.
        var bytes = [UInt8](repeating: 0, count: 160)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return 0 }
        let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int64(fields[1]) ?? 0 : 0
    }
}
