// Calls that block, each on a thread of its own: a pool would let those that wait hold up those that need not.
// pthread_create(3).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs a call that blocks without holding up the tasks of the plan.
func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws(SocketError) -> Value
) async throws(SocketError) -> Value {
    let result: Result<Value, SocketError> = await withCheckedContinuation { continuation in
        let call = Call {
            do throws(SocketError) {
                continuation.resume(returning: .success(try body()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        if let code = call.start() {
            continuation.resume(returning: .failure(SocketError("pthread_create", "", code: code)))
        }
    }
    return try result.get()
}

private final class Call: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    /// Runs the body on a new thread; answers why it cannot.
    func start() -> Int32? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 256 * 1_024)
        let call = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<Call>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, call.toOpaque())
        guard code != 0 else { return nil }
        call.release()
        return code
    }
}
