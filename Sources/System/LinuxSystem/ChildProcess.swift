// Starting, signalling and waiting for processes. clone(2), execve(2), pidfd_send_signal(2), wait4(2).
//
// A child is known by its process descriptor: unlike its id, that never means another process. Whoever starts
// children with a death signal does so on a thread that outlives them, since PR_SET_PDEATHSIG(2const) counts
// the end of the *thread* that started them as the parent's death.

import CLinux
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What to start, and how.
package struct ProcessLaunch: Sendable {
    /// Absolute path of the program.
    package var path: String
    /// Arguments without the program's name.
    package var arguments: [String]
    package var environment: [String: String]
    /// Working directory; nil for the caller's.
    package var directory: String?
    /// A session, and so a process group, of its own.
    package var ownSession: Bool
    /// Signal the process gets when the thread that started it ends, and so also when the program is killed.
    package var deathSignal: ProcessSignal?
    /// Permissions that files it makes do *not* get.
    package var fileModeMask: UInt32
    package var limits: [ResourceLimit.Kind: ResourceLimit]
    /// Descriptors that the program finds open under the numbers they have here.
    package var passed: [OwnedDescriptor]

    package init(
        path: String, arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
        ownSession: Bool = true, deathSignal: ProcessSignal? = .kill, fileModeMask: UInt32 = 0o022,
        limits: [ResourceLimit.Kind: ResourceLimit] = [:], passed: [OwnedDescriptor] = []
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.ownSession = ownSession
        self.deathSignal = deathSignal
        self.fileModeMask = fileModeMask
        self.limits = limits
        self.passed = passed
    }
}

/// How a child ended and what it used.
package struct ProcessEnd: Sendable, Hashable {
    package enum Cause: Sendable, Hashable {
        case status(Int32)
        case signal(Int32)
    }

    package var cause: Cause
    /// CPU time in user mode and in the kernel, of the process and the children it waited for.
    package var userNanoseconds: Int64
    package var systemNanoseconds: Int64
    package var maximumResidentBytes: Int64
}

/// A process that this one started, or adopted as its subreaper, and must wait for.
package struct ChildProcess: Sendable {
    package let processID: Int32
    /// Readable once the process has ended.
    package let descriptor: OwnedDescriptor

    /// Ids of children that some part of this program started with `start` and has not waited for yet.
    private static let started = Mutex<Set<Int32>>([])

    /// Whether a part of this program waits, or will wait, for the child with that id.
    package static func isAwaited(_ processID: Int32) -> Bool {
        started.withLock { $0.contains(processID) }
    }

    /// Starts a process and waits until it runs its program, or could not.
    ///
    /// - Throws: `SystemError` with the call that failed in the child (`execve`, `chdir`, …).
    package static func start(
        _ launch: ProcessLaunch, input: OwnedDescriptor, output: OwnedDescriptor, error: OwnedDescriptor
    ) throws(SystemError) -> ChildProcess {
        let environment = launch.environment.map { "\($0.key)=\($0.value)" }
        let limits = launch.limits.map {
            clinux_limit(resource: $0.key.number, soft: $0.value.soft, hard: $0.value.hard)
        }
        let passed = launch.passed.map(\.number)
        var result = clinux_spawned()
        // Under the lock, so that nobody sees the child before it is known to be awaited.
        started.withLock { started in
            withStrings([launch.path] + launch.arguments) { arguments in
                withStrings(environment) { environment in
                    withOptionalString(launch.directory) { directory in
                        launch.path.withCString { path in
                            withArrays(limits, passed) { limits, passed in
                                var spawn = clinux_spawn(
                                    path: path, arguments: arguments, environment: environment,
                                    directory: directory, input: input.number, output: output.number,
                                    error: error.number, session: launch.ownSession ? 1 : 0,
                                    death_signal: launch.deathSignal?.number ?? 0, mask: launch.fileModeMask,
                                    limits: limits.baseAddress, limit_count: Int32(limits.count),
                                    passed: passed.baseAddress, passed_count: Int32(passed.count))
                                _ = clinux_spawn(&spawn, &result)
                            }
                        }
                    }
                }
            }
            if result.pid > 0 { started.insert(result.pid) }
        }
        guard result.pid > 0 else {
            let subject = String(cString: result.step) == "chdir" ? launch.directory : nil
            throw SystemError(
                call: String(cString: result.step), code: result.error, subject: subject ?? launch.path)
        }
        return ChildProcess(
            processID: result.pid, descriptor: OwnedDescriptor(owning: result.descriptor))
    }

    /// A child that nobody started here: an orphan that came to this process as its subreaper.
    package static func adopt(_ processID: Int32) throws(SystemError) -> ChildProcess {
        let number = clinux_pidfd_open(processID)
        guard number >= 0 else { throw .last("pidfd_open", String(processID)) }
        return ChildProcess(processID: processID, descriptor: OwnedDescriptor(owning: number))
    }

    /// Sends a signal to the process alone. False when it is gone.
    @discardableResult
    package func send(_ signal: ProcessSignal) -> Bool {
        clinux_pidfd_send_signal(descriptor.number, signal.number) == 0
    }

    /// Sends a signal to everything in the process's group. Only for a child with a session of its own that
    /// has not been waited for: until then its id cannot mean another group.
    package func sendToGroup(_ signal: ProcessSignal) { kill(-processID, signal.number) }

    /// How the child ended, nil while it runs. Once this has answered, the child's id may mean another
    /// process.
    package func waitWithoutBlocking() throws(SystemError) -> ProcessEnd? {
        var status: Int32 = 0
        var usage = rusage()
        var result: Int32
        repeat {
            result = wait4(processID, &status, WNOHANG, &usage)
        } while result < 0 && errno == EINTR
        guard result != 0 else { return nil }
        let code = errno
        Self.started.withLock { _ = $0.remove(processID) }
        guard result > 0 else {
            throw SystemError(call: "wait4", code: code, subject: String(processID))
        }
        // wait(2): the low seven bits are the signal, the next byte the status.
        let signal = status & 0x7f
        return ProcessEnd(
            cause: signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal),
            userNanoseconds: nanoseconds(usage.ru_utime), systemNanoseconds: nanoseconds(usage.ru_stime),
            // Linux counts in KiB here.
            maximumResidentBytes: Int64(usage.ru_maxrss) * 1024)
    }

    private func nanoseconds(_ time: timeval) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000
    }

    /// From now on orphans among this process's descendants become its children, so that they can be found
    /// and ended.
    package static func adoptOrphans() throws(SystemError) {
        guard clinux_become_subreaper() == 0 else { throw .last("prctl", "PR_SET_CHILD_SUBREAPER") }
    }
}

/// Calls the body with the strings as C wants them: an array of pointers that ends with NULL.
private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
    pointers[strings.count] = nil
    defer {
        for index in strings.indices { free(pointers[index]) }
        pointers.deallocate()
    }
    return body(pointers)
}

private func withArrays<First, Second>(
    _ first: [First], _ second: [Second],
    _ body: (UnsafeBufferPointer<First>, UnsafeBufferPointer<Second>) -> Void
) {
    first.withUnsafeBufferPointer { first in second.withUnsafeBufferPointer { body(first, $0) } }
}

private func withOptionalString<Result>(
    _ string: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let string else { return body(nil) }
    return string.withCString(body)
}
