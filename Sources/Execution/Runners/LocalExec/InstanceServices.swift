// What a runner needs of the services that its instances talk to: as little as can be, so that tests can
// stand in.

package import InstanceContract
package import LinuxSystem

/// Where an instance reaches a service.
package struct ServiceAddress: Sendable, Hashable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// What an instance has asked the runner for.
package struct InstanceRequest: Sendable, Hashable {
    package var topic: String
    /// JSON text.
    package var payload: String

    package init(topic: String, payload: String) {
        self.topic = topic
        self.payload = payload
    }
}

/// The services of one run.
package protocol InstanceServices: Sendable {
    /// Makes the run known: from now on it is known who may still come to a barrier.
    func register(_ instances: [InstanceReference], in scope: RunScope) async throws

    /// Opens the sync service for one instance: whoever calls on that address is this instance.
    func listen(for instance: InstanceReference, in scope: RunScope) async throws -> ServiceAddress

    /// Serves an instance on a socket that listens in its own network.
    func serve(_ socket: OwnedDescriptor, for instance: InstanceReference, in scope: RunScope) async throws

    /// Hands over what instances publish on these topics, which need no qualification, one after the other;
    /// returns when the run is over.
    func observe(
        _ topics: [String], in scope: RunScope, _ take: @Sendable (InstanceRequest) async -> Void
    ) async

    /// Signals a state because an instance asked for it.
    func signal(_ state: String, for instance: InstanceReference, in scope: RunScope) async

    /// Signals a state on behalf of the runner.
    func signal(_ state: String, in scope: RunScope) async

    /// The instance will not come to a barrier any more.
    func ended(_ instance: InstanceReference, in scope: RunScope, _ notice: EndNotice) async

    /// The run is over: its keys are freed and the services of this run stop.
    func stop(_ scope: RunScope) async
}

/// Names of states that SDKs and runners share (contract §4).
enum SharedState {
    static let networkInitialised = "network-initialized"
}
