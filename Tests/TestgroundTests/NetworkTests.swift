// The network client: shapes, addresses, requests.

import InstanceContract
import LinuxSystem
import Testing

@testable import Testground

@Suite("The instance's network", .timeLimit(.minutes(1)))
struct NetworkTests {
    static let configuration = Testground.NetworkConfiguration(
        ipv4: "16.0.1.2/16",
        shape: Testground.LinkShape(
            latency: .milliseconds(100), jitter: .microseconds(3), bandwidth: .megabitsPerSecond(1.5),
            filter: .reject,
            loss: 1, corruption: 2, corruptionCorrelation: 3, reordering: 4, reorderingCorrelation: 5,
            duplication: 6, duplicationCorrelation: 7.5),
        rules: [Testground.LinkRule(to: "16.0.2.0/24", Testground.LinkShape(filter: .drop))],
        routing: .allowAll, callbackState: "done", callbackTarget: 1)

    @Test("a wish is published for this host and the callback state awaited")
    func configure() async throws {
        let server = try ScriptedServer { peer in
            let publish = try peer.message()["publish"]
            #expect(
                publish?["topic"] == .string("run:r:plan:p:case:c:topics:network:\(ThisProcess.hostName)"))
            let json = publish?["payload"]?.text ?? ""
            // Every member differs from its default, so that none can be mixed up.
            #expect(
                try InstanceContract.NetworkConfiguration(json: json)
                    == InstanceContract.NetworkConfiguration(
                        ipv4: "16.0.1.2/16",
                        defaultShape: InstanceContract.LinkShape(
                            latencyNanoseconds: 100_000_000, jitterNanoseconds: 3000,
                            bandwidthBitsPerSecond: 1_500_000, filter: .reject, loss: 1, corrupt: 2,
                            corruptCorrelation: 3, reorder: 4, reorderCorrelation: 5, duplicate: 6,
                            duplicateCorrelation: 7.5),
                        rules: [
                            InstanceContract.LinkRule(
                                shape: InstanceContract.LinkShape(filter: .drop), subnet: "16.0.2.0/24")
                        ], callbackState: "done", routingPolicy: .allowAll))
            try peer.answer("1", publish: 1)
            let barrier = try peer.message()["barrier"]
            #expect(barrier?["state"] == "run:r:plan:p:case:c:states:done")
            #expect(barrier?["target"]?.integerValue == 1)
            try peer.answer("2")
        }
        let fixture = try RunFixture(syncPort: server.port, sidecar: true)
        try await fixture.run.network.configure(Self.configuration)
        try await server.finished()
    }

    @Test("rules can be for instances: each for its address alone")
    func peers() throws {
        let peers = [("a", "16.0.0.2"), ("b", "16.0.0.3")].enumerated().map { number, peer in
            Testground.Peer(
                group: peer.0, globalSequence: number + 1, groupSequence: 1, hostName: peer.0 + "-0",
                address: peer.1)
        }
        let configuration = Testground.NetworkConfiguration(
            rules: .to(peers, Testground.LinkShape(filter: .drop)), callbackState: "cut")
        #expect(try configuration.wire().rules.map(\.subnet) == ["16.0.0.2/32", "16.0.0.3/32"])
        #expect(try configuration.wire().rules.allSatisfy { $0.shape.filter == .drop })
        #expect(Testground.LinkRule(to: peers[1], Testground.LinkShape()).subnet == "16.0.0.3/32")
    }

    @Test("without a network of one's own, waiting and configuring say so and return")
    func unshapeable() async throws {
        let fixture = try RunFixture()
        try await fixture.run.network.waitUntilInitialised()
        try await fixture.run.network.configure(Self.configuration)
        #expect(try fixture.run.network.dataAddress() == "127.0.0.1")
        #expect(
            fixture.events == [
                .message("network initialisation successful"),
                .message(
                    "ignoring network change request; this runner gives instances no network of their own"),
            ])
    }

    static let nonsense: [(String, @Sendable (inout Testground.NetworkConfiguration) -> Void)] = [
        ("a network configuration needs a callback state to wait for", { $0.callbackState = "" }),
        (#""16.0.0.1" is no IPv4 address in CIDR notation, e.g. 16.0.1.2/16"#, { $0.ipv4 = "16.0.0.1" }),
        ("loss of the shape is 101.0 %, expected 0 to 100", { $0.shape.loss = 101 }),
        ("latency of the shape is -1.0 seconds, expected 0 or more", { $0.shape.latency = .seconds(-1) }),
        (
            "duplication of the rule for 16.0.2.0/24 is -1.0 %, expected 0 to 100",
            { $0.rules[0].shape.duplication = -1 }
        ),
        (
            #"a rule is for "here", which is no subnet in CIDR notation, e.g. 16.0.2.0/24"#,
            { $0.rules[0].subnet = "here" }
        ),
    ]

    @Test("a wish that makes no sense is refused before anyone is asked", arguments: nonsense.indices)
    func refused(index: Int) async throws {
        let (description, change) = Self.nonsense[index]
        var configuration = Self.configuration
        change(&configuration)
        let fixture = try RunFixture(sidecar: true)
        let error = await #expect(throws: TestgroundError.self) {
            try await fixture.run.network.configure(configuration)
        }
        #expect(error?.code == .network)
        #expect(error?.description == description)
    }

    @Test("one's address is the one within the data network")
    func dataAddress() throws {
        // The loopback network serves as the data network: its address is known everywhere.
        let fixture = try RunFixture(sidecar: true, subnet: "127.0.0.0/8")
        #expect(try fixture.run.network.dataAddress() == "127.0.0.1")
        let none = try RunFixture(sidecar: true, subnet: "203.0.113.0/24")
        let error = #expect(throws: TestgroundError.self) { try none.run.network.dataAddress() }
        #expect(error?.description.contains("203.0.113.0/24; there are: ") == true)
    }

    @Test("a subnet contains what shares its prefix")
    func subnets() {
        #expect(IPv4Subnet("16.3.0.0/16")?.contains("16.3.255.1") == true)
        #expect(IPv4Subnet("16.3.0.0/16")?.contains("16.4.0.1") == false)
        #expect(IPv4Subnet("0.0.0.0/0")?.contains("255.1.2.3") == true)
        #expect(IPv4Subnet("10.0.0.1/32")?.contains("10.0.0.2") == false)
        for text in ["16.3.0.0", "16.3.0/16", "16.3.0.0/33", "16.03.0.0/16", "a.b.c.d/8", "1.2.3.256/8"] {
            #expect(IPv4Subnet(text) == nil)
        }
    }

    @Test("bandwidths are bits a second, whatever they were said in")
    func bandwidths() {
        #expect(Bandwidth.bytesPerSecond(125_000) == .megabitsPerSecond(1))
        #expect(Bandwidth.kilobitsPerSecond(2.5).bitsPerSecond == 2500)
        #expect(Bandwidth.gigabitsPerSecond(10).bitsPerSecond == 10_000_000_000)
        // Nothing is not the same as no limit.
        #expect(Bandwidth.bitsPerSecond(0) != .unlimited)
        #expect(Bandwidth.megabitsPerSecond(-1).bitsPerSecond == 1)
    }
}
