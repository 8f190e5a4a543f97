// How far the run is.

import LinuxSystem

extension RunEnvironment {
    /// Time since the run began, by this machine's clock and in the resolution of `TEST_START_TIME`; nil when
    /// the runner does not say when it began.
    public var timeSinceStart: Duration? {
        guard startTimeUnixSeconds > 0 else { return nil }
        return max(.zero, .nanoseconds(SystemClock.wall()) - .seconds(startTimeUnixSeconds))
    }
}
