// Whose packets are written to `data0.pcapng` among the instance's outputs.

import Execution
import InstanceContract
import LinuxSystem
import NetworkEmulator

struct Capture: Sendable {
    static let fileName = "data0.pcapng"

    let packets: PacketCapture
    /// Number of the file of each instance that has one.
    let files: [Int: Int]

    /// - Returns: nil when nothing is to be captured.
    /// - Throws: `ExecutionError` for a name that nobody has.
    static func make(
        _ launches: [InstanceLaunch], _ wanted: LocalExecConfiguration.Capture
    ) throws -> Capture? {
        if case .only(let names) = wanted {
            let known = Set(launches.flatMap { [$0.instance.group, $0.instance.description] })
            if let unknown = names.subtracting(known).sorted().first {
                throw ExecutionError(
                    .configuration,
                    "local:exec: pcap names \"\(unknown)\", which is no group or instance of the run; "
                        + "write e.g. \"\(launches.first?.instance.description ?? "")\"")
            }
        }
        let captured = launches.filter { wanted.includes($0.instance) }
        guard !captured.isEmpty else { return nil }
        let packets = try PacketCapture(
            captured.map {
                PacketCapture.File(
                    path: "\($0.outputsPath)/\(fileName)", instance: $0.instance.description)
            })
        let numbers = captured.enumerated().map { ($0.element.index, $0.offset) }
        return Capture(packets: packets, files: Dictionary(uniqueKeysWithValues: numbers))
    }

    func warnings(_ report: PacketCapture.Report) -> [String] {
        var warnings: [String] = []
        if report.missing > 0 {
            warnings.append(
                "\(report.missing) packets are missing from \(Self.fileName): the disk did not keep up; "
                    + "capture fewer instances")
        }
        if let failure = report.failure { warnings.append("a capture is incomplete: \(failure)") }
        return warnings
    }
}
