// The home's .env.toml (contract §6): the daemon, its client, and defaults of builders and runners.

/// What a machine's owner has configured.
package struct EnvironmentConfiguration: Sendable, Hashable {
    package struct Daemon: Sendable, Hashable {
        /// `host:port`; empty where it was not set, as in all texts here.
        package var listen = ""
        /// Tokens that clients must show one of; empty means none needed.
        package var tokens: [String] = []
        package var rootURL = ""
        package var slackWebhookURL = ""
        package var githubRepoStatusToken = ""
        package var influxDBEndpoint = ""
        package var scheduler = Scheduler()

        package init() {}
    }

    package struct Scheduler: Sendable, Hashable {
        /// Tasks done at the same time.
        package var workers: Int?
        /// Tasks that may wait.
        package var queueSize: Int?
        /// Upstream's `memory` or `disk`.
        package var taskRepoType = ""
        package var taskTimeoutMinutes: Int?

        package init() {}
    }

    package struct Client: Sendable, Hashable {
        package var endpoint = ""
        package var token = ""
        package var user = ""

        package init() {}
    }

    package var daemon = Daemon()
    package var client = Client()
    /// The weakest configuration of builders and runners, by id. `disabled = true` refuses them.
    package var builders: [String: ConfigurationTable] = [:]
    package var runners: [String: ConfigurationTable] = [:]
    /// Kept as they are for the builders and runners that read them.
    package var aws: ConfigurationTable = [:]
    package var dockerHub: ConfigurationTable = [:]

    package init() {}

    /// Parses `.env.toml`.
    ///
    /// - Throws: `ModelError` with everything that is wrong.
    package static func parse(
        _ text: String, file: String
    ) throws(ModelError) -> Parsed<EnvironmentConfiguration> {
        let document = try TOMLDocument(text, file: file)
        let reading = DocumentReading(document.locations)
        var root = TableReader(document.root, .root, reading)
        var configuration = EnvironmentConfiguration()
        configuration.daemon = root.table("daemon") { readDaemon(&$0) }
        configuration.client = root.table("client") { reader in
            var client = Client()
            client.endpoint = reader.string("endpoint")
            client.token = reader.string("token")
            client.user = reader.string("user")
            return client
        }
        configuration.builders = root.tablesByName("builders")
        configuration.runners = root.tablesByName("runners")
        configuration.aws = root.freeTable("aws") ?? [:]
        configuration.dockerHub = root.freeTable("dockerhub") ?? [:]
        root.warnOfUnknownKeys()
        return try reading.finish(configuration, code: .configuration)
    }

    private static func readDaemon(_ reader: inout TableReader) -> Daemon {
        var daemon = Daemon()
        daemon.listen = reader.string("listen")
        daemon.tokens = reader.strings("tokens")
        daemon.rootURL = reader.string("root_url")
        daemon.slackWebhookURL = reader.string("slack_webhook_url")
        daemon.githubRepoStatusToken = reader.string("github_repo_status_token")
        daemon.influxDBEndpoint = reader.string("influxdb_endpoint")
        daemon.scheduler = reader.table("scheduler") { reader in
            var scheduler = Scheduler()
            scheduler.workers = reader.count("workers")
            scheduler.queueSize = reader.count("queue_size")
            scheduler.taskRepoType = reader.string("task_repo_type")
            scheduler.taskTimeoutMinutes = reader.count("task_timeout_min")
            return scheduler
        }
        return daemon
    }
}
