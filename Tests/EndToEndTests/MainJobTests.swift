// The main job: from a plan and a composition to the verdict.

import Foundation
import Testing

@Suite("The main job", .timeLimit(.minutes(5)))
struct MainJobTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test("a run whose instances all succeed exits 0 and leaves outputs, summary and journal")
    func success() async throws {
        try bench.plan(
            "ok", script: "message \"hello from $TEST_INSTANCE_COUNT\"\necho plain\necho oops >&2\nsuccess\n")
        let result = try await bench.call("run", "single", "-p", "ok", "-t", "main", "-i", "3")
        #expect(result.status == 0, "\(result.text)")
        #expect(
            try bench.outcomes(of: "ok") == [
                "single/0": "success", "single/1": "success", "single/2": "success",
            ])
        let run = try #require(bench.runs(of: "ok").first)
        let errors = try String(contentsOfFile: "\(run)/single/2/run.err", encoding: .utf8)
        #expect(errors == "oops\n")
        #expect(FileManager.default.fileExists(atPath: "\(run)/journal.jsonl"))
        #expect(result.text.contains("hello from 3"))
        #expect(result.text.contains(URL(filePath: run).lastPathComponent))
    }

    @Test("one failing instance among many fails the run and is named with its reason")
    func failureIsNamed() async throws {
        try bench.plan(
            "one-fails", parameters: "",
            script: """
                case "$TEST_OUTPUTS_PATH" in */2) failure "disk on fire"; exit 1;; esac
                success
                """)
        let result = try await bench.call("run", "single", "-p", "one-fails", "-t", "main", "-i", "4")
        #expect(result.status == 1)
        #expect(result.text.contains("single[2]") || result.text.contains("single[002]"), "\(result.text)")
        #expect(result.text.contains("disk on fire"))
        let outcomes = try bench.outcomes(of: "one-fails")
        #expect(outcomes["single/2"] == "failure")
        #expect(outcomes.values.filter { $0 == "success" }.count == 3)
    }

    @Test("a run is reported as text, JSON, JUnit and Markdown, by its id, its directory, or as the newest")
    func report() async throws {
        let point = #"{\"ts\":1,\"type\":\"point\",\"name\":\"rtt\",\"measures\":{\"value\":$n}}"#
        try bench.plan(
            "reported",
            script: """
                for n in 1 2 3 4; do echo "\(point)" >> "$TEST_OUTPUTS_PATH/results.out"; done
                echo "last words" >&2
                case "$TEST_OUTPUTS_PATH" in */1) failure "no peers"; exit 1;; esac
                success
                """)
        #expect(try await bench.call("run", "single", "-p", "reported", "-t", "main", "-i", "2").status == 1)
        let directory = try #require(bench.runs(of: "reported").last)
        let id = URL(filePath: directory).lastPathComponent
        let text = try await bench.call("report")
        #expect(text.status == 0, "\(text.text)")
        #expect(text.output.contains("1 of 2 instances ok") && text.output.contains("stderr | last words"))
        let row = try #require(text.output.split(separator: "\n").first { $0.hasPrefix("rtt") })
        #expect(row.split(separator: " ") == ["rtt", "single", "8", "1", "2", "4", "4"])
        let junit = try await bench.call("report", id, "--format", "junit", "-o", "\(bench.home)/report.xml")
        #expect(junit.status == 0 && junit.output.isEmpty, "\(junit.text)")
        let xml = try String(contentsOfFile: "\(bench.home)/report.xml", encoding: .utf8)
        #expect(xml.contains(#"tests="2" failures="1" errors="0""#) && xml.contains("no peers"))
        let markdown = try await bench.call("report", directory, "--format", "markdown")
        #expect(markdown.output.contains("| single | 1 | 2 |"), "\(markdown.text)")
        let json = try await bench.call("report", id, "--json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((object?["metrics"] as? [[String: Any]])?.first?["p95"] as? Double == 4)
        let unknown = try await bench.call("report", "nowhere")
        #expect(unknown.status == 1 && unknown.text.contains("there is no run nowhere"))
    }

    @Test(
        "the verdict cross-checks events with exits",
        arguments: [
            ("success\nexit 3", "failure"), ("exit 0", "incomplete"), ("failure no\nexit 0", "failure"),
            ("kill -SEGV $$", "crash"), ("success\nkill -KILL $$", "crash"), ("success", "success"),
        ])
    func verdict(script: String, outcome: String) async throws {
        try bench.plan("verdict", script: script + "\n")
        let result = try await bench.call("run", "single", "-p", "verdict", "-t", "main", "-i", "1")
        #expect(result.status == (outcome == "success" ? 0 : 1), "\(result.text)")
        #expect(try bench.outcomes(of: "verdict") == ["single/0": outcome])
    }

    @Test("an instance finds the contract's environment")
    func environment() async throws {
        try bench.plan(
            "env",
            parameters: "[testcases.params]\nsize = { type = \"int\", default = 7 }\n",
            script: "env | sort > \"$TEST_OUTPUTS_PATH/env.txt\"\ntouch \"$TEST_TEMP_PATH/x\" && success\n")
        let result = try await bench.call(
            "run", "single", "-p", "env", "-t", "main", "-i", "2", "--tp", "name=a|b=c")
        #expect(result.status == 0, "\(result.text)")
        let run = try #require(bench.runs(of: "env").first)
        let text = try String(contentsOfFile: "\(run)/single/1/env.txt", encoding: .utf8)
        let variables = Dictionary(
            text.split(separator: "\n").compactMap { line -> (String, String)? in
                guard let index = line.firstIndex(of: "=") else { return nil }
                return (String(line[..<index]), String(line[line.index(after: index)...]))
            }, uniquingKeysWith: { $1 })
        #expect(variables["TEST_PLAN"] == "env")
        #expect(variables["TEST_CASE"] == "main")
        #expect(variables["TEST_RUN"] == URL(filePath: run).lastPathComponent)
        #expect(variables["TEST_INSTANCE_COUNT"] == "2")
        #expect(variables["TEST_GROUP_ID"] == "single")
        #expect(variables["TEST_GROUP_INSTANCE_COUNT"] == "2")
        #expect(variables["TEST_OUTPUTS_PATH"] == "\(run)/single/1")
        #expect(variables["TEST_DISABLE_METRICS"] == "false")
        #expect(variables["SYNC_SERVICE_PORT"].flatMap(Int.init) != nil)
        let json = try #require(variables["TEST_INSTANCE_PARAMS_JSON"])
        let parameters = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        #expect(parameters == ["size": "7", "name": "a|b=c"])
    }

    @Test("a composition with several runs and groups runs each, and the result file has a row for each")
    func severalRuns() async throws {
        try bench.plan("multi", cases: ["main"], script: "[ \"$TEST_GROUP_ID\" = bad ] && exit 9\nsuccess\n")
        let file = "\(bench.home)/composition.toml"
        try bench.write(
            """
            [metadata]
            name = "several"
            [global]
            plan = "multi"
            case = "main"
            builder = "exec:generic"
            runner = "local:exec"
            [[groups]]
            id = "good"
            {{ with .Env.COUNT }}[groups.instances]
            count = {{ . }}{{ end }}
            [[groups]]
            id = "bad"
            instances = { count = 1 }
            [[runs]]
            id = "first"
            [[runs.groups]]
            id = "good"
            [[runs]]
            id = "second"
            [[runs.groups]]
            id = "good"
            [[runs.groups]]
            id = "bad"
            """, to: file)
        let csv = "\(bench.home)/results.csv"
        let result = try await bench.call(
            "run", "composition", "-f", file, "--result-file", csv, environment: ["COUNT": "2"])
        #expect(result.status == 1, "\(result.text)")
        let rows = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(rows.map(\.first) == ["run_id", "first", "second"])
        #expect(rows.map { $0.count > 2 ? $0[2] : "" } == ["outcome", "success", "failure"])

        let only = try await bench.call(
            "run", "composition", "-f", file, "--run-ids", "first", environment: ["COUNT": "2"])
        #expect(only.status == 0, "\(only.text)")
    }

    @Test("--collect packs the outputs; a collection that cannot be written exits 3")
    func collect() async throws {
        try bench.plan("packed", script: "echo data > \"$TEST_OUTPUTS_PATH/file\"\nsuccess\n")
        let archive = "\(bench.home)/out.tgz"
        let result = try await bench.call(
            "run", "single", "-p", "packed", "-t", "main", "-i", "2", "--collect", "-o", archive)
        #expect(result.status == 0, "\(result.text)")
        #expect(FileManager.default.fileExists(atPath: archive))

        let run = try #require(bench.runs(of: "packed").first.map { URL(filePath: $0).lastPathComponent })
        let again = try await bench.call("collect", run, "-r", "local:exec", "-o", "\(bench.home)/again.tgz")
        #expect(again.status == 0, "\(again.text)")
        let failed = try await bench.call("collect", run, "-r", "local:exec", "-o", "/proc/none/out.tgz")
        #expect(failed.status == 3, "\(failed.text)")
    }

    @Test("tasks, status and logs tell of finished runs")
    func history() async throws {
        try bench.plan("told", script: "message remember-me\nsuccess\n")
        #expect(try await bench.call("run", "single", "-p", "told", "-t", "main", "-i", "1").status == 0)
        let run = try #require(bench.runs(of: "told").first.map { URL(filePath: $0).lastPathComponent })
        let tasks = try await bench.call("tasks")
        #expect(tasks.status == 0 && tasks.output.contains(run), "\(tasks.text)")
        let status = try await bench.call("status", "-t", run)
        #expect(status.status == 0 && status.output.contains("passed"), "\(status.text)")
        let logs = try await bench.call("logs", "-t", run)
        #expect(logs.status == 0 && logs.output.contains("remember-me"), "\(logs.text)")
        let unknown = try await bench.call("status", "-t", "nosuchtask")
        #expect(unknown.status != 0 && unknown.errors.contains("nosuchtask"))
    }

    @Test("two runs of the same plan at once both succeed, each in its own outputs")
    func twoAtOnce() async throws {
        try bench.plan("twins", script: "sleep 1\nsuccess\n")
        let arguments = ["run", "single", "-p", "twins", "-t", "main", "-i", "5"]
        let first = try bench.start(arguments)
        let second = try bench.start(arguments)
        let results = await [first.finish(), second.finish()]
        #expect(results.map(\.status) == [0, 0], "\(results.map(\.text))")
        #expect(bench.runs(of: "twins").count == 2)
    }

    @Test("--json prints one JSON object a line and nothing else on standard output")
    func json() async throws {
        try bench.plan("machine", script: "message hi\nsuccess\n")
        let result = try await bench.call("run", "single", "-p", "machine", "-t", "main", "-i", "2", "--json")
        #expect(result.status == 0, "\(result.text)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count > 4)
        for line in lines {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }
}
