// Listeners: the shared one, and those of single instances, where the socket says who calls.

package import InstanceContract
import NIOCore
import NIOPosix
import SyncCore

extension SyncService {
    /// Opens a listener that only one instance is told of: who calls there is that instance, and may use
    /// the keys of its run and no others. It lives until the run is closed.
    ///
    /// - Returns: the port.
    /// - Throws: `SyncServiceError` when the address cannot be listened on.
    package func listen(
        for instance: InstanceReference, in scope: RunScope, host: String = "127.0.0.1", port: Int = 0
    ) async throws -> Int {
        let channel = try await Self.listen(
            host: host, port: port, caller: .instance(instance, scope), loop: loop, group: group)
        await keep(channel, for: scope)
        return channel.localAddress?.port ?? port
    }

    /// The same with a socket that was bound elsewhere, e.g. in the instance's network namespace. The
    /// service owns it from here on, also when this throws.
    package func adopt(
        listeningSocket descriptor: CInt, for instance: InstanceReference, in scope: RunScope
    ) async throws {
        // NIO ends the program on a descriptor that cannot be one.
        guard descriptor >= 0 else {
            throw SyncServiceError(
                .cannotListen, "\(descriptor) is no socket for the sync service of \(instance)")
        }
        do {
            let channel = try await Self.bootstrap(
                caller: .instance(instance, scope), loop: loop, group: group
            ).withBoundSocket(descriptor).get()
            await keep(channel, for: scope)
        } catch {
            throw SyncServiceError(
                .cannotListen, "cannot take the sync service's socket for \(instance) over: \(error)")
        }
    }

    private func keep(_ channel: any Channel, for scope: RunScope) async {
        await onLoop { [listeners] _ in listeners.value[scope.run, default: []].append(channel) }
    }

    static func listen(
        host: String, port: Int, caller: Caller, loop: NIOLoopBound<SyncLoop>,
        group: MultiThreadedEventLoopGroup
    ) async throws -> any Channel {
        do {
            return try await bootstrap(caller: caller, loop: loop, group: group).bind(host: host, port: port)
                .get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw SyncServiceError(
                .addressInUse,
                "port \(port) on \(host) is in use: stop what listens there, or choose another port")
        } catch {
            throw SyncServiceError(.cannotListen, "cannot listen on \(host):\(port): \(error)")
        }
    }

    private static func bootstrap(
        caller: Caller, loop: NIOLoopBound<SyncLoop>, group: MultiThreadedEventLoopGroup
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: EdgeLimits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Finds connections whose other end is gone without a word.
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(
                    low: EdgeLimits.pendingBytes.lowerBound, high: EdgeLimits.pendingBytes.upperBound)
            )
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Handshake.prepare(channel, for: caller, on: loop)
                }
            }
    }
}
