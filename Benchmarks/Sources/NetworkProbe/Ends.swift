// The two ends of a measurement: what is sent, and what is made of it.

import Foundation
import Glibc

private let probePort: UInt16 = 4_000
private let streamPort: UInt16 = 4_001
/// A probe: sequence number and time of sending.
private let probeBytes = 16
/// Of a stream's time, the part that counts: windows open and slow start is over.
private let warmUpShare = 0.25

struct Sender: Sendable {
    let measurement: Measurement
    let address: String

    init(_ measurement: Measurement, to address: String) {
        self.measurement = measurement
        self.address = address
    }

    func send() throws {
        switch measurement.kind {
        case "goodput": try stream(until: Clock.now + nanoseconds)
        case "flood": try flood()
        case "loaded":
            let end = Clock.now + nanoseconds
            let streaming = DispatchQueue.global()
            let group = DispatchGroup()
            streaming.async(group: group) { try? stream(until: end) }
            try probe()
            group.wait()
        default: try probe()
        }
    }

    private var nanoseconds: Int64 { Int64(measurement.seconds * 1e9) }

    /// Packets at a constant rate; above 1 kHz in bursts of a millisecond's worth.
    private func probe() throws {
        let socket = try Socket(SOCK_DGRAM)
        try socket.connect(to: address, port: probePort)
        let start = Clock.now + 1_000_000
        let burst = max(1, Int(measurement.rate / 1_000))
        let interval = Int64(Double(burst) * 1e9 / measurement.rate)
        let count = Int(measurement.seconds * measurement.rate) / burst
        var packet: [Int64] = [0, 0]
        for number in 0..<count {
            Clock.sleep(until: start + Int64(number) * interval)
            for place in 0..<burst {
                packet = [Int64(number * burst + place), Clock.now]
                _ = Glibc.send(socket.number, packet, probeBytes, 0)
            }
        }
        // The end, often enough that one arrives; the receiver's patience ends it otherwise.
        for _ in 0..<3 {
            packet = [-1, Int64(count * burst)]
            _ = Glibc.send(socket.number, packet, probeBytes, 0)
        }
    }

    private func flood() throws {
        let socket = try Socket(SOCK_DGRAM)
        try socket.connect(to: address, port: probePort)
        // 64 bytes of IP packet.
        let packet = [UInt8](repeating: 0, count: 36)
        let end = Clock.now + nanoseconds
        while Clock.now < end {
            for _ in 0..<64 { _ = Glibc.send(socket.number, packet, packet.count, Int32(MSG_DONTWAIT)) }
        }
    }

    private func stream(until end: Int64) throws {
        let socket = try Socket(SOCK_STREAM)
        if !measurement.congestion.isEmpty {
            let result = setsockopt(
                socket.number, Int32(IPPROTO_TCP), TCP_CONGESTION, measurement.congestion,
                socklen_t(measurement.congestion.utf8.count))
            guard result == 0 else { throw ProbeError("no TCP \(measurement.congestion) here") }
        }
        socket.setPatience(seconds: 1)
        try socket.connect(to: address, port: streamPort)
        let chunk = [UInt8](repeating: 0x55, count: 256 * 1_024)
        while Clock.now < end {
            _ = Glibc.send(socket.number, chunk, chunk.count, Int32(MSG_NOSIGNAL))
        }
    }
}

final class Receiver: @unchecked Sendable {
    // Unchecked: used by the measuring thread, and after it by the plan's measurement.
    let measurement: Measurement
    /// Sequence number, time of sending and of arrival of each probe, in the order of arrival.
    private var probes: [(number: Int64, sent: Int64, received: Int64)] = []

    init(_ measurement: Measurement) { self.measurement = measurement }

    /// - Parameter ready: called once the sender may begin.
    func measure(_ ready: () -> Void) throws -> [String: Double] {
        switch measurement.kind {
        case "goodput": return try goodput(ready)
        case "flood": return try flood(ready)
        case "loaded":
            let group = DispatchGroup()
            let listener = try listener()
            DispatchQueue.global().async(group: group) { _ = try? self.goodput(of: listener) }
            let result = try delays(ready)
            group.wait()
            return result
        default: return try delays(ready)
        }
    }

    // MARK: Probes

    private func delays(_ ready: () -> Void) throws -> [String: Double] {
        let socket = try Socket(SOCK_DGRAM)
        try socket.bind(port: probePort)
        socket.setPatience(seconds: measurement.seconds + 5)
        ready()
        probes.reserveCapacity(Int(measurement.seconds * measurement.rate) + 16)
        var packet: [Int64] = [0, 0]
        var sent = measurement.seconds * measurement.rate
        while recv(socket.number, &packet, probeBytes, 0) == probeBytes {
            let now = Clock.now
            if packet[0] < 0 {
                sent = Double(packet[1])
                // What was delayed by jitter may still come.
                socket.setPatience(seconds: 0.5)
                continue
            }
            probes.append((packet[0], packet[1], now))
        }
        let delays = probes.map { Double($0.received - $0.sent) / 1e6 }.sorted()
        guard !delays.isEmpty else { return ["received": 0, "sent": sent] }
        let mean = delays.reduce(0, +) / Double(delays.count)
        let variance = delays.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(delays.count)
        return [
            "received": Double(delays.count), "sent": sent, "delay_mean_ms": mean,
            "delay_sd_ms": variance.squareRoot(),
            "delay_p50_ms": delays[delays.count / 2], "delay_p99_ms": delays[delays.count * 99 / 100],
            "delay_min_ms": delays[0],
        ]
    }

    /// What became of packets around changes of the network.
    ///
    /// - Parameter changes: for each, when it was asked for and when it was in force.
    func judge(_ measurement: Measurement, _ changes: [[Int64]]) -> [String: Double] {
        var wrong = 0
        var crossed = 0
        for probe in probes {
            guard let last = changes.lastIndex(where: { $0[1] <= probe.sent }) else { continue }
            let change = measurement.changes[last]
            // Between being asked for and being in force either delay is right.
            if changes.indices.contains(last + 1), probe.sent >= changes[last + 1][0] { continue }
            if change.isCut { crossed += 1 }
            // A packet may not overtake those of before: the first after a shorter delay come late.
            if probe.received - probe.sent < change.delay { wrong += 1 }
        }
        // Once 10 ms are in force again, whatever was sent 100 ms later arrives by itself.
        if measurement.kind == "change", let end = changes.last?[1] {
            let late = probes.filter { $0.sent > end + 100_000_000 && $0.received - $0.sent > 60_000_000 }
            wrong += late.count
        }
        return ["wrong": Double(wrong), "crossed": Double(crossed)]
    }

    private func flood(_ ready: () -> Void) throws -> [String: Double] {
        let socket = try Socket(SOCK_DGRAM)
        try socket.bind(port: probePort)
        socket.setPatience(seconds: 0.5)
        ready()
        var packet = [UInt8](repeating: 0, count: 64)
        var (count, first, last) = (0, Int64(0), Int64(0))
        let end = Clock.now + Int64((measurement.seconds + 5) * 1e9)
        while Clock.now < end {
            guard recv(socket.number, &packet, packet.count, 0) > 0 else {
                if count > 0 { break }
                continue
            }
            last = Clock.now
            if count == 0 { first = last }
            count += 1
        }
        return ["packets_per_second": Double(count) / (Double(max(1, last - first)) / 1e9)]
    }

    // MARK: Streams

    private func listener() throws -> Socket {
        let listener = try Socket(SOCK_STREAM)
        try listener.bind(port: streamPort)
        listener.setPatience(seconds: 10)
        listen(listener.number, 8)
        return listener
    }

    private func goodput(_ ready: () -> Void) throws -> [String: Double] {
        let listener = try listener()
        ready()
        return ["goodput_mbit": try goodput(of: listener)]
    }

    /// Megabits a second of payload.
    private func goodput(of listener: Socket) throws -> Double {
        let accepted = accept(listener.number, nil, nil)
        guard accepted >= 0 else { throw ProbeError("accept: \(String(cString: strerror(errno)))") }
        let stream = Socket(owning: accepted)
        stream.setPatience(seconds: 5)
        var buffer = [UInt8](repeating: 0, count: 256 * 1_024)
        let start = Clock.now
        let from = start + Int64(measurement.seconds * warmUpShare * 1e9)
        let until = start + Int64(measurement.seconds * 1e9)
        var (bytes, first, last) = (0, Int64(0), Int64(0))
        while true {
            let count = recv(stream.number, &buffer, buffer.count, 0)
            let now = Clock.now
            guard count > 0, now < until else { break }
            guard now >= from else { continue }
            // The clock begins with a full read, whose bytes came before it.
            if first == 0 { first = now } else { bytes += count }
            last = now
        }
        return Double(bytes) * 8 / (Double(max(1, last - first)) / 1e9) / 1e6
    }
}
