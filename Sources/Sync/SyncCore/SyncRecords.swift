// The records of the core. They refer to each other by their places in slabs.

import InstanceContract

/// A client's connection.
struct Connection: SlabElement {
    enum Owner {
        case nobody
        /// Anyone: may use every key.
        case anonymous
        /// An instance, known by its socket: may use the keys of its own run. `member` is nil when the run
        /// was not registered with this instance.
        case instance(run: Int, member: Int?)
    }

    /// What waits under a request's id.
    enum Wait {
        case subscription(Int)
        case barrier(Int)
    }

    var owner: Owner
    var waits: [OpaqueName: Wait] = [:]
    /// Subscriptions with something to deliver, in the order in which their turn comes.
    var ready: [Int] = []
    /// Runs whose keys an anonymous connection has used: it may be any of their instances.
    var visitedRuns: Set<Int> = []

    static let vacant = Connection(owner: .nobody)
}

/// A subscription, which is either caught up (and then in its topic's list) or ready (and then in its
/// connection's).
struct Subscription: SlabElement {
    var connection = 0
    var id = ""
    var topic = 0
    /// `SyncDelivery.head` of the id, encoded once.
    var head: [UInt8] = []
    /// Number of the next entry to deliver.
    var next = 0
    /// Place in the topic's `caughtUp`; nil when ready.
    var rank: Int?
    /// Why it ends once everything is delivered.
    var failure: String?

    static let vacant = Subscription()
}

/// A topic: its entries, each escaped once for all subscribers.
struct Topic: SlabElement {
    var name = OpaqueName("")
    var run: Int?
    var entries: [[UInt8]] = []
    var bytes = 0
    /// Subscriptions that have everything. A publish moves them all to ready, so that ten more in the same
    /// batch have nothing to do.
    var caughtUp: [Int] = []
    var subscribers = 0

    static let vacant = Topic()
}

/// Someone waits for a state's count.
struct Barrier: SlabElement {
    var connection = 0
    var id = ""
    var state = 0
    var target: Int64 = 0
    /// Place in the state's list for this target.
    var rank = 0

    static let vacant = Barrier()
}

/// A state: its count, and who waits for which.
struct CountedState: SlabElement {
    var name = OpaqueName("")
    var run: Int?
    var count: Int64 = 0
    /// Barriers by target. A count passes every number, so only the target equal to it is ever looked up.
    var waiting: [Int64: [Int]] = [:]
    /// Members of the run that have signalled it.
    var signalled = MemberSet()
    /// Some signal cannot be reckoned as one of one member: it came from the runner, from an anonymous
    /// connection, or was a member's second.
    var isIrregular = false

    static let vacant = CountedState()
}

/// A run: everything that goes when it is over, and what is known about its members.
struct Run: SlabElement {
    var id = OpaqueName("")
    var states: Set<Int> = []
    var topics: Set<Int> = []

    var members: [InstanceReference] = []
    var numbers: [InstanceReference: Int] = [:]
    /// How members ended, by their number.
    var ends: [Int: (how: String, orderly: Bool)] = [:]
    /// Members that may still do something: not ended, or ended with a connection from which not everything
    /// was read.
    var alive = MemberSet()
    /// Open connections of each member, by its number.
    var openConnections: [Int: Int] = [:]
    /// Connections that belong to instances of the run.
    var connections: Set<Int> = []
    /// Anonymous connections that have used keys of the run.
    var visitors: Set<Int> = []

    static let vacant = Run()
}
