// `collect`: a run's outputs as one archive.

import ArgumentParser
import Execution
import Foundation
import RunResults

struct CollectCommand: PlatformCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect", abstract: "Pack the outputs of a run into an archive.",
        discussion: """
            testground collect                        the newest run, into <run>.tgz
            testground collect <run> -o results.tgz

            Entries are <run>/<group>/<n>/…; the archive must not exist yet.
            """)

    @Argument(help: ArgumentHelp("The run's id; the newest if left out.", valueName: "run"))
    var runID: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("Look only among this runner's runs.", valueName: "runner"))
    var runner: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The archive to write; <run>.tgz if left out.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Options of every command") var global: GlobalFlags

    func run(on platform: Platform) async throws -> ExitStatus {
        let run: String
        if let runID {
            run = runID
        } else {
            let store = try await TaskAccess.store(platform)
            let newest = try await store.tasks(TaskFilter(kinds: [.run], limit: 1)).first
            guard let newest else {
                throw CommandError(.collectFailed, "there are no runs yet, so there is nothing to collect")
            }
            run = newest.id
        }
        let archive = platform.absolute(output ?? "\(run).tgz")
        let packed = try await Collection.collect(run: run, runner: runner, into: archive, platform)
        platform.console.print(
            global.json
                ? JSONText.line(packed) : "\(archive): \(Wording.count(packed.files, "file")), \(packed.size)"
        )
        return .success
    }
}

/// What was packed.
struct Collection: Encodable, Sendable {
    var kind = "collected"
    var archive: String
    var files: Int
    /// Bytes of the files before compression.
    var bytes: Int64

    var data: Data { Data(JSONText.line(self).dropLast().utf8) }

    var size: String { "\(Wording.number(Int(bytes))) bytes packed" }

    /// Packs a run's outputs, on a thread that may wait for the disk.
    static func collect(
        run: String, runner: String?, into archive: String, _ platform: Platform
    ) async throws -> Collection {
        let outputs = platform.outputs
        guard !FileManager.default.fileExists(atPath: archive) else {
            throw CommandError(
                .collectFailed, "the outputs of \(run) are not packed: there is a file \(archive) already",
                remedy: "remove it, or write another: testground collect \(run) --output other.tgz")
        }
        do {
            return try await BlockingWork.run("collect") {
                var packed = Collection(archive: archive, files: 0, bytes: 0)
                try outputs.collect(run: run, runner: runner, into: archive) { _, size in
                    packed.files += 1
                    packed.bytes += size
                }
                return packed
            }
        } catch let error as ExecutionError {
            throw CommandError(.collectFailed, error.message, details: error.details)
        }
    }
}
