// Requests for an instance's network as what has to be done, names and hosts files, and the judgement of the
// switch. Pure.

import Execution
import InstanceContract
import LinkModel
import LinuxSystem
import NetworkEmulator
import Testing

@testable import Runners

@Suite("A plan's request for its network")
struct NetworkChangeTests {
    private let network = DataNetwork()
    private var current: NetworkSettings { NetworkSettings(addresses: network.addresses(ofInstance: 0)) }

    private func change(_ json: String) throws -> NetworkChange {
        try NetworkChange(NetworkConfiguration(json: json), from: current, in: network)
    }

    private func refusal(_ json: String) -> String {
        do {
            _ = try change(json)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("the contract's example is a shape, a rule and an address")
    func example() throws {
        let change = try change(
            """
            {"network":"default","IPv4":"16.0.1.2/16","IPv6":null,"enable":true,
             "default":{"latency":100000000,"jitter":0,"bandwidth":1048576,"filter":0,"loss":2.5,"corrupt":0,
             "corrupt_corr":0,"reorder":0,"reorder_corr":0,"duplicate":0,"duplicate_corr":0},
             "rules":[{"filter":2,"subnet":"16.0.2.0/24"}],"callback_state":"c","routing_policy":"deny_all"}
            """)
        #expect(change.settings.isEnabled)
        #expect(
            change.settings.shape
                == LinkModel.LinkShape(
                    latency: Span(nanoseconds: 100_000_000),
                    bandwidth: Bandwidth(bitsPerSecond: 1_048_576), loss: Chance(percentage: 2.5)))
        #expect(change.settings.rules.map(\.destination.text) == ["16.0.2.0/24"])
        #expect(change.settings.rules.map(\.shape) == [LinkModel.LinkShape(filter: .drop)])
        #expect(change.settings.addresses.map(\.text) == ["16.0.1.2/16", "fd74:6573:7467::2/64"])
        #expect(change.replacements.map(\.old?.text) == ["16.0.0.2/16"])
        #expect(change.replacements.map(\.new.text) == ["16.0.1.2/16"])
    }

    @Test("without an address the instance keeps its own, and what is absent is reset")
    func defaults() throws {
        let change = try change(#"{"enable":false,"callback_state":"c"}"#)
        #expect(change.replacements.isEmpty)
        #expect(change.settings.addresses == current.addresses)
        #expect(!change.settings.isEnabled && change.settings.shape == LinkModel.LinkShape())
    }

    @Test("a mask may be wider than the network's")
    func wideMask() throws {
        #expect(try change(#"{"IPv4":"16.0.9.9/12"}"#).replacements.map(\.new.text) == ["16.0.9.9/12"])
    }

    @Test(
        "what cannot be applied is refused with the value at fault",
        arguments: [
            (#"{"network":"other"}"#, "\"other\" does not exist"),
            (#"{"routing_policy":"allow_all"}"#, "\"allow_all\""),
            (#"{"IPv4":"16.0.0.1/16"}"#, "16.0.0.1/16, which is no address that an instance may have"),
            (#"{"IPv4":"16.0.255.255/16"}"#, "16.0.255.255/16"),
            (#"{"IPv4":"fd00::3/64"}"#, "IPv4 is \"fd00"),
            (#"{"IPv6":"16.0.0.3/16"}"#, "IPv6 is \"16.0.0.3"), (#"{"IPv4":"16.0.0.3/33"}"#, "16.0.0.3/33"),
            (#"{"rules":[{"subnet":"16.0.0.0/8"},{"subnet":"x"}]}"#, "rules[1].subnet is \"x\""),
        ])
    func refused(json: String, text: String) {
        #expect(refusal(json).contains(text))
    }

    @Test("host names are unique and valid whatever groups are called")
    func hostNames() {
        let groups = ["miners", "My_Group!", "my group", "…", String(repeating: "x", count: 80)]
        let names = HostNames(
            groups.flatMap { group in (0..<2).map { InstanceReference(group: group, index: $0) } },
            directory: "/nowhere")
        let all = (0..<10).map { names[$0] }
        #expect(all.prefix(2) == ["miners-0", "miners-1"] && all[2] == "my-group-0")
        #expect(Set(all).count == 10)
        for name in all {
            #expect(name.utf8.count <= 63 && !name.hasPrefix("-") && !name.hasSuffix("-"))
            #expect(name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        }
    }

    @Test("the hosts file maps the services to loopback and the instance to its addresses")
    func hostsFile() {
        let lines = HostNames.text("miners-0", network.addresses(ofInstance: 0)).split(separator: "\n")
        #expect(lines.contains("127.0.0.1\ttestground-sync-service testground-influxdb"))
        #expect(lines.contains("16.0.0.2\tminers-0") && lines.contains("fd74:6573:7467::2\tminers-0"))
    }

    @Test("lateness beyond the limit, and drops nobody asked for, make a run untrusted")
    func fidelity() {
        var fidelity = Fidelity()
        var statistics = SwitchStatistics()
        statistics.delayed = 100
        statistics.lateness99 = 1_000_000
        #expect(fidelity.judge(statistics).isTrusted)
        statistics.lateness99 = 4_120_000
        #expect(fidelity.judge(statistics).reasons.map { $0.contains("4.12 ms (limit 1.00 ms") } == [true])
        // Five per cent of 100 ms.
        fidelity.expect(
            NetworkSettings(
                addresses: [], shape: LinkModel.LinkShape(latency: Span(nanoseconds: 100_000_000))))
        #expect(fidelity.judge(statistics).isTrusted)
        #expect(fidelity.judge(statistics).lateness.limit == 0.005)
        statistics.received = 100
        statistics.drops = [.lost: 5, .queueFull: 1, .unreachable: 2, .notTaken: 3, .noMemory: 4]
        let verdict = fidelity.judge(statistics)
        #expect(verdict.reasons.count == 2)
        #expect(verdict.reasons[0].contains("4 of 100") && verdict.reasons[1].contains("3 of 100"))
        #expect(
            verdict.dropped == ["lost": 5, "queue_full": 1, "unreachable": 2, "not_taken": 3, "no_memory": 4])
    }

    @Test("a machine without an idle processor, or robbed of one, makes a run untrusted")
    func starvation() {
        /// Looks of a machine with 2 processors that are a quarter of a second apart.
        func judge(looks: Int, saturated: Int, stolen: UInt64 = 0) -> NetworkFidelity {
            var fidelity = Fidelity()
            var time = ProcessorTime(busy: 1_000, idle: 1_000, stolen: 0)
            fidelity.look(time)
            for number in 0..<looks {
                let idle: UInt64 = number < saturated ? 0 : 20
                time.busy += 50 - idle - stolen
                time.idle += idle
                time.stolen += stolen
                fidelity.look(time)
            }
            return fidelity.judge(SwitchStatistics())
        }
        let calm = judge(looks: 40, saturated: 4)
        #expect(calm.isTrusted && calm.processors.observed == 10 && calm.processors.saturated == 0.1)
        let busy = judge(looks: 40, saturated: 5)
        #expect(busy.reasons == ["the machine had no idle processor for 13 % of the run (limit 5 %)"])
        #expect(judge(looks: 400, saturated: 20).isTrusted)
        let robbed = judge(looks: 40, saturated: 0, stolen: 10)
        #expect(robbed.processors.stolen == 0.2)
        #expect(robbed.reasons.map { $0.contains("took 20 % of the processors' time") } == [true])
    }
}
