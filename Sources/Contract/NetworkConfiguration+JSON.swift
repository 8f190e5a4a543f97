// NetworkConfiguration ⇄ JSON (contract §5).

/// Why a network request cannot be read.
package struct NetworkConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The member at fault, e.g. `rules[1].loss`.
    package var member: String
    package var description: String
}

extension NetworkConfiguration {
    /// The request as JSON text, members in the contract's order.
    package var json: String {
        JSONValue.object([
            .init("network", .string(network)), .init("IPv4", ipv4.map(JSONValue.string) ?? .null),
            .init("IPv6", ipv6.map(JSONValue.string) ?? .null), .init("enable", .boolean(enable)),
            .init("default", .object(defaultShape.members)),
            .init(
                "rules",
                .array(rules.map { .object($0.shape.changes + [.init("subnet", .string($0.subnet))]) })),
            .init("callback_state", .string(callbackState)),
            .init("routing_policy", .string(routingPolicy.rawValue)),
        ]).text
    }

    /// Reads a request of any SDK: absent members and nulls have their zero values, unknown ones are ignored.
    package init(json: String) throws(NetworkConfigurationError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw NetworkConfigurationError(
                member: "", description: "the network request cannot be read: \(error)")
        }
        let reader = try MemberReader(value, at: "")
        var rules: [LinkRule] = []
        for (index, element) in try reader.array("rules").enumerated() {
            let rule = try MemberReader(element, at: "rules[\(index)]")
            guard let subnet = try rule.string("subnet"), !subnet.isEmpty else {
                throw rule.error("subnet", "is missing; a rule needs the subnet it is for, e.g. 16.0.2.0/24")
            }
            rules.append(LinkRule(shape: try LinkShape(rule), subnet: subnet))
        }
        self.init(
            network: try reader.string("network") ?? "default", ipv4: try reader.string("IPv4"),
            ipv6: try reader.string("IPv6"), enable: try reader.boolean("enable"),
            defaultShape: try LinkShape(MemberReader(value["default"] ?? .null, at: "default")),
            rules: rules, callbackState: try reader.string("callback_state") ?? "",
            routingPolicy: try reader.policy("routing_policy"))
    }
}

extension LinkShape {
    fileprivate var members: [JSONValue.Member] {
        [
            .init("latency", .integer(latencyNanoseconds)), .init("jitter", .integer(jitterNanoseconds)),
            .init("bandwidth", .integer(bandwidthBitsPerSecond)), .init("filter", .integer(filter.rawValue)),
            .init("loss", .double(loss)), .init("corrupt", .double(corrupt)),
            .init("corrupt_corr", .double(corruptCorrelation)), .init("reorder", .double(reorder)),
            .init("reorder_corr", .double(reorderCorrelation)), .init("duplicate", .double(duplicate)),
            .init("duplicate_corr", .double(duplicateCorrelation)),
        ]
    }

    /// Members that are not zero, which absent ones are: there may be thousands of rules.
    fileprivate var changes: [JSONValue.Member] {
        let nothing = LinkShape().members
        return zip(members, nothing).filter { $0.0.value != $0.1.value }.map(\.0)
    }

    fileprivate init(_ reader: MemberReader) throws(NetworkConfigurationError) {
        self.init(
            latencyNanoseconds: try reader.count("latency", unit: "nanoseconds"),
            jitterNanoseconds: try reader.count("jitter", unit: "nanoseconds"),
            bandwidthBitsPerSecond: UInt64(try reader.count("bandwidth", unit: "bits per second")),
            filter: try reader.filter("filter"), loss: try reader.percentage("loss"),
            corrupt: try reader.percentage("corrupt"),
            corruptCorrelation: try reader.percentage("corrupt_corr"),
            reorder: try reader.percentage("reorder"),
            reorderCorrelation: try reader.percentage("reorder_corr"),
            duplicate: try reader.percentage("duplicate"),
            duplicateCorrelation: try reader.percentage("duplicate_corr"))
    }
}

/// Reads members of an object; an error says where and what.
private struct MemberReader {
    let object: JSONValue
    let path: String

    init(_ value: JSONValue, at path: String) throws(NetworkConfigurationError) {
        object = value
        self.path = path
        switch value {
        case .object, .null: break
        default:
            throw NetworkConfigurationError(
                member: path,
                description:
                    "\(path.isEmpty ? "the network request" : path) is \(value.text), expected an object")
        }
    }

    func error(_ name: String, _ text: String) -> NetworkConfigurationError {
        let member = path.isEmpty ? name : "\(path).\(name)"
        return NetworkConfigurationError(member: member, description: "\(member) \(text)")
    }

    /// The member, nil when absent or null.
    private func member(_ name: String) -> JSONValue? {
        object[name].flatMap { $0 == .null ? nil : $0 }
    }

    func string(_ name: String) throws(NetworkConfigurationError) -> String? {
        guard let value = member(name) else { return nil }
        guard let text = value.stringValue else { throw error(name, "is \(value.text), expected a string") }
        return text
    }

    func boolean(_ name: String) throws(NetworkConfigurationError) -> Bool {
        guard let value = member(name) else { return false }
        guard let flag = value.booleanValue else {
            throw error(name, "is \(value.text), expected true or false")
        }
        return flag
    }

    func array(_ name: String) throws(NetworkConfigurationError) -> [JSONValue] {
        guard let value = member(name) else { return [] }
        guard case .array(let elements) = value else {
            throw error(name, "is \(value.text), expected a list")
        }
        return elements
    }

    func count(_ name: String, unit: String) throws(NetworkConfigurationError) -> Int64 {
        guard let value = member(name) else { return 0 }
        guard let number = value.integerValue, number >= 0 else {
            throw error(name, "is \(value.text), expected a whole number of \(unit), 0 or more")
        }
        return number
    }

    func percentage(_ name: String) throws(NetworkConfigurationError) -> Double {
        guard let value = member(name) else { return 0 }
        guard let number = value.doubleValue, (0...100).contains(number) else {
            throw error(name, "is \(value.text), expected a percentage, 0 to 100")
        }
        return number
    }

    func filter(_ name: String) throws(NetworkConfigurationError) -> LinkFilter {
        guard let value = member(name) else { return .accept }
        guard let filter = value.integerValue.flatMap({ LinkFilter(rawValue: Int($0)) }) else {
            throw error(name, "is \(value.text), expected 0 (accept), 1 (reject) or 2 (drop)")
        }
        return filter
    }

    /// Upstream takes any text and acts on `allow_all` alone; there are plans that send `accept_all`.
    func policy(_ name: String) throws(NetworkConfigurationError) -> RoutingPolicy {
        try string(name).flatMap(RoutingPolicy.init) ?? .denyAll
    }
}
