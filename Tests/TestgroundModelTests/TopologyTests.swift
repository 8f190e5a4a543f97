// `[network]`: who is where, what lies between, and what is wrong with it.

import Testing

@testable import TestgroundModel

@Suite("a topology places instances and links regions")
struct TopologyTests {
    private func network(_ text: String, groups: [(String, Int)] = [("g", 10)]) throws -> NetworkPlan {
        var composition = "[global]\ncase = \"sync\"\n"
        for (id, count) in groups {
            composition += "[[groups]]\nid = \"\(id)\"\ninstances = { count = \(count) }\n"
        }
        return try Fixture.prepare(composition + text).runs[0].network
    }

    private func regions(_ network: NetworkPlan, _ group: String = "g") -> [Int?] {
        (network.places[group] ?? []).map(\.region)
    }

    @Test("without a section nothing is shaped")
    func none() throws {
        let network = try network("")
        #expect(network == NetworkPlan() && !network.isShaped && network.mostInstances == 65_533)
    }

    @Test("percentages hand a group's instances out in order, whole groups go by name, the rest is nowhere")
    func placement() throws {
        let text = """
            [[network.regions]]
            name = "eu"
            percentage = 0.3
            [[network.regions]]
            name = "us"
            percentage = 0.333
            groups = ["g"]
            [[network.regions]]
            name = "moon"
            groups = ["h"]
            percentage = 0.5
            """
        let network = try network(text, groups: [("g", 10), ("h", 4)])
        #expect(regions(network) == [0, 0, 0, 1, 1, 1, nil, nil, nil, nil])
        #expect(regions(network, "h") == [0, 2, 2, nil])
        #expect(!network.isShaped)
        // Thirds take all, however they are rounded.
        let thirds = (0..<3).map { "[[network.regions]]\nname = \"r\($0)\"\npercentage = 0.3333333334\n" }
            .joined()
        #expect(regions(try self.network(thirds)) == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2])
    }

    @Test(
        "links have what they do not say from the default, and go both ways unless one of its own goes back")
    func links() throws {
        let text = """
            [network]
            ipv6 = false
            mtu = 9000
            subnet_bits = 20
            [network.default]
            bandwidth = "100Mbit/s"
            loss = 0.1
            [network.matrix]
            latency = [["1ms", "40ms", "80ms"], ["40ms", "2ms", "90ms"], ["85ms", "95ms", "3ms"]]
            [[network.regions]]
            name = "a"
            groups = ["g"]
            [[network.regions]]
            name = "b"
            groups = ["h"]
            [[network.regions]]
            name = "c"
            groups = ["i"]
            [[network.links]]
            from = "a"
            to = "b"
            latency = "50ms"
            jitter = "5ms"
            jitter_distribution = "normal"
            queue = "64KiB"
            [[network.links]]
            from = "c"
            to = "a"
            symmetric = false
            loss = 5
            """
        let network = try network(text, groups: [("g", 2), ("h", 2), ("i", 2)])
        #expect(!network.hasIPv6 && network.mtu == 9_000 && network.subnetBits == 20 && network.isShaped)
        #expect(network.mostInstances == 4_093)
        let milliseconds = network.links.map { $0.map { ($0?.latencyNanoseconds ?? -1) / 1_000_000 } }
        #expect(milliseconds == [[1, 50, 80], [50, 2, 90], [0, 95, 3]])
        #expect(network.links[1][0] == network.links[0][1])
        #expect(
            network.links[0][1]?.jitterDistribution == .normal && network.links[0][1]?.queueBytes == 65_536)
        #expect(network.links[2][0]?.loss == 5 && network.links[0][2]?.loss == 0.1)
        #expect(network.links.joined().allSatisfy { $0?.bandwidthBitsPerSecond == 100_000_000 })
    }

    @Test("a direction with a link of its own keeps it, wherever it was written")
    func asymmetry() throws {
        let regions =
            "[[network.regions]]\nname = \"a\"\npercentage = 0.5\n[[network.regions]]\nname = \"b\"\npercentage = 0.5\n"
        let back = "[[network.links]]\nfrom = \"b\"\nto = \"a\"\nlatency = \"9ms\"\nsymmetric = false\n"
        let there = "[[network.links]]\nfrom = \"a\"\nto = \"b\"\nlatency = \"1ms\"\n"
        for text in [regions + back + there, regions + there + back] {
            let links = try network(text).links
            #expect(
                links.map { $0.map { $0?.latencyNanoseconds } } == [[nil, 1_000_000], [9_000_000, nil]])
        }
    }

    @Test("uplinks are shared by all instances of their groups")
    func uplinks() throws {
        let text =
            "[[network.uplinks]]\ngroups = [\"g\", \"h\"]\nbandwidth = \"10Mbit/s\"\nqueue = \"150kB\"\n"
        let network = try network(text, groups: [("g", 2), ("h", 1), ("i", 1)])
        #expect(network.uplinks == [.init(bandwidthBitsPerSecond: 10_000_000, queueBytes: 150_000)])
        #expect(
            network.place(ofInstance: 1, in: "g").uplink == 0
                && network.place(ofInstance: 0, in: "h").uplink == 0)
        #expect(
            network.place(ofInstance: 0, in: "i") == .init()
                && network.place(ofInstance: 9, in: "g") == .init())
    }

    @Test("what is wrong is said where it stands")
    func errors() throws {
        let values = """
            [network]
            mtu = 100
            subnet_bits = "16"
            regionz = 1
            [network.default]
            latency = "fast"
            bandwidth = "10 apples"
            loss = 101
            queue = 0
            jitter_distribution = "pareto"
            [network.matrix]
            latency = [["1ms"], ["2ms"]]
            loss = [[0, "x"], [1, 2]]
            [[network.regions]]
            percentage = 50
            [[network.regions]]
            name = "b"
            [[network.links]]
            from = "a"
            [[network.uplinks]]
            groups = ["g"]
            """
        let lines = try Fixture.parseDiagnostics(values)
        let expected = [
            "2:1: error: mtu = 100 is out of bounds (bytes of the largest packet: 1280 to 65535)",
            #"3:1: error: "network.subnet_bits" must be an integer, not the string "16""#,
            #"4:1: warning: unknown key "network.regionz" (did you mean "regions"?)"#,
            #"6:1: error: latency = "fast" is not a span of time (write latency = "50ms")"#,
            #"7:1: error: bandwidth = "10 apples" is not a bandwidth (write bandwidth = "10Mbit/s")"#,
            "8:1: error: loss = 101 is not a percentage from 0 to 100 (write loss = 0.5)",
            #"9:1: error: queue = 0 is not a size (write queue = "150kB")"#,
            #"10:1: error: jitter_distribution = "pareto" is unknown (write "uniform" or "normal")"#,
            #"12:1: error: "network.matrix.latency" must be an array of 2 arrays of 2: a row and a column for each "#
                + "region, in their order (write latency = [[…], …])",
            #"13:13: error: loss = "x" is not a percentage from 0 to 100 (write loss = 0.5)"#,
            #"14:1: error: a region has no name (write name = "…")"#,
            "15:1: error: a percentage is a share above 0 and up to 1, which 50 is not (write 0.5 for 50 %)",
            #"16:1: error: the region "b" says nothing of who is there "#
                + #"(write groups = ["…"], percentage = 0.5, or both)"#,
            #"18:1: error: a link lacks one of its regions (write from = "…" and to = "…")"#,
            #"20:1: error: an uplink has no bandwidth (write bandwidth = "10Mbit/s")"#,
        ]
        #expect(lines == expected.map { "composition.toml:\($0)" })
    }

    @Test("parts that do not go together are named")
    func contradictions() throws {
        let text = """
            [global]
            case = "sync"
            [[groups]]
            id = "miners"
            instances = { count = 10 }
            [network]
            subnet_bits = 29
            [[network.regions]]
            name = "eu"
            groups = ["minerz"]
            [[network.regions]]
            name = "us"
            percentage = 0.7
            [[network.regions]]
            name = "us"
            percentage = 0.7
            [[network.links]]
            from = "eu"
            to = "uss"
            [[network.uplinks]]
            groups = ["miners"]
            bandwidth = 1
            [[network.uplinks]]
            groups = ["miners"]
            bandwidth = 1
            """
        let error = #expect(throws: ModelError.self) { try Fixture.prepare(text) }
        let lines = (error?.diagnostics ?? []).filter { $0.severity == .error }.map(\.description)
        let expected = [
            #"7:1: error: run "default" has 10 instances, more than the 5 of a data network of 29 bits "#
                + "(write a smaller subnet_bits)",
            #"10:11: error: the composition has no group "minerz" (did you mean "miners"?)"#,
            #"14:1: error: the regions up to "us" want more than all instances of group "miners" "#
                + "(lower a percentage, or take the group out of a region)",
            #"15:1: error: the region "us" stands here again, first in line 11 "#
                + "(give each region a name of its own)",
            #"19:1: error: the network has no region "uss" (did you mean "us"?)"#,
            #"24:1: error: the group "miners" is behind two uplinks, first in line 20 "#
                + "(put each group behind one)",
        ]
        #expect(lines == expected.map { "composition.toml:\($0)" })
    }
}
