// The one error of this target.

/// Why something asked of the sync service did not happen.
package struct SyncClientError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The service could not be reached.
        case unreachable
        /// What answered is not a sync service.
        case notASyncService
        /// The connection broke or was closed by the service.
        case connectionLost
        /// The service refused the request and said why.
        case refused
        /// The client was closed before the answer came.
        case closed
        /// A subscription's reader was too slow, or more was sent than the service takes.
        case overflow
        /// The service answered something that is not of its protocol.
        case invalidAnswer
    }

    package var code: Code
    /// One sentence with the service's address, the reason, and what to do about it.
    package var description: String

    package init(code: Code, description: String) {
        self.code = code
        self.description = description
    }

    /// The same, with what was asked in front.
    func of(_ operation: SyncOperation) -> SyncClientError {
        SyncClientError(code: code, description: "\(operation): \(description)")
    }
}
