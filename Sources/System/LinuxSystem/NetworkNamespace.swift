// Work inside another process's network. setns(2), network_namespaces(7).

import CLinux

package enum NetworkNamespace {
    /// Runs the body on a thread inside the network namespace of a process; sockets and devices that it makes
    /// stay there. The thread ends afterwards: no other work ever finds itself in that namespace.
    ///
    /// - Throws: `SystemError` when the namespace cannot be entered, or what the body throws.
    package static func run<Result: Sendable>(
        ofProcess processID: Int32, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await NamedThread.run("in-namespace") {
            guard clinux_enter_network_namespace(processID) == 0 else {
                throw SystemError.last("setns", "network of process \(processID)")
            }
            return try body()
        }
    }
}
