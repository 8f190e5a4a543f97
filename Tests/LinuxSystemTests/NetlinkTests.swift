// rtnetlink(7) byte by byte, and its answers. The real kernel's side is tested with the emulator.

import LinuxSystem
import Testing

/// The bytes of a written-out message, least significant byte first as on every machine this runs on.
private func bytes(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap(\.self) }

@Suite("Netlink messages")
struct NetlinkTests {
    @Test("setting a device up with an MTU")
    func setLink() {
        #expect(
            NetlinkRequest.setLink(index: 2, isUp: true, mtu: 1500).bytes(sequence: 7)
                == bytes(
                    [40, 0, 0, 0],  // nlmsg_len
                    [16, 0],  // nlmsg_type: RTM_NEWLINK
                    [0x05, 0],  // nlmsg_flags: NLM_F_REQUEST | NLM_F_ACK
                    [7, 0, 0, 0],  // nlmsg_seq
                    [0, 0, 0, 0],  // nlmsg_pid: the kernel assigns it
                    [0, 0],  // ifi_family: AF_UNSPEC, padding
                    [0, 0],  // ifi_type
                    [2, 0, 0, 0],  // ifi_index
                    [1, 0, 0, 0],  // ifi_flags: IFF_UP
                    [1, 0, 0, 0],  // ifi_change: IFF_UP and nothing else
                    [8, 0, 4, 0],  // rta_len, IFLA_MTU
                    [0xDC, 0x05, 0, 0]))
    }

    @Test("setting a device down changes only that")
    func setDown() {
        let message = NetlinkRequest.setLink(index: 2, isUp: false, mtu: nil).bytes(sequence: 1)
        #expect(message.count == 32)
        #expect(Array(message[24...]) == bytes([0, 0, 0, 0], [1, 0, 0, 0]))
    }

    @Test("adding an IPv4 address")
    func addAddress() throws {
        let address = try #require(AddressBytes("16.0.1.2"))
        #expect(
            NetlinkRequest.addAddress(address, prefix: 16, index: 2).bytes(sequence: 1)
                == bytes(
                    [40, 0, 0, 0], [20, 0],  // RTM_NEWADDR
                    [0x05, 0x05],  // NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE | NLM_F_CREATE
                    [1, 0, 0, 0], [0, 0, 0, 0],
                    [2, 16, 0, 0],  // ifa_family: AF_INET, ifa_prefixlen, ifa_flags, ifa_scope
                    [2, 0, 0, 0],  // ifa_index
                    [8, 0, 2, 0], [16, 0, 1, 2],  // IFA_LOCAL
                    [8, 0, 1, 0], [16, 0, 1, 2]))  // IFA_ADDRESS
    }

    @Test("an IPv6 address is usable without duplicate address detection")
    func addIPv6Address() throws {
        let address = try #require(AddressBytes("fd00::2"))
        let message = NetlinkRequest.addAddress(address, prefix: 64, index: 2).bytes(sequence: 1)
        // ifa_family: AF_INET6, ifa_prefixlen, ifa_flags: IFA_F_NODAD, ifa_scope
        #expect(Array(message[16..<20]) == [10, 64, 0x02, 0])
        #expect(Array(message[24..<28]) == [20, 0, 2, 0])
        #expect(Array(message[28..<44]) == [0xFD] + [UInt8](repeating: 0, count: 14) + [2])
        #expect(message.count == 64)
    }

    @Test("a route to all multicast groups")
    func multicastRoute() throws {
        let groups = try #require(AddressBytes("224.0.0.0"))
        #expect(
            NetlinkRequest.addRoute(groups, prefix: 4, gateway: nil, index: 2, kind: .unicast)
                .bytes(sequence: 1)
                == bytes(
                    [44, 0, 0, 0], [24, 0],  // RTM_NEWROUTE
                    [0x05, 0x05], [1, 0, 0, 0], [0, 0, 0, 0],
                    [2, 4, 0, 0],  // rtm_family, rtm_dst_len, rtm_src_len, rtm_tos
                    [254, 4, 253, 1],  // RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_LINK, RTN_UNICAST
                    [0, 0, 0, 0],  // rtm_flags
                    [8, 0, 1, 0], [224, 0, 0, 0],  // RTA_DST
                    [8, 0, 4, 0], [2, 0, 0, 0]))  // RTA_OIF
    }

    @Test("the default route has a gateway and no destination")
    func defaultRoute() throws {
        let any = try #require(AddressBytes("0.0.0.0"))
        let gateway = try #require(AddressBytes("16.0.0.1"))
        let message = NetlinkRequest.addRoute(any, prefix: 0, gateway: gateway, index: 2, kind: .unicast)
            .bytes(sequence: 1)
        // RT_SCOPE_UNIVERSE, since the destination is not on the link
        #expect(Array(message[20..<24]) == [254, 4, 0, 1])
        // RTA_GATEWAY
        #expect(Array(message[28..<36]) == bytes([8, 0, 5, 0], [16, 0, 0, 1]))
        #expect(message.count == 44)
    }

    /// struct nlmsghdr and struct nlmsgerr.
    private func answer(_ error: Int32, sequence: UInt8, type: UInt8 = 2) -> [UInt8] {
        let code = UInt32(bitPattern: -error)
        return bytes(
            [36, 0, 0, 0], [type, 0], [0, 0], [sequence, 0, 0, 0], [0, 0, 0, 0],
            (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) },
            [UInt8](repeating: 0, count: 16))
    }

    @Test("the answer to a request is found by its sequence number")
    func answers() {
        let both = answer(17, sequence: 1) + answer(0, sequence: 2)
        #expect(NetlinkRequest.acknowledgement(in: both, sequence: 1) == 17)
        #expect(NetlinkRequest.acknowledgement(in: both, sequence: 2) == 0)
        #expect(NetlinkRequest.acknowledgement(in: both, sequence: 3) == nil)
        // NLMSG_DONE is no answer.
        #expect(NetlinkRequest.acknowledgement(in: answer(0, sequence: 1, type: 3), sequence: 1) == nil)
    }

    @Test("an answer that is cut short is none", arguments: 0..<36)
    func truncated(length: Int) {
        #expect(
            NetlinkRequest.acknowledgement(in: Array(answer(1, sequence: 1)[..<length]), sequence: 1) == nil)
    }

    @Test("garbage and damaged answers are no trap")
    func garbage() {
        var random = SplitMix(seed: 7)
        let good = answer(17, sequence: 1) + answer(0, sequence: 2)
        for round in 0..<FuzzRounds.count(20_000) {
            var bytes = good
            if round % 2 == 0 {
                bytes = (0..<Int(random.next() % 80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                for _ in 0..<(1 + random.next() % 8) {
                    bytes[Int(random.next() % UInt64(good.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                bytes = Array(bytes.prefix(Int(random.next() % UInt64(good.count + 1))))
            }
            let answer = NetlinkRequest.acknowledgement(in: bytes, sequence: 1)
            // Whatever is found was there: an answer takes 20 bytes.
            if answer != nil { #expect(bytes.count >= 20) }
        }
        var minimum = answer(1, sequence: 1)
        minimum.replaceSubrange(16..<20, with: [0, 0, 0, 0x80])
        #expect(NetlinkRequest.acknowledgement(in: minimum, sequence: 1) == .min)
    }

    @Test("addresses read back as they were written", arguments: ["16.0.0.2", "fd00::2", "::", "1::8:0:0:9"])
    func text(address: String) {
        #expect(AddressBytes(address)?.text == address)
    }

    @Test("what is no address is none", arguments: ["", "16.0.0", "16.0.0.256", "16.0.0.1/16", "fd00::g"])
    func noAddress(text: String) {
        #expect(AddressBytes(text) == nil)
    }
}

/// How long fuzzing goes on: more rounds on demand, by TESTGROUND_FUZZ_ROUNDS.
private enum FuzzRounds {
    static func count(_ usual: Int) -> Int {
        ThisProcess.environment["TESTGROUND_FUZZ_ROUNDS"].flatMap { Int($0) } ?? usual
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same garbage in every run.
private struct SplitMix {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
