// The exchange with InfluxDB and with pages to take snapshots of, against a server on loopback.

import Foundation
import InstanceContract
import LinuxSystem
import Synchronization
import Testing

@testable import Testground

/// A server that gives every connection the same answer and keeps what it was sent.
private final class CannedServer: Sendable {
    struct State {
        var port: UInt16?
        var requests: [String] = []
        var stopping = false
    }

    private let monitor = Monitor(State())
    let port: UInt16

    init(answer: String) throws {
        let monitor = monitor
        try NamedThread.start("server") {
            // A server that cannot listen leaves the port unset, which the test then requires.
            guard let listener = try? SocketListener() else { return }
            monitor.change { $0.port = listener.port }
            while !monitor.read({ $0.stopping }) {
                let tick = SystemClock.monotonic() + 20_000_000
                if let request = try? Self.answer(listener, answer, until: tick) {
                    monitor.change { $0.requests.append(request) }
                }
            }
        }.detach()
        port = try #require(monitor.wait(until: Self.limit) { $0.port })
    }

    func stop() { monitor.change { $0.stopping = true } }

    /// The requests when so many have come.
    func requests(_ count: Int) throws -> [String] {
        try #require(monitor.wait(until: Self.limit) { $0.requests.count >= count ? $0.requests : nil })
    }

    private static var limit: Int64 { SystemClock.monotonic() + 60_000_000_000 }

    private static func answer(
        _ listener: borrowing SocketListener, _ answer: String, until tick: Int64
    ) throws -> String {
        let stream = try listener.accept(deadline: tick)
        let deadline = SystemClock.monotonic() + 10_000_000_000
        let wakeUp = try WakeUp()
        var bytes: [UInt8] = []
        while !isWhole(bytes) {
            switch try stream.receive(into: &bytes, limit: 4096) {
            case .bytes: continue
            case .end: throw HTTPError(description: "closed")
            case .wouldBlock: _ = try stream.wait(writing: false, wakeUp: wakeUp, until: deadline)
            }
        }
        _ = try stream.send(Array(answer.utf8)[...])
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether head and as much body as it announces are there.
    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = text.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        return text[end.upperBound...].utf8.count >= length.flatMap { Int($0.dropFirst(16)) } ?? 0
    }
}

@Suite struct HTTPTests {
    private func read(_ parts: [String], end: Bool = false) throws -> (
        status: Int?, body: String, whole: Bool
    ) {
        var reader = HTTPResponseReader()
        var body: [UInt8] = []
        for part in parts { body += try reader.feed(part.utf8) }
        if end { try reader.end() }
        return (reader.status, String(decoding: body, as: UTF8.self), reader.isComplete)
    }

    @Test("an answer is whole when the bytes it announces are there")
    func length() throws {
        let head = "HTTP/1.1 200 OK\r\ncontent-length:  5 \r\n\r\n"
        #expect(try read([head, "hel"]) == (200, "hel", false))
        #expect(try read([head + "hello"]) == (200, "hello", true))
        #expect(try read(["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"]) == (204, "", true))
    }

    @Test("chunks are joined, however their bytes arrive")
    func chunks() throws {
        let text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: v\r\n\r\n"
        #expect(try read([text]) == (200, "hello!", true))
        #expect(try read(text.unicodeScalars.map { String($0) }) == (200, "hello!", true))
    }

    @Test("an answer without a length ends with the connection")
    func untilEnd() throws {
        let parts = ["HTTP/1.0 500 Oops\r\n\r\n", "bro", "ken"]
        #expect(try read(parts) == (500, "broken", false))
        #expect(try read(parts, end: true) == (500, "broken", true))
    }

    @Test(
        "what is no answer is refused",
        arguments: [
            "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            String(repeating: "x", count: HTTPResponseReader.longestHead + 1),
        ])
    func refuse(_ text: String) {
        #expect(throws: HTTPError.self) { try read([text], end: true) }
    }

    @Test("addresses have a host, a port and a target")
    func addresses() throws {
        let full = try HTTPAddress("http://user:secret@host:81/a/b?c=d#e")
        #expect((full.host, full.port, full.target) == ("host", 81, "/a/b?c=d"))
        let short = try HTTPAddress("http://testground-influxdb")
        #expect((short.host, short.port, short.target) == ("testground-influxdb", 80, "/"))
        let six = try HTTPAddress("http://[::1]:8086?q")
        #expect((six.host, six.port, six.target, six.authority) == ("::1", 8086, "/?q", "[::1]:8086"))
    }

    @Test(
        "addresses that cannot be asked are refused",
        arguments: ["https://host/", "host:80", "http://", "http://host:70000/", "http://host/a b"])
    func refuseAddress(_ text: String) {
        #expect(throws: HTTPError.self) { try HTTPAddress(text) }
    }

    @Test("points reach InfluxDB in one post, those of both streams")
    func influx() throws {
        let server = try CannedServer(answer: "HTTP/1.1 204 No Content\r\n\r\n")
        defer { server.stop() }
        let messages = Mutex<[String]>([])
        let environment = InstanceEnvironment(
            plan: "p", testCase: "c", run: "r", instanceCount: 1, groupID: "g", groupInstanceCount: 1,
            outputsPath: try TemporaryDirectory.make("influx"), tempPath: "", startTimeUnixSeconds: 0,
            influxDBURL: "http://127.0.0.1:\(server.port)/")
        let clock = MetricClock(wall: { 42 }, monotonic: { 0 })
        let metrics = RunMetrics(environment, seed: 1, clock: clock) { message in
            messages.withLock { $0.append(message) }
        }
        metrics.record(event: "start_event")
        metrics.results.recordPoint("n", 1.5)
        metrics.close()
        let request = try server.requests(1)[0]
        #expect(request.hasPrefix("POST /write?db=testground&precision=n HTTP/1.1\r\n"))
        #expect(
            request.contains("events,case=c,event_type=start_event,group_id=g,plan=p,run=r count=1i 42\n"))
        #expect(request.contains("results.p-c.n.point,group_id=g,run=r value=1.5 42\n"))
        #expect(request.contains("diagnostics.p-c.process.cpu_seconds.gauge,group_id=g,run=r value="))
        #expect(messages.withLock { $0 }.isEmpty)
    }

    @Test("a database that refuses points is told once, and again at the end with their number")
    func influxRefuses() throws {
        let messages = Mutex<[String]>([])
        let dispatcher = InfluxDispatcher(
            url: "http://db:8086", report: { message in messages.withLock { $0.append(message) } },
            post: { _, _, _ in 500 })
        try dispatcher.start()
        for _ in 0..<3 {
            dispatcher.add(
                InfluxLine(
                    event: "e", timestamp: 1, scope: RunScope(run: "r", plan: "p", testCase: "c"),
                    groupID: "g"))
        }
        dispatcher.close(timeout: .seconds(60))
        let texts = messages.withLock { $0 }
        #expect(texts.count == 2)
        #expect(texts.first?.contains("it answered the status 500") == true)
        #expect(texts.last?.hasPrefix("3 points did not reach InfluxDB at http://db:8086/write") == true)
    }

    @Test("snapshots are files of what the page showed, one for each request")
    func snapshots() throws {
        let server = try CannedServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nup 1\r\n")
        defer { server.stop() }
        let directory = try TemporaryDirectory.make("snapshots")
        let snapshots = PeriodicSnapshots(
            url: "http://127.0.0.1:\(server.port)/metrics", interval: .milliseconds(10),
            directory: "\(directory)/page", report: { Issue.record("\($0)") })
        try snapshots.start()
        let requests = try server.requests(2)
        snapshots.stop()
        #expect(requests[0].hasPrefix("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
        let sizes = try TemporaryDirectory.sizes(below: directory)
        #expect(sizes.count >= 2)
        #expect(sizes.allSatisfy { $0.key.hasPrefix("page/") && $0.key.hasSuffix(".out") && $0.value == 6 })
    }

    @Test("a page that cannot be asked for is refused at once, one that does not answer is told once")
    func snapshotsFail() throws {
        let directory = try TemporaryDirectory.make("snapshots")
        let messages = Monitor([String]())
        let secure = PeriodicSnapshots(
            url: "https://host", interval: .seconds(1), directory: directory, report: { _ in })
        #expect(throws: HTTPError.self) { try secure.start() }
        let failing = PeriodicSnapshots(
            url: "http://127.0.0.1:1/", interval: .milliseconds(10), directory: directory,
            report: { message in messages.change { $0.append(message) } })
        try failing.start()
        let deadline = SystemClock.monotonic() + 60_000_000_000
        let first = messages.wait(until: deadline) { $0.first }
        failing.stop()
        #expect(first?.contains("Connection refused") == true)
        #expect(messages.read { $0.count } == 1)
    }
}
