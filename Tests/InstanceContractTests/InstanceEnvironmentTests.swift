// The instance's environment variables, written and read back.

import InstanceContract
import Testing

@Suite("The environment of an instance")
struct InstanceEnvironmentTests {
    /// Every field differs from its default, so that none can be forgotten by a codec.
    static let full = InstanceEnvironment(
        plan: "plans-ping", testCase: "ping", run: "c3s", repo: "r", commit: "0f", branch: "b", tag: "t",
        instanceCount: 12, instanceRole: "seed", parameters: ["b": "2", "a": "x=1|y", "u": "ü\n\""],
        groupID: "miners", groupInstanceCount: 5, outputsPath: "/outputs", tempPath: "/temp",
        sidecar: true, subnet: "16.3.0.0/16", startTimeUnixSeconds: 1_588_769_459,
        captureProfiles: ["cpu": "true", "heap": "5s"], disableMetrics: true, syncServiceHost: "127.0.0.1",
        syncServicePort: 5051, influxDBURL: "http://testground-influxdb:8086", redisHost: "none",
        logLevel: "debug", exposedPorts: ["PPROF": 6060], startTimeUnixNanoseconds: 1_588_769_459_341_224_000)

    @Test("the variables are those of the contract")
    func variables() {
        #expect(
            Self.full.variables == [
                "TEST_PLAN": "plans-ping", "TEST_CASE": "ping", "TEST_RUN": "c3s", "TEST_REPO": "r",
                "TEST_COMMIT": "0f", "TEST_BRANCH": "b", "TEST_TAG": "t", "TEST_INSTANCE_COUNT": "12",
                "TEST_INSTANCE_ROLE": "seed",
                // "a" holds a '|' and would be read as two pairs: it stands in the JSON form only.
                "TEST_INSTANCE_PARAMS": "b=2|u=ü\n\"",
                "TEST_INSTANCE_PARAMS_JSON": #"{"a":"x=1|y","b":"2","u":"ü\n\""}"#,
                "TEST_GROUP_ID": "miners", "TEST_GROUP_INSTANCE_COUNT": "5", "TEST_OUTPUTS_PATH": "/outputs",
                "TEST_TEMP_PATH": "/temp", "TEST_SIDECAR": "true", "TEST_SUBNET": "16.3.0.0/16",
                "TEST_START_TIME": "2020-05-06T12:50:59Z", "TEST_CAPTURE_PROFILES": "cpu=true|heap=5s",
                "TEST_DISABLE_METRICS": "true", "SYNC_SERVICE_HOST": "127.0.0.1",
                "SYNC_SERVICE_PORT": "5051", "INFLUXDB_URL": "http://testground-influxdb:8086",
                "REDIS_HOST": "none", "LOG_LEVEL": "debug", "PPROF_PORT": "6060",
                "TEST_START_TIME_NS": "1588769459341224000",
            ])
    }

    @Test("an instance reads back exactly what the runner wrote")
    func roundTrip() throws {
        #expect(try InstanceEnvironment(variables: Self.full.variables) == Self.full)
    }

    @Test("without the JSON form, parameters come from the packed one, split at the first '='")
    func packedParameters() throws {
        var variables = Self.full.variables
        variables["TEST_INSTANCE_PARAMS_JSON"] = nil
        variables["TEST_INSTANCE_PARAMS"] = "a=1|b=x=y||nonsense|c="
        #expect(try InstanceEnvironment(variables: variables).parameters == ["a": "1", "b": "x=y", "c": ""])
    }

    @Test("three variables are enough to start an instance by hand")
    func byHand() throws {
        let variables = ["TEST_PLAN": "p", "TEST_CASE": "c", "TEST_RUN": "r"]
        let environment = try InstanceEnvironment(variables: variables)
        #expect(
            environment
                == InstanceEnvironment(
                    plan: "p", testCase: "c", run: "r", instanceCount: 1, groupID: "single",
                    groupInstanceCount: 1, outputsPath: ".", tempPath: "/tmp", startTimeUnixSeconds: 0))
    }

    @Test("a missing identity says that no runner started the process", arguments: ["TEST_PLAN", "TEST_RUN"])
    func missing(name: String) {
        var variables = Self.full.variables
        variables[name] = nil
        let error = #expect(throws: InstanceEnvironmentError.self) {
            try InstanceEnvironment(variables: variables)
        }
        #expect(error?.code == .missingVariable)
        #expect(error?.variable == name)
    }

    @Test(
        "an unreadable value is named with what was expected",
        arguments: [
            ("TEST_INSTANCE_COUNT", "many", "a whole number, 0 or more"),
            ("TEST_INSTANCE_COUNT", "-1", "a whole number, 0 or more"),
            ("TEST_SIDECAR", "maybe", "true or false"),
            ("SYNC_SERVICE_PORT", "0", "a port number, 1 to 65535"),
            ("SYNC_SERVICE_PORT", "65536", "a port number, 1 to 65535"),
            ("TEST_START_TIME", "noon", "a time as 2006-01-02T15:04:05Z (RFC 3339)"),
            ("TEST_INSTANCE_PARAMS_JSON", "[1]", "a JSON object of strings"),
            ("TEST_INSTANCE_PARAMS_JSON", #"{"a":1}"#, "a JSON object of strings"),
        ])
    func invalid(name: String, value: String, expected: String) {
        var variables = Self.full.variables
        variables[name] = value
        let error = #expect(throws: InstanceEnvironmentError.self) {
            try InstanceEnvironment(variables: variables)
        }
        #expect(error?.code == .invalidValue)
        #expect(error?.description == "\(name) is \"\(value)\", expected \(expected)")
    }

    @Test("runenv has the contract's keys in its order, and the revision where it is known")
    func runenv() {
        var environment = Self.full
        let known = #"""
            {"plan":"plans-ping","case":"ping","run":"c3s","params":{"a":"x=1|y","b":"2","u":"ü\n\""},\#
            "instances":12,"outputs_path":"/outputs","temp_path":"/temp","network":"16.3.0.0/16","group":"miners",\#
            "group_instances":5
            """#
        #expect(environment.runenv == known + #","repo":"r","commit":"0f","branch":"b","tag":"t"}"#)
        (environment.repo, environment.commit, environment.branch, environment.tag) = ("", "", "", "")
        #expect(environment.runenv == known + "}")
    }

    @Test(
        "times of RFC 3339 are read to the second",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1),
            ("2024-02-29T12:00:00.123Z", 1_709_208_000),
            ("2000-03-01T01:30:00+01:30", 951_868_800), ("2000-02-29t20:00:00-04:00", 951_868_800),
        ] as [(String, Int64)])
    func times(text: String, seconds: Int64) {
        #expect(CalendarTime.unixSeconds(rfc3339: text) == seconds)
        #expect(CalendarTime.unixSeconds(rfc3339: CalendarTime.rfc3339(unixSeconds: seconds)) == seconds)
    }

    @Test(
        "what is no time is refused",
        arguments: [
            "2024-02-29", "2024-13-01T00:00:00Z", "2024-02-29T12:00:00", "2024-02-29T12:00:00+1", "x",
        ])
    func noTimes(text: String) {
        #expect(CalendarTime.unixSeconds(rfc3339: text) == nil)
    }
}
