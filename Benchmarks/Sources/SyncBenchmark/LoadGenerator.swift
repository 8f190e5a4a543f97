// Clients of a sync service, as cheap as they can be made: one thread, epoll, frames written once and sent
// as they are. On two cores the generator's own work is half of what is measured, so it must be small; the
// report states its share.
//
// A mask of zeros is a valid mask (RFC 6455 §5.3), so that frames need no masking; of what arrives only the
// headers are read.

import CEpoll
import Glibc

func fail(_ message: String) -> Never {
    let text = "error: \(message): \(String(cString: strerror(errno)))\n"
    _ = write(2, text, text.utf8.count)
    exit(1)
}

/// Nanoseconds of the monotonic clock.
func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

final class LoadGenerator {
    private let epoll = epoll_create1(0)
    private var sockets: [Int32] = []
    /// Bytes of the current frame's payload that are still to come.
    private var remaining: [Int] = []
    /// A header that was cut by the end of a read.
    private var partial: [[UInt8]] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private var events = [epoll_event](repeating: epoll_event(), count: 512)
    /// Frames that were no text: the service closed a connection, or something is wrong.
    private(set) var strays = 0

    var count: Int { sockets.count }

    deinit {
        closeAll()
        close(epoll)
        buffer.deallocate()
    }

    // MARK: Connections

    func connect(_ count: Int, port: UInt16) {
        for _ in 0..<count {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard socket >= 0 else { fail("socket \(sockets.count)") }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            // Only 28,000 ports lead from one address to another.
            address.sin_addr.s_addr = UInt32(0x7F00_0001 + sockets.count / 20_000).bigEndian
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { fail("connect \(sockets.count)") }
            var one: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            sockets.append(socket)
            remaining.append(0)
            partial.append([])
            shakeHands(socket)
            _ = fcntl(socket, F_SETFL, O_NONBLOCK)
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = UInt64(sockets.count - 1)
            epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)
        }
    }

    private func shakeHands(_ socket: Int32) {
        let request = Array(
            """
            GET / HTTP/1.1\r\nHost: sync\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8)
        guard Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            fail("handshake")
        }
        var answer: [UInt8] = []
        while answer.suffix(4) != [13, 10, 13, 10] {
            var byte: UInt8 = 0
            guard recv(socket, &byte, 1, 0) == 1 else { fail("handshake's answer") }
            answer.append(byte)
        }
        guard answer.starts(with: Array("HTTP/1.1 101".utf8)) else { fail("handshake refused") }
    }

    func closeAll() {
        for socket in sockets { close(socket) }
        sockets = []
        remaining = []
        partial = []
    }

    // MARK: Sending

    /// A text frame, masked with zeros.
    static func frame(_ text: String) -> [UInt8] {
        let data = Array(text.utf8)
        precondition(data.count <= 0xFFFF)
        let header: [UInt8] =
            data.count <= 125
            ? [0x81, 0x80 | UInt8(data.count)]
            : [0x81, 0x80 | 126, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
        return header + [0, 0, 0, 0] + data
    }

    func send(_ frame: [UInt8], on client: Int) {
        var sent = 0
        while sent < frame.count {
            let result = frame.withUnsafeBytes {
                Glibc.send(
                    sockets[client], $0.baseAddress! + sent, frame.count - sent, Int32(MSG_NOSIGNAL))
            }
            if result > 0 {
                sent += result
            } else if errno == EAGAIN {
                var wait = pollfd(fd: sockets[client], events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, 1000)
            } else {
                fail("send")
            }
        }
    }

    // MARK: Receiving

    /// Reads what has come on all connections; `body` hears on which, and how many messages.
    func receive(_ body: (_ client: Int, _ messages: Int) -> Void) {
        let count = epoll_wait(epoll, &events, Int32(events.count), 10_000)
        guard count > 0 else { fail("nothing comes any more") }
        for index in 0..<Int(count) {
            let client = Int(events[index].data.u64)
            var messages = 0
            while true {
                let length = recv(sockets[client], buffer.baseAddress, buffer.count, 0)
                guard length > 0 else {
                    if length < 0, errno == EAGAIN { break }
                    fail("the service closed connection \(client)")
                }
                messages += frames(client, length)
                if length < buffer.count { break }
            }
            if messages > 0 { body(client, messages) }
        }
    }

    /// Counts the messages that are complete with these bytes.
    private func frames(_ client: Int, _ length: Int) -> Int {
        var messages = 0
        var position = 0
        while position < length {
            if remaining[client] > 0 {
                let step = min(remaining[client], length - position)
                remaining[client] -= step
                position += step
                if remaining[client] == 0 { messages += 1 }
                continue
            }
            if partial[client].isEmpty, length - position >= 4 {
                let size = header(
                    buffer[position], buffer[position + 1], buffer[position + 2], buffer[position + 3])
                position += size.header
                remaining[client] = size.payload
                continue
            }
            partial[client].append(buffer[position])
            position += 1
            let cut = partial[client]
            guard cut.count >= 2, cut.count >= (cut[1] == 126 ? 4 : 2) else { continue }
            remaining[client] = cut[1] == 126 ? Int(cut[2]) << 8 | Int(cut[3]) : Int(cut[1])
            if cut[0] != 0x81 { strays += 1 }
            partial[client] = []
        }
        return messages
    }

    private func header(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> (
        header: Int, payload: Int
    ) {
        if first != 0x81 { strays += 1 }
        return second == 126 ? (4, Int(third) << 8 | Int(fourth)) : (2, Int(second))
    }
}
