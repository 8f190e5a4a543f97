// Children that some other part of this program started by its own means, such as a build tool by
// swift-subprocess, and whose exit status it still wants.
//
// A subreaper must wait for the orphans that come to it, and a zombie tells nothing of where it came from. So
// whoever starts children by other means than `ChildProcess` says so while they last, and until then no
// unknown zombie is taken.

import Synchronization

package enum ForeignChildren {
    private static let calls = Atomic<Int>(0)

    /// Whether a zombie that nobody knows may be wanted by somebody. To be asked after the zombie was seen: a
    /// child that is started later cannot be it.
    package static var mayExist: Bool { calls.load(ordering: .sequentiallyConsistent) > 0 }

    /// Runs a body that starts children and waits for them.
    package static func expect<Value: ~Copyable, Failure: Error>(
        during body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        calls.add(1, ordering: .sequentiallyConsistent)
        defer { calls.subtract(1, ordering: .sequentiallyConsistent) }
        return try await body()
    }
}
