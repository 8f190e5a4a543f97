// The two clocks, as nanoseconds. clock_gettime(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum SystemClock {
    /// Unix time in nanoseconds; jumps when the clock is set.
    package static func wall() -> Int64 { read(CLOCK_REALTIME) }

    /// Nanoseconds since an arbitrary point; never goes back.
    package static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
