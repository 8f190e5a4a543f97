// The lines of results.out and diagnostics.out, and what InfluxDB gets of them.

import InstanceContract
import Testing

@Suite struct MetricLineTests {
    @Test("a line has the members of the contract in their order, whole numbers without a fraction")
    func json() {
        let line = MetricLine(
            timestamp: 1_588_769_459_341_224_000, type: .point, name: "time_to_find,tag=v",
            measures: [.init("value", 1.5)])
        let text =
            #"{"ts":1588769459341224000,"type":"point","name":"time_to_find,tag=v","measures":{"value":1.5}}"#
        #expect(line.json == text)
        let counter = MetricLine(
            timestamp: 1, type: .counter, name: "c", measures: [.init("count", 12)])
        #expect(counter.json == #"{"ts":1,"type":"counter","name":"c","measures":{"count":12}}"#)
    }

    @Test("a line of the Go SDK is read, whatever the order of its members")
    func parse() throws {
        let text = #"{"measures":{"m1":0.25,"count":3},"name":"m","type":"meter","ts":1588769459341224001}"#
        let line = try #require(MetricLine(line: text))
        #expect(line.timestamp == 1_588_769_459_341_224_001)
        #expect(line.type == .meter)
        #expect(line["count"] == 3)
        #expect(line["m1"] == 0.25)
        #expect(line["m5"] == nil)
    }

    @Test(
        "a text that is no metric is not read",
        arguments: [
            "", "{}", "hello", #"{"ts":1,"type":"unknown","name":"n","measures":{}}"#,
            #"{"ts":1,"type":"point","measures":{"value":1}}"#, #"{"ts":1,"type":"point","name":"n"}"#,
        ])
    func reject(_ text: String) { #expect(MetricLine(line: text) == nil) }

    @Test("JSON has no infinities: such a line says that it cannot be written")
    func unwritable() {
        for value in [Double.nan, .infinity, -.infinity] {
            let line = MetricLine(timestamp: 1, type: .gauge, name: "g", measures: [.init("value", value)])
            #expect(!line.isWritable)
        }
    }

    @Test("tags stand in the name, sorted, and are read back")
    func names() {
        let name = MetricName("latency", tags: ["zone": "b", "peer": "3"])
        #expect(name.description == "latency,peer=3,zone=b")
        #expect(MetricName(parsing: "latency,peer=3,zone=b") == name)
        #expect(MetricName("latency,peer=3", tags: ["zone": "b"]) == name)
    }

    @Test("what would break a name apart is replaced, and a part that is no tag is left out")
    func brokenNames() {
        #expect(MetricName("n", tags: ["a=b": "c,d\n"]).description == "n,a_b=c_d_")
        #expect(MetricName(parsing: "n,odd,a=b,c=d=e").description == "n,a=b")
    }

    @Test("a point for InfluxDB carries stream, plan, case, name and type in its measurement")
    func influx() {
        let line = MetricLine(
            timestamp: 7, type: .meter, name: "rx,peer=node 1",
            measures: [.init("count", 2), .init("m1", 0.5)])
        let point = InfluxLine(
            line, stream: .diagnostics, scope: RunScope(run: "r1", plan: "p", testCase: "c"), groupID: "g")
        #expect(
            point.text == #"diagnostics.p-c.rx.meter,group_id=g,peer=node\ 1,run=r1 count=2.0,m1=0.5 7"#)
    }

    @Test("special characters are escaped, empty tags left out, and a point needs a field")
    func influxEscapes() {
        let scope = RunScope(run: "", plan: "a,b", testCase: "c d")
        let line = MetricLine(timestamp: 7, type: .point, name: "n", measures: [.init("v=w", 1)])
        let point = InfluxLine(line, stream: .results, scope: scope, groupID: "g\nh")
        #expect(point.text == #"results.a\,b-c\ d.n.point,group_id=g\ h v\=w=1.0 7"#)
        let empty = MetricLine(timestamp: 7, type: .point, name: "n", measures: [])
        #expect(InfluxLine(empty, stream: .results, scope: scope, groupID: "g").text == nil)
    }

    @Test("lifecycle events go to the measurement events")
    func influxEvents() {
        let scope = RunScope(run: "r", plan: "p", testCase: "c")
        let point = InfluxLine(event: "success_event", timestamp: 9, scope: scope, groupID: "g")
        #expect(
            point.text == "events,case=c,event_type=success_event,group_id=g,plan=p,run=r count=1i 9")
    }
}
