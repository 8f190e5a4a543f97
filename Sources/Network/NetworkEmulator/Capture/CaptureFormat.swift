// pcapng, as Wireshark reads it: draft-ietf-opsawg-pcapng. Blocks are little-endian, which their magic number
// says.

enum CaptureFormat {
    private enum Block {
        static let section: UInt32 = 0x0A0D_0D0A
        static let interface: UInt32 = 1
        static let packet: UInt32 = 6
    }
    private enum Option {
        static let comment: UInt16 = 1
        static let application: UInt16 = 4
        static let interfaceName: UInt16 = 2
        static let timeResolution: UInt16 = 9
        static let flags: UInt16 = 2
    }
    /// Packets begin with their IP header (LINKTYPE_RAW).
    private static let rawLink: UInt16 = 101

    /// The beginning of a file with one interface.
    ///
    /// - Parameter instance: whose packets it holds, for the section's comment.
    static func header(instance: String) -> [UInt8] {
        var section: [UInt8] = []
        section.append(0x1A2B_3C4D as UInt32)
        section.append(1 as UInt16)
        section.append(0 as UInt16)
        // The section's length is not known.
        section.append(UInt64.max)
        section.append(option: Option.comment, Array(instance.utf8))
        section.append(option: Option.application, Array("testground".utf8))
        section.append(0 as UInt32)

        var interface: [UInt8] = []
        interface.append(rawLink)
        interface.append(0 as UInt16)
        // Packets are not cut.
        interface.append(0 as UInt32)
        interface.append(option: Option.interfaceName, Array("data0".utf8))
        // Nanoseconds.
        interface.append(option: Option.timeResolution, [9])
        interface.append(0 as UInt32)
        return block(Block.section, section) + block(Block.interface, interface)
    }

    /// Appends a packet.
    ///
    /// - Parameters:
    ///   - packet: from its IP header.
    ///   - time: Unix time in nanoseconds.
    static func append(
        _ record: CaptureRecord, _ packet: [UInt8], time: Int64, to file: inout [UInt8]
    ) {
        let comment = Array(record.comment.utf8)
        // Block: 8 of head, 20 of fields, data, two options and their end, 4 of tail.
        let length = 28 + padded(packet.count) + 8 + 4 + padded(comment.count) + 4 + 4
        file.append(Block.packet)
        file.append(UInt32(length))
        file.append(0 as UInt32)
        file.append(UInt32(truncatingIfNeeded: time >> 32))
        file.append(UInt32(truncatingIfNeeded: time))
        file.append(UInt32(packet.count))
        file.append(UInt32(packet.count))
        file += packet
        file.pad(packet.count)
        // Bits 0 and 1: inbound or outbound.
        file.append(Option.flags)
        file.append(4 as UInt16)
        file.append(record.event.isInbound ? 1 : 2 as UInt32)
        file.append(option: Option.comment, comment)
        file.append(0 as UInt32)
        file.append(UInt32(length))
    }

    private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        let length = UInt32(body.count + 12)
        bytes.append(type)
        bytes.append(length)
        bytes += body
        bytes.append(length)
        return bytes
    }
}

private func padded(_ count: Int) -> Int { (count + 3) & ~3 }

extension [UInt8] {
    fileprivate mutating func append(_ value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    fileprivate mutating func pad(_ count: Int) {
        for _ in count..<padded(count) { append(UInt8(0)) }
    }

    fileprivate mutating func append(option code: UInt16, _ value: [UInt8]) {
        append(code)
        append(UInt16(value.count))
        self += value
        pad(value.count)
    }
}
