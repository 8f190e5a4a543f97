// From the SDK's quantities to those of the wire (contract §5), with everything checked that can be checked
// here.

import InstanceContract

extension NetworkConfiguration {
    /// - Throws: ``TestgroundError`` that names what makes no sense.
    func wire() throws(TestgroundError) -> InstanceContract.NetworkConfiguration {
        guard !callbackState.isEmpty else {
            throw TestgroundError(.network, "a network configuration needs a callback state to wait for")
        }
        for address in [ipv4].compactMap(\.self) where IPv4Subnet(address) == nil {
            throw TestgroundError(
                .network, "\"\(address)\" is no IPv4 address in CIDR notation, e.g. 16.0.1.2/16")
        }
        var rules: [InstanceContract.LinkRule] = []
        for rule in self.rules {
            guard IPv4Subnet(rule.subnet) != nil || rule.subnet.utf8.contains(UInt8(ascii: ":")) else {
                throw TestgroundError(
                    .network,
                    "a rule is for \"\(rule.subnet)\", which is no subnet in CIDR notation, e.g. 16.0.2.0/24")
            }
            rules.append(
                InstanceContract.LinkRule(
                    shape: try rule.shape.wire("the rule for \(rule.subnet)"), subnet: rule.subnet))
        }
        return InstanceContract.NetworkConfiguration(
            network: network, ipv4: ipv4, ipv6: ipv6, enable: isEnabled,
            defaultShape: try shape.wire("the shape"), rules: rules, callbackState: callbackState,
            routingPolicy: routing == .allowAll ? .allowAll : .denyAll)
    }
}

extension LinkShape {
    fileprivate func wire(_ place: String) throws(TestgroundError) -> InstanceContract.LinkShape {
        func percentage(_ percentage: Percentage, _ name: String) throws(TestgroundError) -> Double {
            guard (0...100).contains(percentage.value) else {
                throw TestgroundError(
                    .network, "\(name) of \(place) is \(percentage.value) %, expected 0 to 100")
            }
            return percentage.value
        }
        func nanoseconds(_ duration: Duration, _ name: String) throws(TestgroundError) -> Int64 {
            guard duration >= .zero, duration < .seconds(1 << 32) else {
                throw TestgroundError(.network, "\(name) of \(place) is \(duration), expected 0 or more")
            }
            return Int64((duration / .nanoseconds(1)).rounded())
        }
        let filter: InstanceContract.LinkFilter =
            switch self.filter {
            case .accept: .accept
            case .reject: .reject
            case .drop: .drop
            }
        return InstanceContract.LinkShape(
            latencyNanoseconds: try nanoseconds(latency, "latency"),
            jitterNanoseconds: try nanoseconds(jitter, "jitter"),
            bandwidthBitsPerSecond: bandwidth.bitsPerSecond, filter: filter,
            loss: try percentage(loss, "loss"), corrupt: try percentage(corruption, "corruption"),
            corruptCorrelation: try percentage(corruptionCorrelation, "corruptionCorrelation"),
            reorder: try percentage(reordering, "reordering"),
            reorderCorrelation: try percentage(reorderingCorrelation, "reorderingCorrelation"),
            duplicate: try percentage(duplication, "duplication"),
            duplicateCorrelation: try percentage(duplicationCorrelation, "duplicationCorrelation"))
    }
}
