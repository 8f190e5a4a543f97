// What instances are called, and the files by which the names resolve. hosts(5)

import InstanceContract
import LinuxSystem
import NetworkEmulator

/// Unique host names of a run's instances (contract §5), by their numbers.
struct HostNames: Sendable {
    private let names: [String]
    private let directory: String

    /// Linux allows 64 bytes, DNS 63; the rest is for numbers.
    private static let longestGroup = 40

    init(_ instances: [InstanceReference], directory: String) {
        self.directory = directory
        var taken: Set<String> = []
        names = instances.enumerated().map { number, instance in
            let name = "\(Self.label(instance.group))-\(instance.index)"
            // Groups whose names differ in what no host name may have.
            let unique = taken.contains(name) ? "\(name)-\(number)" : name
            taken.insert(unique)
            return unique
        }
    }

    subscript(_ number: Int) -> String { names[number] }

    func file(_ number: Int) -> String { "\(directory)/\(number)" }

    /// A group's name with what RFC 1123 §2.1 allows.
    private static func label(_ group: String) -> String {
        let letters = group.lowercased().prefix(longestGroup).map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-"
        }
        let label = String(letters).split(separator: "-").joined(separator: "-")
        return label.isEmpty ? "instance" : label
    }

    // MARK: Files

    func writeAll(_ network: DataNetwork) throws(SystemError) {
        try Directories.make(directory)
        for number in names.indices { try write(number, network.addresses(ofInstance: number)) }
    }

    /// Writes an instance's hosts file, in place: the instance sees it through a bind mount.
    func write(_ number: Int, _ addresses: [InterfaceAssignment]) throws(SystemError) {
        try OutputFile(path: file(number)).write(Self.text(names[number], addresses))
    }

    /// Services first: whatever the plan does to its own name, they are found.
    static func text(_ name: String, _ addresses: [InterfaceAssignment]) -> String {
        var lines = [
            "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
            "127.0.0.1\ttestground-sync-service testground-influxdb",
        ]
        lines += addresses.map { "\($0.address.text)\t\(name)" }
        return lines.joined(separator: "\n") + "\n"
    }
}
