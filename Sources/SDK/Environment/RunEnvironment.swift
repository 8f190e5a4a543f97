// What a test case is given: who it is, what it may use, and how it reports.
//
//   RunEnvironment            identity, counts, paths; +Events: messages, stages, outcome;
//                             +Initialisation: sequence numbers
//   Parameters                typed test parameters
//   SyncService, Topic        coordination with the other instances
//   NetworkClient             the instance's network
//   Metrics, Assets           measurements and files

import InstanceContract
import LinuxSystem
import Synchronization

/// The run as one of its instances sees it.
///
/// It may be used from any number of tasks at once.
public final class RunEnvironment: Sendable {
    let environment: InstanceEnvironment
    let events: EventRecorder
    let runMetrics: RunMetrics
    let profiles: ProfileRecorder
    let randomAssets: Mutex<RandomAssets>
    let initialisation = Mutex<Task<SequenceNumbers, any Error>?>(nil)
    /// Exchanges of addresses so far.
    let exchanges = Mutex(0)

    /// Test parameters, typed.
    public let parameters: Parameters
    /// Coordination with the other instances. The connection is made at the first use.
    public let sync: SyncService
    /// The instance's network.
    public let network: NetworkClient

    init(_ environment: InstanceEnvironment, events: EventRecorder) {
        let report: @Sendable (String) -> Void = { events.record(.message($0)) }
        let seed = Self.seed(environment)
        self.environment = environment
        self.events = events
        parameters = Parameters(environment.parameters)
        sync = SyncService(environment)
        network = NetworkClient(environment, sync: sync, events: events)
        runMetrics = RunMetrics(environment, seed: seed, report: report)
        randomAssets = Mutex(RandomAssets(seed: seed))
        profiles = ProfileRecorder(
            environment.captureProfiles, directory: environment.outputsPath, report: report)
        events.forward { [sync] in sync.post($0) }
        events.forward { [weak self] in self?.countLifecycle($0) }
    }

    // MARK: Identity

    /// The plan's name.
    public var plan: String { environment.plan }
    /// The test case's name.
    public var testCase: String { environment.testCase }
    /// The run's id, the same for all its instances.
    public var runID: String { environment.run }
    /// The instance's group, as the composition names it.
    public var group: String { environment.groupID }
    /// The group's role; empty when it has none.
    public var role: String { environment.instanceRole }
    /// Instances in the whole run.
    public var instanceCount: Int { environment.instanceCount }
    /// Instances in this instance's group.
    public var groupInstanceCount: Int { environment.groupInstanceCount }
    /// Where the plan's code comes from; members are empty when unknown.
    public var revision: Revision {
        Revision(
            repository: environment.repo, commit: environment.commit, branch: environment.branch,
            tag: environment.tag)
    }
    /// When the run began, in seconds of Unix time; 0 when unknown.
    public var startTimeUnixSeconds: Int64 { environment.startTimeUnixSeconds }
    /// The run's log level; empty when the run configuration sets none.
    public var logLevel: String { environment.logLevel }

    /// Where a plan's code comes from.
    public struct Revision: Sendable, Hashable {
        /// The repository's URL.
        public let repository: String
        /// The commit's id.
        public let commit: String
        /// The branch's name.
        public let branch: String
        /// The tag's name.
        public let tag: String
    }

    /// The port that the runner exposes under a label (`exposed_ports`); nil when there is none.
    public func exposedPort(_ label: String) -> Int? {
        environment.exposedPorts[label.uppercased()].map(Int.init)
    }

    // MARK: Directories

    /// The directory whose content is collected after the run.
    public var outputsPath: String { environment.outputsPath }
    /// A directory for scratch files, which are not collected.
    public var tempPath: String { environment.tempPath }

    // MARK: Metrics

    /// Metrics of what the plan is about; file `results.out`.
    public var results: Metrics { runMetrics.results }
    /// Metrics of how the plan ran; file `diagnostics.out`.
    public var diagnostics: Metrics { runMetrics.diagnostics }

    // MARK: Inside

    /// A seed for this instance's own random decisions: one run id and one place of the outputs always give
    /// the same.
    static func seed(_ environment: InstanceEnvironment) -> UInt64 {
        // FNV-1a; Hasher is seeded anew in each process.
        "\(environment.run)/\(environment.outputsPath)/\(ThisProcess.hostName)".utf8
            .reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Counts an event in InfluxDB, where a run has it.
    func countLifecycle(_ event: InstanceEvent) {
        if let name = event.lifecycleName { runMetrics.record(event: name) }
    }

    /// Writes what is not written yet and leaves the sync service. Each part has a limit of its own.
    func close() async {
        await withCheckedContinuation { continuation in
            // On a thread, since it waits for disks.
            do throws(SystemError) {
                try NamedThread.start("closing") { [self] in
                    profiles.close()
                    runMetrics.close()
                    continuation.resume()
                }.detach()
            } catch {
                continuation.resume()
            }
        }
        await sync.close()
    }
}

extension InstanceEvent {
    /// Its name in InfluxDB's `events`; nil for messages, which are not counted there.
    var lifecycleName: String? {
        switch self {
        case .start: "start_event"
        case .message: nil
        case .success: "success_event"
        case .failure: "failure_event"
        case .crash: "crash_event"
        case .stageStart: "stage_start_event"
        case .stageEnd: "stage_end_event"
        }
    }
}
