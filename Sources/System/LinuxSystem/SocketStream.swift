// A TCP connection for a thread of its own. getaddrinfo(3), socket(2), connect(2), poll(2), recv(2), send(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A connected, non-blocking TCP socket; closed when the value goes away.
package struct SocketStream: ~Copyable, Sendable {
    let rawDescriptor: Int32
    /// The peer as `host:port`, for messages.
    package let peer: String

    /// What a receive brought.
    package enum Received: Sendable, Hashable {
        case bytes(Int)
        case wouldBlock
        /// The peer has closed its side.
        case end
    }

    /// What woke `wait`.
    package struct Readiness: Sendable, Hashable {
        package var readable = false
        package var writable = false
        package var woken = false
    }

    init(rawDescriptor: Int32, peer: String) {
        self.rawDescriptor = rawDescriptor
        self.peer = peer
    }

    deinit { close(rawDescriptor) }

    // MARK: Connecting

    /// Connects to the first address of `host` that answers. Blocks the thread.
    ///
    /// - Parameter deadline: monotonic nanoseconds (`SystemClock.monotonic`). Resolving the name
    ///   is outside of it; the resolver has limits of its own (resolv.conf(5)).
    /// - Throws: `SystemError`: of the last address that was tried, or `getaddrinfo` for an unknown name.
    package init(connectingTo host: String, port: UInt16, deadline: Int64) throws(SystemError) {
        let peer = "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw SystemError(resolving: host, code: code) }
        defer { freeaddrinfo(list) }
        var failure = SystemError(call: "connect", code: EADDRNOTAVAIL, subject: peer)
        var entry = list
        while let address = entry?.pointee {
            do throws(SystemError) {
                self.init(
                    rawDescriptor: try Self.connect(to: address, peer: peer, deadline: deadline), peer: peer)
                return
            } catch {
                failure = error
            }
            entry = address.ai_next
        }
        throw failure
    }

    private static func connect(
        to address: addrinfo, peer: String, deadline: Int64
    ) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.ai_family, type, 0)
        guard descriptor >= 0 else { throw .last("socket", peer) }
        do throws(SystemError) {
            if startConnecting(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
                guard errno == EINPROGRESS || errno == EINTR else { throw .last("connect", peer) }
                try awaitConnection(of: descriptor, peer: peer, deadline: deadline)
            }
            // Requests are small and someone waits for each: no Nagle delay.
            var one: Int32 = 1
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func awaitConnection(
        of descriptor: Int32, peer: String, deadline: Int64
    ) throws(SystemError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let result = poll(&entry, 1, milliseconds(until: deadline))
            if result > 0 { break }
            if result == 0 { throw SystemError(call: "connect", code: ETIMEDOUT, subject: peer) }
            guard errno == EINTR else { throw .last("poll", peer) }
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw SystemError(call: "connect", code: code, subject: peer) }
    }

    // MARK: Data

    /// Appends what has arrived to `buffer`, at most `limit` bytes.
    package func receive(into buffer: inout [UInt8], limit: Int) throws(SystemError) -> Received {
        let end = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: limit))
        var count: Int
        repeat {
            count = buffer.withUnsafeMutableBytes {
                recv(rawDescriptor, $0.baseAddress?.advanced(by: end), limit, 0)
            }
        } while count < 0 && errno == EINTR
        let code = errno
        buffer.removeLast(limit - max(count, 0))
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        if code == EAGAIN { return .wouldBlock }
        throw SystemError(call: "recv", code: code, subject: peer)
    }

    /// Sends what the kernel takes at once; answers how many bytes, 0 when it takes none now.
    package func send(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
        var count: Int
        repeat {
            count = bytes.withUnsafeBytes { sendSome(rawDescriptor, $0) }
        } while count < 0 && errno == EINTR
        if count >= 0 { return count }
        if errno == EAGAIN { return 0 }
        throw .last("send", peer)
    }

    /// Blocks the thread until the socket can be read, or written when `writing`, or `wakeUp` is signalled
    /// (and clears it), or the deadline in monotonic nanoseconds passes, when nothing in the answer is set.
    package func wait(
        writing: Bool, wakeUp: borrowing WakeUp, until deadline: Int64
    ) throws(SystemError) -> Readiness {
        var entries = [
            pollfd(fd: rawDescriptor, events: Int16(POLLIN | (writing ? POLLOUT : 0)), revents: 0),
            pollfd(fd: wakeUp.rawDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&entries, 2, milliseconds(until: deadline)) < 0 {
            guard errno == EINTR else { throw .last("poll", peer) }
        }
        let events = Int32(entries[0].revents)
        let woken = entries[1].revents != 0
        if woken { wakeUp.clear() }
        // Errors and hang-ups are found by reading.
        return Readiness(
            readable: events & (POLLIN | POLLERR | POLLHUP) != 0, writable: events & POLLOUT != 0,
            woken: woken)
    }
}

// The free functions, out of reach of the methods of the same names.

private func startConnecting(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t)
    -> Int32
{
    connect(descriptor, address, size)
}

private func sendSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
}

/// Whole milliseconds from now, rounded up, as poll(2) wants them.
private func milliseconds(until deadline: Int64) -> Int32 {
    let left = deadline - SystemClock.monotonic()
    return left <= 0 ? 0 : Int32(clamping: left / 1_000_000 + 1)
}

extension SystemError {
    /// A failure of getaddrinfo(3), whose codes are negative and not errno's.
    init(resolving host: String, code: Int32) {
        self.init(call: "getaddrinfo", code: code, subject: host)
    }
}
