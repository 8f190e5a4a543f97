// What `local:exec` needs of the machine, tried out in order.

import Execution
import LinuxSystem

enum LocalExecHealthchecks {
    static func all(_ context: HealthcheckContext) -> [any Healthcheck] {
        let checks: [any Healthcheck] = [
            UsableDirectoryCheck(name: "work-directory", directory: context.workDirectory),
            UsableDirectoryCheck(name: "outputs-directory", directory: context.outputsDirectory),
            LeftoversCheck(workDirectory: context.workDirectory),
            OpenFilesCheck(instances: context.instances), ProcessesCheck(instances: context.instances),
            DiskSpaceCheck(directory: context.outputsDirectory, instances: context.instances),
            MemoryCheck(instances: context.instances),
        ]
        // A run decides by its configuration what to do without networks of the instances' own.
        return context.isBeforeRun ? checks : checks + [NetworksCheck()]
    }
}

/// Makes the network of an instance: namespaces, the device, sockets.
struct NetworksCheck: Healthcheck {
    let name = "networks"

    func check() async throws -> String? {
        await NamespaceProbe.problem().map {
            "instances cannot have networks of their own and share the host's, unshaped: \($0)"
        }
    }

    func fix() async throws -> String? { nil }
}

/// Writes a file, reads it back and deletes it.
struct UsableDirectoryCheck: Healthcheck {
    let name: String
    let directory: String

    func check() async throws -> String? {
        let directory = directory
        return try await NamedThread.run("healthcheck") {
            guard Directories.exists(directory) else {
                return "\(directory) does not exist; healthcheck --fix makes it"
            }
            do {
                try Directories.use(directory)
                return nil
            } catch {
                return "\(directory) cannot be used: \(error); make space, or change its owner"
            }
        }
    }

    func fix() async throws -> String? {
        let directory = directory
        return try await NamedThread.run("healthcheck") {
            let existed = Directories.exists(directory)
            try Directories.makeUsable(directory)
            return existed ? nil : "made \(directory)"
        }
    }
}

/// Whether a killed program left processes.
struct LeftoversCheck: Healthcheck {
    let name = "leftovers"
    let workDirectory: String

    func check() async throws -> String? {
        let workDirectory = workDirectory
        return try await NamedThread.run("healthcheck") {
            let left = RunLedger.all(workDirectory).found.filter { !$0.ownerIsAlive }
            guard !left.isEmpty else { return nil }
            let processes = left.reduce(0) { $0 + Reaper.processes(of: $1).count }
            let runs = left.map(\.header.runID).joined(separator: ", ")
            return
                "\(runs) left \(processes) processes and temporary files; the next run, or "
                + "healthcheck --fix, ends them"
        }
    }

    func fix() async throws -> String? {
        let workDirectory = workDirectory
        return try await NamedThread.run("healthcheck") {
            let result = Reaper.reap(workDirectory: workDirectory, .abandoned)
            guard !result.runs.isEmpty else { return nil }
            return "ended \(result.processes) processes of \(result.runs.joined(separator: ", "))"
        }
    }
}

struct OpenFilesCheck: Healthcheck {
    let name = "open-files"
    let instances: Int

    private var wanted: UInt64 {
        UInt64(max(0, instances)) * RunPreparation.descriptorsPerInstance + RunPreparation.ownDescriptors
    }

    func check() async throws -> String? {
        let limit = try ResourceLimit.current(.descriptors)
        guard limit.soft < wanted else { return nil }
        let remedy =
            limit.hard >= wanted
            ? "a run raises it, as does healthcheck --fix"
            : "raise the hard limit, \(limit.hard) (ulimit -Hn)"
        return "\(instances) instances need \(wanted) open files, the limit is \(limit.soft); \(remedy)"
    }

    func fix() async throws -> String? {
        let limit = try ResourceLimit.raise(.descriptors, to: wanted)
        return limit.soft >= wanted ? "raised the limit of open files to \(limit.soft)" : nil
    }
}

struct ProcessesCheck: Healthcheck {
    let name = "processes"
    let instances: Int

    /// Threads and children of a small instance: a Go or Swift runtime starts about as many as there are
    /// cores.
    static let processesPerInstance: UInt64 = 8

    func check() async throws -> String? {
        let wanted = UInt64(max(0, instances)) * Self.processesPerInstance
        let user = try ResourceLimit.current(.processes).soft
        let machine = (MachineResources.mostProcesses() ?? .max)
        let free = machine - min(machine, MachineResources.processCount())
        if user < wanted {
            return
                "\(instances) instances need about \(wanted) processes and threads, the user may have "
                + "\(user); raise ulimit -u"
        }
        if free < wanted {
            return
                "\(instances) instances need about \(wanted) processes and threads, the machine has room for "
                + "\(free); raise kernel.pid_max and kernel.threads-max (sysctl)"
        }
        return nil
    }

    func fix() async throws -> String? {
        let wanted = UInt64(max(0, instances)) * Self.processesPerInstance
        guard try ResourceLimit.current(.processes).soft < wanted else { return nil }
        let limit = try ResourceLimit.raise(.processes, to: wanted)
        return limit.soft >= wanted ? "raised the limit of processes to \(limit.soft)" : nil
    }
}

struct DiskSpaceCheck: Healthcheck {
    let name = "disk-space"
    let directory: String
    let instances: Int

    /// Outputs of a talkative small instance.
    static let bytesPerInstance: UInt64 = 1 << 20
    /// Less than this is a disk about to be full, however few instances.
    static let leastBytes: UInt64 = 256 << 20
    /// Directories and files of an instance.
    static let filesPerInstance: UInt64 = 8

    func check() async throws -> String? {
        guard Directories.exists(directory) else { return "\(directory) does not exist" }
        let (bytes, files) = try MachineResources.freeSpace(at: directory)
        let wanted = Self.leastBytes + UInt64(max(0, instances)) * Self.bytesPerInstance
        if bytes < wanted {
            return
                "\(directory) has \(bytes >> 20) MiB free, \(instances) instances want \(wanted >> 20) MiB; "
                + "remove old outputs"
        }
        guard files < UInt64(max(0, instances)) * Self.filesPerInstance else { return nil }
        return "\(directory) has room for \(files) files only; remove old outputs"
    }

    func fix() async throws -> String? { nil }
}

struct MemoryCheck: Healthcheck {
    let name = "memory"
    let instances: Int

    /// A small instance with its share of the kernel and of this program.
    static let bytesPerInstance: UInt64 = 16 << 20

    func check() async throws -> String? {
        guard let available = MachineResources.availableMemory() else { return nil }
        let wanted = UInt64(max(0, instances)) * Self.bytesPerInstance
        guard available < wanted else { return nil }
        return
            "\(instances) instances want about \(wanted >> 20) MiB of memory, \(available >> 20) MiB are "
            + "free; run fewer instances or free memory"
    }

    func fix() async throws -> String? { nil }
}
