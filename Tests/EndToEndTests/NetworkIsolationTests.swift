// Networks of their own, as people meet them: with rights, without, and what is left when the program is killed.

import Foundation
import Testing

@Suite(
    "Networks of instances",
    .enabled(
        if: geteuid() == 0 && access("/dev/net/tun", W_OK) == 0,
        "needs root and /dev/net/tun (run the tests with sudo; modprobe tun): no network was made"),
    .timeLimit(.minutes(2)))
struct NetworkIsolationTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private static let nobody = 65_534

    /// Calls the program as a user without rights, for whom the device may be opened or not.
    private func callAsNobody(_ arguments: [String], deviceMode: String) async throws -> ProgramResult {
        // In a mount namespace of its own: the machine's device keeps its permissions.
        let script = """
            mount -t tmpfs -o mode=755 none "$1/dev" && mknod -m \(deviceMode) "$1/dev/tun" c 10 200 &&
            mount --bind "$1/dev/tun" /dev/net/tun && chown -R \(Self.nobody) "$1/plans" && chown \(Self.nobody) "$1" &&
            shift && exec setpriv --reuid \(Self.nobody) --regid \(Self.nobody) --clear-groups "$@"
            """
        try FileManager.default.createDirectory(
            atPath: "\(bench.home)/dev", withIntermediateDirectories: true)
        let program = try RunningProgram(
            "/usr/bin/unshare",
            ["--mount", "/bin/sh", "-c", script, "sh", bench.home, Workbench.program] + arguments,
            environment: ProcessInfo.processInfo.environment.merging([
                "TESTGROUND_HOME": bench.home, "HOME": bench.home,
            ]) { $1 }, directory: "/")
        return await program.finish()
    }

    /// Whether somebody else may run the program where it was built, and make user namespaces.
    private static let nobodyCan: Bool = {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = [
            "--reuid", "\(nobody)", "--regid", "\(nobody)", "--clear-groups", "/bin/sh", "-c",
            "test -x \"$1\" && unshare --user --net true", "sh", Workbench.program,
        ]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "an ordinary user's instances have networks, where the device may be opened",
        .enabled(if: nobodyCan, "needs setpriv, user namespaces, and a build folder that others may read"))
    func ordinaryUser() async throws {
        try bench.plan("own", script: "echo \"I am $(hostname) $TEST_SIDECAR $(id -u)\"\nsuccess\n")
        let result = try await callAsNobody(
            ["run", "single", "-p", "own", "-t", "main", "-i", "2"], deviceMode: "666")
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("I am single-1 true \(Self.nobody)"), "\(result.text)")
        #expect(!result.text.contains("shared the host's network"))
    }

    @Test(
        "where the device may not be opened, instances share the host's network and the verdict says why",
        .enabled(if: nobodyCan, "needs setpriv, user namespaces, and a build folder that others may read"))
    func refusedDevice() async throws {
        try bench.plan("shared", script: "echo \"sidecar $TEST_SIDECAR\"\nsuccess\n")
        let result = try await callAsNobody(
            ["run", "single", "-p", "shared", "-t", "main", "-i", "1"], deviceMode: "600")
        #expect(result.status == 0, "\(result.text)")
        #expect(result.text.contains("sidecar false"))
        #expect(result.text.contains("shared the host's network"))
        #expect(result.text.contains("/dev/net/tun"), "\(result.text)")
        let insisting = try await callAsNobody(
            ["run", "single", "-p", "shared", "-t", "main", "-i", "1", "--run-cfg", "isolation=namespaces"],
            deviceMode: "600")
        #expect(insisting.status == 1, "\(insisting.text)")
        #expect(insisting.text.contains("chmod 0666 /dev/net/tun"), "\(insisting.text)")
    }

    @Test("when the program is killed its instances end, and the next run ends what they had started")
    func killed() async throws {
        try bench.plan("doomed", script: "echo ready\nsleep 1000\n")
        try bench.plan("next", script: "success\n")
        let program = try bench.start(["run", "single", "-p", "doomed", "-t", "main", "-i", "5"])
        try await eventually("every instance runs") {
            program.output.split(separator: "\n").filter { $0.hasSuffix("ready") }.count == 5
        }
        let mark = "\(bench.outputs)/local_exec/doomed"
        let namespaces = { Set(processes(mentioning: mark).compactMap(self.network)) }
        #expect(namespaces().count == 5)
        kill(program.pid, SIGKILL)
        _ = await program.finish()
        let next = try await bench.call("run", "single", "-p", "next", "-t", "main", "-i", "1")
        #expect(next.status == 0, "\(next.text)")
        // A network namespace, and the device in it, lives as long as a process in it or a socket of it.
        #expect(processes(mentioning: mark) == [])
    }

    /// The network namespace of a process; nil when it has ended.
    private func network(of process: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
    }
}
