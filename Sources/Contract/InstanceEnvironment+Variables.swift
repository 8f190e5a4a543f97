// Environment variables ⇄ InstanceEnvironment (contract §1).

/// Why an environment is not that of an instance.
package struct InstanceEnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The process was not started by a runner: the variable is not set at all.
        case missingVariable
        case invalidValue
    }

    package var code: Code
    package var variable: String
    package var description: String
}

extension InstanceEnvironment {
    // MARK: Writing

    /// Every variable of the contract. What an instance inherits (`PATH` and the like) is the runner's to
    /// add.
    package var variables: [String: String] {
        var variables = [
            "TEST_PLAN": plan, "TEST_CASE": testCase, "TEST_RUN": run,
            "TEST_REPO": repo, "TEST_BRANCH": branch, "TEST_TAG": tag,
            "TEST_INSTANCE_COUNT": String(instanceCount), "TEST_INSTANCE_ROLE": instanceRole,
            "TEST_INSTANCE_PARAMS": Self.packed(parameters),
            "TEST_INSTANCE_PARAMS_JSON": JSONValue.strings(parameters).text,
            "TEST_GROUP_ID": groupID, "TEST_GROUP_INSTANCE_COUNT": String(groupInstanceCount),
            "TEST_OUTPUTS_PATH": outputsPath, "TEST_TEMP_PATH": tempPath,
            "TEST_SIDECAR": String(sidecar), "TEST_SUBNET": subnet,
            "TEST_START_TIME": CalendarTime.rfc3339(unixSeconds: startTimeUnixSeconds),
            "TEST_CAPTURE_PROFILES": Self.packed(captureProfiles),
            "TEST_DISABLE_METRICS": String(disableMetrics),
            "SYNC_SERVICE_HOST": syncServiceHost, "SYNC_SERVICE_PORT": String(syncServicePort),
            "INFLUXDB_URL": influxDBURL, "REDIS_HOST": redisHost,
        ]
        // Beside TEST_START_TIME, whose form old SDKs may read strictly.
        if let nanoseconds = startTimeUnixNanoseconds {
            variables["TEST_START_TIME_NS"] = String(nanoseconds)
        }
        if !commit.isEmpty { variables["TEST_COMMIT"] = commit }
        if !logLevel.isEmpty { variables["LOG_LEVEL"] = logLevel }
        for (label, port) in exposedPorts { variables["\(label.uppercased())_PORT"] = String(port) }
        return variables
    }

    /// `k=v|k=v`, sorted by name. A pair that would be read back as *another* one (a `|` in it, a `=` in its
    /// name) is left out: old SDKs then miss the parameter, which their plans notice, instead of getting a
    /// wrong value. A value with a `=` goes out, since scripts that split on the first one can read it.
    package static func packed(_ values: [String: String]) -> String {
        values
            .filter { pair in
                pair.key.utf8.allSatisfy { $0 != UInt8(ascii: "|") && $0 != UInt8(ascii: "=") }
                    && pair.value.utf8.allSatisfy { $0 != UInt8(ascii: "|") }
            }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "|")
    }

    // MARK: Reading

    /// Reads the environment of a process that a runner started.
    ///
    /// Plan, case and run must be there. All else has the defaults of the other SDKs when missing, so that an
    /// instance can be started by hand with three variables; a value that is there but cannot be read is an
    /// error.
    package init(variables: [String: String]) throws(InstanceEnvironmentError) {
        let reader = VariableReader(variables: variables)
        let instanceCount = try reader.integer("TEST_INSTANCE_COUNT", default: 1)
        self.init(
            plan: try reader.required("TEST_PLAN"), testCase: try reader.required("TEST_CASE"),
            run: try reader.required("TEST_RUN"), repo: reader.text("TEST_REPO"),
            commit: reader.text("TEST_COMMIT"), branch: reader.text("TEST_BRANCH"),
            tag: reader.text("TEST_TAG"), instanceCount: instanceCount,
            instanceRole: reader.text("TEST_INSTANCE_ROLE"), parameters: try reader.parameters(),
            groupID: reader.text("TEST_GROUP_ID", default: "single"),
            groupInstanceCount: try reader.integer("TEST_GROUP_INSTANCE_COUNT", default: instanceCount),
            outputsPath: reader.text("TEST_OUTPUTS_PATH", default: "."),
            tempPath: reader.text("TEST_TEMP_PATH", default: "/tmp"),
            sidecar: try reader.boolean("TEST_SIDECAR"),
            subnet: reader.text("TEST_SUBNET", default: Self.localSubnet),
            startTimeUnixSeconds: try reader.time("TEST_START_TIME"),
            captureProfiles: Self.unpacked(reader.text("TEST_CAPTURE_PROFILES")),
            disableMetrics: try reader.boolean("TEST_DISABLE_METRICS"),
            syncServiceHost: reader.text("SYNC_SERVICE_HOST", default: Self.defaultSyncServiceHost),
            syncServicePort: try reader.port("SYNC_SERVICE_PORT", default: Self.defaultSyncServicePort),
            influxDBURL: reader.text("INFLUXDB_URL"), redisHost: reader.text("REDIS_HOST"),
            logLevel: reader.text("LOG_LEVEL"), exposedPorts: reader.exposedPorts(),
            startTimeUnixNanoseconds: Int64(reader.text("TEST_START_TIME_NS")))
    }

    static func unpacked(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "|") {
            guard let sign = pair.firstIndex(of: "=") else { continue }
            values[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
        }
        return values
    }
}

private struct VariableReader {
    let variables: [String: String]

    func text(_ name: String, default value: String = "") -> String {
        guard let found = variables[name], !found.isEmpty else { return value }
        return found
    }

    func required(_ name: String) throws(InstanceEnvironmentError) -> String {
        guard let value = variables[name], !value.isEmpty else {
            throw InstanceEnvironmentError(
                code: .missingVariable, variable: name,
                description: "\(name) is not set, so this process was not started by a Testground runner")
        }
        return value
    }

    func integer(_ name: String, default value: Int) throws(InstanceEnvironmentError) -> Int {
        let text = text(name)
        if text.isEmpty { return value }
        guard let number = Int(text), number >= 0 else {
            throw invalid(name, expected: "a whole number, 0 or more")
        }
        return number
    }

    func port(_ name: String, default value: UInt16) throws(InstanceEnvironmentError) -> UInt16 {
        let text = text(name)
        if text.isEmpty { return value }
        guard let number = UInt16(text), number > 0 else {
            throw invalid(name, expected: "a port number, 1 to 65535")
        }
        return number
    }

    func boolean(_ name: String) throws(InstanceEnvironmentError) -> Bool {
        switch text(name).lowercased() {
        case "true", "1": true
        case "false", "0", "": false
        default: throw invalid(name, expected: "true or false")
        }
    }

    func time(_ name: String) throws(InstanceEnvironmentError) -> Int64 {
        let text = text(name)
        if text.isEmpty { return 0 }
        guard let seconds = CalendarTime.unixSeconds(rfc3339: text) else {
            throw invalid(name, expected: "a time as 2006-01-02T15:04:05Z (RFC 3339)")
        }
        return seconds
    }

    /// The lossless form where the runner gives it, else the packed one.
    func parameters() throws(InstanceEnvironmentError) -> [String: String] {
        let name = "TEST_INSTANCE_PARAMS_JSON"
        let json = text(name)
        if json.isEmpty { return InstanceEnvironment.unpacked(text("TEST_INSTANCE_PARAMS")) }
        guard case .object(let members)? = try? JSONValue(parsing: json) else {
            throw invalid(name, expected: "a JSON object of strings")
        }
        var values: [String: String] = [:]
        for member in members {
            guard let value = member.value.stringValue else {
                throw invalid(name, expected: "a JSON object of strings")
            }
            values[member.name] = value
        }
        return values
    }

    /// Every `<LABEL>_PORT` that holds a port, except the sync service's.
    func exposedPorts() -> [String: UInt16] {
        var ports: [String: UInt16] = [:]
        for (name, value) in variables where name.hasSuffix("_PORT") && name != "SYNC_SERVICE_PORT" {
            if let port = UInt16(value) { ports[String(name.dropLast("_PORT".count))] = port }
        }
        return ports
    }

    private func invalid(_ name: String, expected: String) -> InstanceEnvironmentError {
        InstanceEnvironmentError(
            code: .invalidValue, variable: name,
            description: "\(name) is \"\(text(name))\", expected \(expected)")
    }
}
