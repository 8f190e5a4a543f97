// Where measurements run: pairs of instances of the probe under testground, or in two namespaces joined by a veth
// pair, for the control.

import Foundation

struct LaboratoryError: Error, CustomStringConvertible {
    var description: String
}

/// One measurement under testground.
struct Setup: Sendable {
    var kind: String
    var seconds: Double
    var pairs = 1
    /// Further parameters of the probe.
    var parameters: [String: String] = [:]
    /// The test case `nothing` in place of the probe: a shell that says it has succeeded.
    var doesNothing = false
    /// `[network]` of the composition.
    var network = ""
}

/// What the probes reported, and what the program said of its network.
struct Outcome: Sendable {
    /// Values of a metric, one for each instance that reported it.
    var values: [String: [Double]] = [:]
    var isTrusted = false
    /// Seconds.
    var latenessMedian = 0.0
    var lateness99 = 0.0
    /// Seconds from the run's start until the last instance had its network.
    var networkInitialised = 0.0

    func sum(_ name: String) -> Double { (values[name] ?? []).reduce(0, +) }
    func first(_ name: String) -> Double { values[name]?.first ?? .nan }
}

struct Laboratory: Sendable {
    let program: String
    let probe: String
    let home: String

    init(program: String, probe: String) throws {
        self.program = program
        self.probe = probe
        home = "\(NSTemporaryDirectory())/testground-network-\(ProcessInfo.processInfo.processIdentifier)"
        let plan = "\(home)/plans/probe"
        try FileManager.default.createDirectory(atPath: plan, withIntermediateDirectories: true)
        let parameters = ["kind", "seconds", "rate", "congestion", "rules"]
            .map { "\($0) = { type = \"string\" }\n" }.joined()
        try Data(
            """
            name = "probe"
            [defaults]
            builder = "exec:generic"
            runner = "local:exec"
            [builders."exec:generic"]
            [runners."local:exec"]
            [[testcases]]
            name = "nothing"
            instances = { min = 2, max = 20000, default = 2 }
            [[testcases]]
            name = "probe"
            instances = { min = 2, max = 20000, default = 2 }
            [testcases.params]
            \(parameters)
            """.utf8
        ).write(to: URL(filePath: "\(plan)/manifest.toml"))
        try makeNothing()
    }

    /// What does nothing: the launching is all there is.
    var nothing: String { "\(home)/nothing.sh" }

    private func makeNothing() throws {
        let event =
            #"{\"ts\":1,\"msg\":\"\",\"group_id\":\"$TEST_GROUP_ID\",\"run_id\":\"$TEST_RUN\","#
            + #"\"event\":{\"success_event\":{\"group\":\"$TEST_GROUP_ID\"}}}"#
        try Data("#!/bin/sh\necho \"\(event)\"\n".utf8).write(to: URL(filePath: nothing))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: nothing)
    }

    func close() { try? FileManager.default.removeItem(atPath: home) }

    // MARK: Under testground

    func run(_ setup: Setup) throws -> Outcome {
        let parameters = setup.parameters.merging(["kind": setup.kind, "seconds": "\(setup.seconds)"]) { $1 }
        let lines = parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \"\($0.value)\"\n" }.joined()
        let groups = ["senders", "receivers"].map { id in
            """
            [[groups]]
            id = "\(id)"
            instances = { count = \(setup.pairs) }
            [groups.run]
            artifact = "\(setup.doesNothing ? nothing : probe)"
            \(setup.doesNothing ? "" : "[groups.run.test_params]\n\(lines)")
            """
        }
        let text = """
            [global]
            plan = "probe"
            case = "\(setup.doesNothing ? "nothing" : "probe")"
            builder = "exec:generic"
            runner = "local:exec"
            \(groups.joined(separator: "\n"))
            \(setup.network)
            """
        let file = "\(home)/composition.toml"
        try Data(text.utf8).write(to: URL(filePath: file))
        let answer = try call(
            program, ["run", "composition", "-f", file, "--json", "--timeout", "10m"],
            environment: ["TESTGROUND_HOME": home])
        return try outcome(answer)
    }

    private func outcome(_ answer: String) throws -> Outcome {
        let lines = answer.split(separator: "\n")
        let objects = lines.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        guard let result = objects.last(where: { $0["kind"] as? String == "result" }),
            let outputs = result["outputs"] as? String
        else { throw LaboratoryError(description: "testground said no result: \(answer.suffix(500))") }
        guard result["outcome"] as? String == "success" else {
            throw LaboratoryError(
                description: "a measurement failed, see \(outputs): \(answer.suffix(1_500))")
        }
        var outcome = Outcome()
        if let fidelity = result["fidelity"] as? [String: Any] {
            outcome.isTrusted = fidelity["trusted"] as? Bool ?? false
            let lateness = fidelity["lateness"] as? [String: Any]
            outcome.latenessMedian = lateness?["median_seconds"] as? Double ?? .nan
            outcome.lateness99 = lateness?["p99_seconds"] as? Double ?? .nan
        }
        let phases = objects.filter { $0["phase"] as? String == "network_initialised" }
        outcome.networkInitialised = phases.compactMap { $0["at"] as? Double }.max() ?? .nan
        for group in ["senders", "receivers"] {
            let folder = "\(outputs)/\(group)"
            for instance in try FileManager.default.contentsOfDirectory(atPath: folder) {
                collect("\(folder)/\(instance)/results.out", into: &outcome)
            }
        }
        try FileManager.default.removeItem(atPath: outputs)
        return outcome
    }

    private func collect(_ file: String, into outcome: inout Outcome) {
        guard let data = FileManager.default.contents(atPath: file) else { return }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let name = object["name"] as? String, let measures = object["measures"] as? [String: Any],
                let value = measures["value"] as? Double
            else { continue }
            outcome.values[name, default: []].append(value)
        }
    }

    // MARK: Over a veth pair

    /// The control: the same two ends in two namespaces, joined by what the kernel has.
    func control(_ kind: String, seconds: Double) throws -> [String: Double] {
        let names = (a: "tgbench-a", b: "tgbench-b")
        let script = """
            set -e
            cleanup() { ip netns del \(names.a) 2>/dev/null || true; ip netns del \(names.b) 2>/dev/null || true; }
            trap cleanup EXIT
            cleanup
            ip netns add \(names.a)
            ip netns add \(names.b)
            ip link add tgveth-a netns \(names.a) type veth peer name tgveth-b netns \(names.b)
            ip -n \(names.a) addr add 16.0.0.2/16 dev tgveth-a
            ip -n \(names.b) addr add 16.0.0.3/16 dev tgveth-b
            ip -n \(names.a) link set tgveth-a up
            ip -n \(names.b) link set tgveth-b up
            for n in \(names.a) \(names.b); do
                ip netns exec $n sysctl -q -w "net.ipv4.tcp_wmem=4096 65536 33554432"
                ip netns exec $n sysctl -q -w "net.ipv4.tcp_rmem=4096 131072 33554432"
            done
            mkfifo "$1/ready"
            ip netns exec \(names.b) "$2" serve \(kind) \(seconds) > "$1/ready" &
            { read -r line; ip netns exec \(names.a) "$2" send \(kind) \(seconds) 16.0.0.3; cat; } < "$1/ready"
            wait
            """
        let folder = "\(home)/control"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let answer = try call("/bin/bash", ["-c", script, "bash", folder, probe], environment: [:])
        var results: [String: Double] = [:]
        for line in answer.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { results[String(words[0])] = Double(words[1]) }
        }
        guard !results.isEmpty else {
            throw LaboratoryError(description: "the control said nothing: \(answer)")
        }
        return results
    }

    /// Runs a program to its end and answers what it wrote on standard output.
    private func call(_ path: String, _ arguments: [String], environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
