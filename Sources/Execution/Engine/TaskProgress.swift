// One task's progress, told to whoever watches and to the task's journal.

import Execution
import Synchronization

/// Passes every event on to the caller's sink and, once it is open, to the journal.
final class TaskProgress: ProgressSink {
    private let watcher: any ProgressSink
    private let journal = Mutex<(any ProgressSink)?>(nil)

    init(to watcher: any ProgressSink) {
        self.watcher = watcher
    }

    /// From now on events go into the journal too.
    func record(in journal: any ProgressSink) {
        self.journal.withLock { $0 = journal }
    }

    func report(_ event: ProgressEvent) {
        watcher.report(event)
        journal.withLock { $0 }?.report(event)
    }
}
