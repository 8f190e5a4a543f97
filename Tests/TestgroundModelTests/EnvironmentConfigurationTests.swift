// .env.toml, and the home it lies in.

import Testing

@testable import TestgroundModel

@Suite("a machine's configuration and home")
struct EnvironmentConfigurationTests {
    @Test("every field of the contract is read")
    func fields() throws {
        let text = """
            ["aws"]
            region = "eu"
            [dockerhub]
            repo = "r"
            [daemon]
            listen = ":8042"
            tokens = ["a", "b"]
            root_url = "https://x"
            slack_webhook_url = "s"
            github_repo_status_token = "g"
            influxdb_endpoint = "http://i:8086"
            [daemon.scheduler]
            workers = 2
            queue_size = 100
            task_repo_type = "disk"
            task_timeout_min = 20
            [client]
            endpoint = "http://localhost:8042"
            token = "t"
            user = "u"
            [builders."exec:go"]
            go_proxy_mode = "direct"
            [runners."local:docker"]
            disabled = true
            """
        let parsed = try EnvironmentConfiguration.parse(text, file: ".env.toml")
        #expect(parsed.warnings == [])
        let value = parsed.value
        #expect(value.aws == ["region": .string("eu")])
        #expect(value.dockerHub == ["repo": .string("r")])
        #expect(value.daemon.listen == ":8042")
        #expect(value.daemon.tokens == ["a", "b"])
        #expect(value.daemon.rootURL == "https://x")
        #expect(value.daemon.slackWebhookURL == "s")
        #expect(value.daemon.githubRepoStatusToken == "g")
        #expect(value.daemon.influxDBEndpoint == "http://i:8086")
        #expect(value.daemon.scheduler.workers == 2)
        #expect(value.daemon.scheduler.queueSize == 100)
        #expect(value.daemon.scheduler.taskRepoType == "disk")
        #expect(value.daemon.scheduler.taskTimeoutMinutes == 20)
        #expect(value.client.endpoint == "http://localhost:8042")
        #expect(value.client.token == "t")
        #expect(value.client.user == "u")
        #expect(value.builders == ["exec:go": ["go_proxy_mode": .string("direct")]])
        #expect(value.runners == ["local:docker": ["disabled": .boolean(true)]])
    }

    @Test("an empty file configures nothing, a mistyped key warns")
    func edges() throws {
        #expect(try EnvironmentConfiguration.parse("", file: "e").value == EnvironmentConfiguration())
        let parsed = try EnvironmentConfiguration.parse("[client]\nendpont = \"x\"", file: "e")
        #expect(
            parsed.warnings.map(\.description) == [
                #"e:2:1: warning: unknown key "client.endpont" (did you mean "endpoint"?)"#
            ])
        let error = #expect(throws: ModelError.self) {
            _ = try EnvironmentConfiguration.parse("[daemon]\ntokens = \"x\"", file: "e")
        }
        #expect(
            error?.description
                == #"e:2:1: error: "daemon.tokens" must be an array of strings, not the string "x""#)
    }

    @Test("the home is TESTGROUND_HOME, else ~/testground if it is there, else below XDG_CONFIG_HOME")
    func home() {
        func path(_ environment: [String: String], existing: String = "") -> String {
            TestgroundHome(environment: environment) { $0 == existing }.path
        }
        #expect(path(["HOME": "/h", "TESTGROUND_HOME": "/t"], existing: "/h/testground") == "/t")
        #expect(path(["HOME": "/h", "TESTGROUND_HOME": "~/t"]) == "/h/t")
        #expect(path(["HOME": "/h", "TESTGROUND_HOME": ""], existing: "/h/testground") == "/h/testground")
        #expect(path(["HOME": "/h", "XDG_CONFIG_HOME": "/x"]) == "/x/testground")
        #expect(path(["HOME": "/h", "XDG_CONFIG_HOME": "x"]) == "/h/.config/testground")
        #expect(path(["HOME": "/h"]) == "/h/.config/testground")
        #expect(path([:]) == "/.config/testground")
        let home = TestgroundHome(path: "/t")
        #expect(
            [home.plans, home.sdks, home.work, home.outputs, home.daemon, home.configurationFile] == [
                "/t/plans", "/t/sdks", "/t/data/work", "/t/data/outputs", "/t/data/daemon", "/t/.env.toml",
            ])
    }
}
