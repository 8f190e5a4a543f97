// Reports of a run that went well, of one that did not, and of names made to break them.

import Execution
import Foundation
import InstanceContract
import RunResults
import Testing

@testable import RunReport

@Suite("Reports of a run")
struct ReportTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
            .path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// A summary as a run writes it.
    private func summary(
        outcome: String = "success", error: String? = nil, instances: [[String: Any]],
        fidelity: String = "null"
    ) throws -> RunSummary {
        let groups = Dictionary(grouping: instances) { $0["group"] as? String ?? "" }
        let object: [String: Any] = [
            "version": 1, "run": "run1", "composition_run": "default", "plan": "a&b", "case": "ping",
            "outcome": outcome, "started_at": "2026-01-02T03:04:05.678Z", "duration_seconds": 2.5,
            "runner": "local:exec", "seed": "7",
            "program": ["version": "1.2.3", "operating_system": "Linux", "processors": 2],
            "revision": ["repo": "", "commit": "c0ffee", "branch": "", "tag": ""],
            "groups": groups.map { id, members in
                [
                    "id": id, "instances": members.count, "ok": 0, "parameters": [String: String](),
                    "builder": "", "artifact": "", "dependencies": [String: String](),
                ] as [String: Any]
            }, "phases": [[String: Any]](), "warnings": ["mind the | gap"], "instances": instances,
            "composition": "",
        ]
        var data = try JSONSerialization.data(withJSONObject: object)
        var text = String(decoding: data, as: UTF8.self).dropLast() + ",\"fidelity\":\(fidelity)"
        if let error { text += ",\"error\":\"\(error)\"" }
        data = Data((text + "}").utf8)
        return try JSONDecoder().decode(RunSummary.self, from: data)
    }

    private func instance(
        _ group: String, _ index: Int, _ outcome: String = "success", reason: String? = nil
    ) -> [String: Any] {
        var record: [String: Any] = [
            "group": group, "index": index, "outcome": outcome, "started_at": 0.5, "ended_at": 2.0,
            "open_stages": outcome == "success" ? [] : ["dial <all>"],
        ]
        if let reason { record["reason"] = reason }
        return record
    }

    private static let untrusted = #"""
        {"trusted":false,"reasons":["packets were late"],"sent_packets":10,"delivered_packets":9,"delivered_bytes":900,
        "dropped_packets":{"lost":1},"lateness":{"packets":9,"median_seconds":0.001,"p99_seconds":0.1,"max_seconds":0.2,
        "limit_seconds":0.001},"processors":{"observed_seconds":1,"saturated_share":0,"stolen_share":0,
        "switch_running_seconds":0,"switch_waiting_seconds":0}}
        """#

    /// Every outcome, with names and reasons that would be markup.
    private func troubled() throws -> Report {
        let names = ["failure", "crash", "incomplete", "timeout", "canceled", "never_started"]
        let failed = names.enumerated().map { index, outcome in
            instance("<g>", index, outcome, reason: "\"\(outcome)\" & \u{1}\nso on ]]>")
        }
        return Report(
            summary: try summary(
                outcome: "failure", instances: [instance("ok", 0)] + failed, fidelity: Self.untrusted),
            metrics: [MetricRow(name: "rtt|ms", group: "ok", values: [1, 2, 3])],
            evidence: [InstanceReference(group: "<g>", index: 1): ["panic: \u{0}<nil>"]])
    }

    private func validate(_ text: String) throws -> (status: Int32, errors: String) {
        let file = "\(folder)/report.xml"
        try Data(text.utf8).write(to: URL(filePath: file))
        let schema = try #require(Bundle.module.url(forResource: "junit", withExtension: "xsd"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/xmllint")
        process.arguments = ["--noout", "--schema", schema.path(percentEncoded: false), file]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let data = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private static let hasValidator = FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint")

    @Test(
        "JUnit's XML keeps to its schema, whatever names and reasons hold",
        .enabled(if: hasValidator, "needs xmllint (apt-get install libxml2-utils): no report was validated"))
    func schema() throws {
        let good = Report(summary: try summary(instances: [instance("ok", 0), instance("ok", 1)]))
        let nothing = Report(
            summary: try summary(outcome: "failure", error: "it does not build", instances: []))
        for report in [good, try troubled(), nothing] {
            let result = try validate(JUnitReport.text(report))
            #expect(result.status == 0, "\(result.errors)")
        }
        // The schema can say no.
        #expect(try validate(JUnitReport.text(good).replacing("time=", with: "tyme=")).status != 0)
    }

    @Test("an instance is a test: what a plan said is a failure, what befell it an error")
    func junit() throws {
        let text = JUnitReport.text(try troubled())
        #expect(
            text.contains(
                #"tests="7" failures="2" errors="4" skipped="0" time="2.500000" timestamp="2026-01-02T03:04:05""#
            ))
        #expect(text.contains(#"<testcase name="ok[0]" classname="a&amp;b/ping/ok" time="1.500000"/>"#))
        #expect(
            text.contains(
                #"<failure message="&quot;failure&quot; &amp; "#
                    + "\u{FFFD}&#10;so on ]]&gt;\" type=\"failure\">"))
        #expect(
            text.contains(
                "type=\"crash\">in stage: dial &lt;all&gt;&#10;stderr: panic: \u{FFFD}&lt;nil&gt;</error>"))
        #expect(text.contains(#"<property name="network.untrusted" value="packets were late"/>"#))
    }

    @Test("a run that failed although its instances succeeded has a test of its own")
    func untrustedRun() throws {
        let report = Report(
            summary: try summary(
                outcome: "failure", error: "not to be trusted", instances: [instance("ok", 0)]))
        let text = JUnitReport.text(report)
        #expect(
            text.contains(#"errors="1""#) && text.contains(#"<error message="not to be trusted" type="run">"#)
        )
    }

    @Test("Markdown escapes what would be markup, and keeps a row on one line")
    func markdown() throws {
        let text = MarkdownReport.text(try troubled())
        #expect(text.hasPrefix("## ❌ a&amp;b/ping\n"))
        #expect(text.contains("1 of 7 instances ok · 2.5 s · run `run1` · seed `7`"))
        #expect(text.contains("> ⚠️ mind the \\| gap"))
        #expect(text.contains("Network: **untrusted**, 10 packets, late by 1 ms (p50), 100 ms (p99)"))
        #expect(text.contains("| &lt;g>\\[1\\] | crash | \"crash\" &amp; \u{1} so on \\]\\]> |"))
        #expect(text.contains("| rtt\\|ms | ok | 3 | 1 | 2 | 3 | 3 |"))
    }

    @Test(
        "metrics are the points of all instances by group, percentiles nearest ranks; other lines are left out"
    )
    func metrics() throws {
        func write(_ lines: [String], _ instance: String) throws {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(instance)", withIntermediateDirectories: true)
            try Data(lines.joined(separator: "\n").utf8).write(
                to: URL(filePath: "\(folder)/\(instance)/results.out"))
        }
        func point(_ value: Int) -> String {
            "{\"ts\":1,\"type\":\"point\",\"name\":\"rtt\",\"measures\":{\"value\":\(value)}}"
        }
        try write((1...60).map(point) + [""], "a/0")
        try write(
            (61...100).map(point) + [
                "no json", "{\"ts\":1,\"type\":\"counter\",\"name\":\"rtt\",\"measures\":{\"count\":5}}",
                String(repeating: "x", count: 100_000), "", point(999),
            ], "a/1")
        try write([point(7), ""], "b/0")
        let instances = [("a", 0), ("a", 1), ("b", 0), ("b", 1)].map {
            InstanceReference(group: $0.0, index: $0.1)
        }
        let rows = MetricRow.all(of: instances, in: folder)
        #expect(rows.map(\.group) == ["a", "b"])
        #expect(rows[0] == MetricRow(name: "rtt", group: "a", values: (1...100).map(Double.init)))
        #expect((rows[0].median, rows[0].percentile95, rows[0].maximum) == (50, 95, 100))
        #expect(rows[1].count == 1 && rows[1].median == 7 && rows[1].percentile95 == 7)
    }
}
