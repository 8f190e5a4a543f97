// The thread that carries a run: starts its processes, hears of their ends, keeps the time limit, ends what
// is left.
//
// Others talk to it through its mailbox: the runner's tasks (attachments, cancellation) and the output pumps.
// What it decides is decided by InstanceLife and StopSchedule; RunLoop carries their actions out. The thread
// lives as long as any process of the run, since processes get their death signal when the *thread* that
// started them ends.

import Execution
import InstanceContract
import LinuxSystem
import Synchronization

/// What a run is to do, all decided.
struct RunOrder: Sendable {
    var runID: String
    var launches: [InstanceLaunch]
    var outputsDirectory: String
    /// From the first instance's start.
    var timeLimit: Duration
    /// Between SIGTERM and SIGKILL.
    var grace: Duration
    /// Monotonic nanoseconds of the run's start, from which its records count.
    var start: Int64
}

/// What came of it.
struct SupervisedRun: Sendable {
    var instances: [InstanceRecord]
    var phases: [PhaseRecord]
    var warnings: [String]
    /// Known once the run's network is closed.
    var fidelity: NetworkFidelity?
    var canceled: Bool
    /// Whether a process of the run is still there.
    var leftBehind: Bool
}

final class RunSupervisor: Sendable {
    enum Message: Sendable {
        case attached(Int, AttachedNetwork)
        case attachmentFailed(Int, reason: String)
        /// An instance's own network is complete, and its gate open.
        case connected(Int)
        case connectionFailed(Int, reason: String)
        /// A request of the instance's for its network cannot be applied.
        case requestFailed(Int, reason: String)
        case output(OutputPump.Report)
        case cancel
        case kill
    }

    /// What the services must hear, in order.
    enum Notice: Sendable {
        case networkInitialised(InstanceReference)
        case ended(InstanceReference, EndNotice)
    }

    /// An instance whose launcher has something to say.
    struct Launched: Sendable {
        var launch: InstanceLaunch
        var control: MessageSocket
    }

    let order: RunOrder
    let ledger: RunLedger
    let progress: any ProgressSink
    let mailbox: Mailbox
    /// At most two for each instance; ends with the run.
    let notices: AsyncStream<Notice>
    let notify: AsyncStream<Notice>.Continuation
    /// At most one for each instance; ends with the run.
    let launched: AsyncStream<Launched>
    let handOver: AsyncStream<Launched>.Continuation

    init(_ order: RunOrder, ledger: RunLedger, progress: any ProgressSink) throws(SystemError) {
        self.order = order
        self.ledger = ledger
        self.progress = progress
        mailbox = try Mailbox()
        (notices, notify) = AsyncStream.makeStream(of: Notice.self)
        (launched, handOver) = AsyncStream.makeStream(of: Launched.self)
    }

    func post(_ message: Message) { mailbox.post(message) }

    /// The thread's body: blocks until every instance has its record and nothing of the run is left.
    func run() throws -> SupervisedRun {
        defer {
            notify.finish()
            handOver.finish()
        }
        var loop = try RunLoop(self)
        return loop.run()
    }

    /// Messages to the supervisor's thread. Bounded by the run: a handful for each instance.
    final class Mailbox: Sendable {
        private let messages = Mutex<[Message]>([])
        private let wakeUp: WakeUp

        init() throws(SystemError) { wakeUp = try WakeUp() }

        func watch(with poller: Poller, token: UInt64) throws(SystemError) {
            try poller.add(wakeUp, token: token)
        }

        func post(_ message: Message) {
            messages.withLock { $0.append(message) }
            wakeUp.signal()
        }

        func take() -> [Message] {
            wakeUp.clear()
            return messages.withLock { messages in
                defer { messages = [] }
                return messages
            }
        }
    }
}
