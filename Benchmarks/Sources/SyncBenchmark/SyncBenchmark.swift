// How fast the sync service is, how much CPU a request costs it, and how much memory a connection.
//
// usage: SyncBenchmark [--rounds N] [--only WORD] PROGRAM ARGUMENTS…, with %p for the port, e.g.
//        SyncBenchmark .build/release/testground sync-service --listen 127.0.0.1:%p
//
// Every measurement runs in a fresh service, several rounds in turn; the table shows the median and the
// spread of the rounds. "server" is the service's CPU for one operation, "load" the share of one core that
// this generator used meanwhile.

import Foundation
import Rounds

struct Sample {
    /// The figure, in the measurement's unit.
    var value: Double
    /// Microseconds of the service's CPU for one operation.
    var serverCPU: Double?
    /// Share of one core used by the generator.
    var load: Double?
    /// Unit, where it is not the measurement's.
    var unit: String?
}

struct Measurement: Sendable {
    var name: String
    var unit: String
    var run: @Sendable (ServiceProcess) -> [(suffix: String, sample: Sample)]
}

/// Runs something and says how many seconds it took, what CPU the service used for each of `count`
/// operations, and the generator's share.
func measure(_ service: ServiceProcess, count: () -> Int, _ body: () -> Void) -> (
    seconds: Double, cpu: Double, load: Double
) {
    let start = (now(), service.cpu, ownCPU())
    body()
    let end = (now(), service.cpu, ownCPU())
    let wall = Double(end.0 - start.0)
    return (
        wall / 1e9, Double(end.1 - start.1) / 1e3 / Double(max(count(), 1)), Double(end.2 - start.2) / wall
    )
}

let prefix = "run:cn5l1v8vqgq2r0b2c3d0:plan:benchmarks:case:sync"
let signal = LoadGenerator.frame(#"{"id":"17","signal_entry":{"state":"\#(prefix):states:s"}}"#)

func barrier(_ target: Int, state: String = "s") -> [UInt8] {
    LoadGenerator.frame(#"{"id":"18","barrier":{"state":"\#(prefix):states:\#(state)","target":\#(target)}}"#)
}

/// Receives until so many messages have come.
func receiveAll(_ count: Int, _ load: LoadGenerator) {
    var received = 0
    while received < count { load.receive { received += $1 } }
}

func signals(_ connections: Int) -> Measurement {
    Measurement(name: "signal, \(connections) connections", unit: "k/s") { service in
        let load = LoadGenerator()
        load.connect(connections, port: service.port)
        var done = 0
        let result = measure(service, count: { done }) {
            let end = now() + 2_000_000_000
            for client in 0..<connections { load.send(signal, on: client) }
            while now() < end {
                load.receive { client, messages in
                    done += messages
                    load.send(signal, on: client)
                }
            }
        }
        return [
            ("", Sample(value: Double(done) / result.seconds / 1e3, serverCPU: result.cpu, load: result.load))
        ]
    }
}

func release(_ clients: Int) -> Measurement {
    Measurement(name: "release of \(clients) waiting", unit: "ms") { service in
        let load = LoadGenerator()
        load.connect(clients + 1, port: service.port)
        for client in 0..<clients { load.send(barrier(1), on: client) }
        // The answer to a later signal says that all barriers before are in place on that connection only;
        // so ask on each.
        for client in 0..<clients {
            load.send(LoadGenerator.frame(#"{"id":"1","signal_entry":{"state":"other"}}"#), on: client)
        }
        receiveAll(clients, load)
        let result = measure(service, count: { clients }) {
            load.send(signal, on: clients)
            receiveAll(clients + 1, load)
        }
        return [("", Sample(value: result.seconds * 1e3, serverCPU: result.cpu, load: result.load))]
    }
}

func signalAndWait(_ clients: Int) -> Measurement {
    Measurement(name: "\(clients) signal and wait at once", unit: "ms") { service in
        let load = LoadGenerator()
        load.connect(clients, port: service.port)
        let both = signal + barrier(clients)
        let result = measure(service, count: { 2 * clients }) {
            for client in 0..<clients { load.send(both, on: client) }
            receiveAll(2 * clients, load)
        }
        return [("", Sample(value: result.seconds * 1e3, serverCPU: result.cpu, load: result.load))]
    }
}

func publishing(_ payload: String) -> [UInt8] {
    LoadGenerator.frame(#"{"id":"19","publish":{"topic":"\#(prefix):topics:t","payload":\#(payload)}}"#)
}

let subscribing = LoadGenerator.frame(#"{"id":"20","subscribe":{"topic":"\#(prefix):topics:t"}}"#)
let payload64 = "\"" + String(repeating: "x", count: 62) + "\""

let latency = Measurement(name: "publish to subscribe", unit: "ms") { service in
    let load = LoadGenerator()
    load.connect(2, port: service.port)
    load.send(subscribing, on: 0)
    let frame = publishing(payload64)
    var times: [Double] = []
    for round in 0..<11_000 {
        let start = now()
        load.send(frame, on: 1)
        var delivered = 0
        var received = 0
        while received < 2 {
            load.receive { client, messages in
                received += messages
                if client == 0 { delivered = now() }
            }
        }
        if round >= 1000 { times.append(Double(delivered - start) / 1e6) }
    }
    times.sort()
    return [
        (", p50", Sample(value: times[times.count / 2])),
        (", p99", Sample(value: times[times.count * 99 / 100])),
    ]
}

func fanOut(_ clients: Int) -> Measurement {
    Measurement(name: "fan-out \(clients) × \(clients), 64 bytes", unit: "k/s") { service in
        let load = LoadGenerator()
        load.connect(clients, port: service.port)
        let frame = publishing(payload64)
        let both = subscribing + frame
        let total = clients * clients
        let before = service.memory
        let result = measure(service, count: { total }) {
            for client in 0..<clients { load.send(both, on: client) }
            receiveAll(total + clients, load)
        }
        let grown = Double(service.memory - before) / 1e6
        return [
            (
                "",
                Sample(value: Double(total) / result.seconds / 1e3, serverCPU: result.cpu, load: result.load)
            ),
            (", memory grown", Sample(value: grown, unit: "MB")),
        ]
    }
}

func memory(_ clients: Int) -> Measurement {
    Measurement(name: "memory of \(clients) connections", unit: "KiB each") { service in
        let load = LoadGenerator()
        load.connect(100, port: service.port)
        let empty = service.memory
        load.connect(clients, port: service.port)
        let idle = Double(service.memory - empty) / 1024 / Double(clients)
        for client in 0..<load.count { load.send(barrier(1_000_000), on: client) }
        for client in 0..<load.count { load.send(signal, on: client) }
        receiveAll(load.count, load)
        let waiting = Double(service.memory - empty) / 1024 / Double(clients)
        return [(", idle", Sample(value: idle)), (", in a barrier", Sample(value: waiting))]
    }
}

func quiet(_ clients: Int) -> Measurement {
    Measurement(name: "\(clients) connections and 2000 topics, quiet", unit: "% of a core") { service in
        let load = LoadGenerator()
        load.connect(clients, port: service.port)
        for topic in 0..<2000 {
            load.send(
                LoadGenerator.frame(
                    #"{"id":"1","publish":{"topic":"\#(prefix):topics:\#(topic)","payload":1}}"#), on: 0)
        }
        receiveAll(2000, load)
        let result = measure(service, count: { 1 }) { sleep(10) }
        return [("", Sample(value: result.cpu / 1e6 / result.seconds * 100))]
    }
}

func text(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value)
}

@main
struct SyncBenchmark {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        var rounds = 5
        var only = ""
        while let flag = arguments.first, flag.hasPrefix("--"), arguments.count > 2 {
            if flag == "--rounds" { rounds = Int(arguments[1]) ?? rounds }
            if flag == "--only" { only = arguments[1] }
            arguments.removeFirst(2)
        }
        guard !arguments.isEmpty else {
            fail("usage: SyncBenchmark [--rounds N] [--only WORD] PROGRAM ARGUMENTS…")
        }
        raiseFileLimit()

        let measurements = [
            signals(1), signals(100), signals(1000), release(1000), release(5000), signalAndWait(5000),
            latency,
            fanOut(1000), fanOut(3000), memory(5000), quiet(10_000),
        ].filter { only.isEmpty || $0.name.contains(only) }

        print("| | median | spread | unit | server µs | load |\n|---|---|---|---|---|---|")
        var port: UInt16 = 20_500
        for measurement in measurements {
            var rows: [(suffix: String, samples: [Sample])] = []
            for round in 0..<rounds {
                port += 1
                let service = try ServiceProcess(arguments, port: port)
                for (index, row) in measurement.run(service).enumerated() {
                    if round == 0 { rows.append((row.suffix, [])) }
                    rows[index].samples.append(row.sample)
                }
                service.stop()
            }
            for row in rows {
                let values = row.samples.map(\.value)
                let cpu = row.samples.compactMap(\.serverCPU)
                let load = row.samples.compactMap(\.load)
                print(
                    "| \(measurement.name)\(row.suffix) | \(text(Rounds(values).median))",
                    "| \(text(values.min() ?? .nan))–\(text(values.max() ?? .nan)) | \(row.samples.first?.unit ?? measurement.unit)",
                    "| \(cpu.isEmpty ? "" : text(Rounds(cpu).median))",
                    "| \(load.isEmpty ? "" : "\(Int(Rounds(load).median * 100)) %") |")
                fflush(nil)
            }
        }
    }

    private static func raiseFileLimit() {
        var limit = rlimit()
        getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
    }
}
