// `testground sync-service`: the sync service alone.

import SyncServer

enum SyncServiceRun {
    /// Serves until cancelled; `ready` hears `host:port` once it listens.
    @Sendable static func serve(
        _ host: String, _ port: Int, _ ready: @Sendable (String) -> Void
    ) async throws {
        let service = try await SyncService.start(SyncServiceConfiguration(host: host, port: port))
        ready(host.contains(":") ? "[\(host)]:\(service.port)" : "\(host):\(service.port)")
        // Ends when the task is cancelled: nothing ever comes.
        for await _ in AsyncStream.makeStream(of: Never.self).stream {}
        await service.stop()
    }
}
