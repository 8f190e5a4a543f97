// How far the run is.

import InstanceContract
import LinuxSystem

extension RunEnvironment {
    /// Time since the run began, by this machine's clock; nil when the runner does not say when it began. A
    /// runner that says it only in `TEST_START_TIME` says it in whole seconds.
    public var timeSinceStart: Duration? {
        let seconds = environment.startTimeUnixSeconds
        let start = environment.startTimeUnixNanoseconds.map { Duration.nanoseconds($0) } ?? .seconds(seconds)
        guard start > .zero else { return nil }
        return max(.zero, .nanoseconds(SystemClock.wall()) - start)
    }
}
