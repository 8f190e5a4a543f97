// Network requests against the bytes of the contract.

import InstanceContract
import Testing

@Suite("Network requests")
struct NetworkConfigurationTests {
    static let sample = NetworkConfiguration(
        ipv4: "16.0.1.2/16",
        defaultShape: LinkShape(latencyNanoseconds: 100_000_000, bandwidthBitsPerSecond: 1_048_576),
        rules: [LinkRule(shape: LinkShape(filter: .drop, loss: 12.5), subnet: "16.0.2.0/24")],
        callbackState: "network-configured")

    /// The contract's example (§5), on one line; rules have the members that are not zero.
    static let json = #"""
        {"network":"default","IPv4":"16.0.1.2/16","IPv6":null,"enable":true,\#
        "default":{"latency":100000000,"jitter":0,"bandwidth":1048576,"filter":0,"loss":0,\#
        "corrupt":0,"corrupt_corr":0,"reorder":0,"reorder_corr":0,"duplicate":0,"duplicate_corr":0},\#
        "rules":[{"filter":2,"loss":12.5,"subnet":"16.0.2.0/24"}],"callback_state":"network-configured","routing_policy":"deny_all"}
        """#

    @Test("a request is written as the contract shows it")
    func writes() {
        #expect(Self.sample.json == Self.json)
    }

    @Test("a request is read back")
    func reads() throws {
        #expect(try NetworkConfiguration(json: Self.json) == Self.sample)
    }

    @Test("absent members and nulls have the zero values that a Go struct has")
    func tolerates() throws {
        let read = try NetworkConfiguration(
            json: #"{"default":null,"rules":null,"callback_state":"s","x":1}"#)
        #expect(read == NetworkConfiguration(enable: false, callbackState: "s"))
    }

    @Test(
        "what cannot be read names the member, the value and what was expected",
        arguments: [
            ("[]", "the network request is [], expected an object"),
            (#"{"default":{"loss":101}}"#, "default.loss is 101, expected a percentage, 0 to 100"),
            (
                #"{"default":{"filter":3}}"#,
                "default.filter is 3, expected 0 (accept), 1 (reject) or 2 (drop)"
            ),
            (
                #"{"rules":[{"subnet":"a"},{"latency":-1,"subnet":"b"}]}"#,
                "rules[1].latency is -1, expected a whole number of nanoseconds, 0 or more"
            ),
            (
                #"{"rules":[{}]}"#,
                "rules[0].subnet is missing; a rule needs the subnet it is for, e.g. 16.0.2.0/24"
            ),
            (#"{"routing_policy":1}"#, #"routing_policy is 1, expected a string"#),
            (
                "{",
                "the network request cannot be read: the JSON text ends at byte 1, where more should stand"
            ),
        ])
    func invalid(json: String, description: String) {
        let error = #expect(throws: NetworkConfigurationError.self) { try NetworkConfiguration(json: json) }
        #expect(error?.description == description)
    }
}
