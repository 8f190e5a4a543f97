// The outputs of all runs on this machine: finding a run, reading what was recorded, packing it.

import Archives
import Execution
import Foundation

/// `<outputs>/<runner with : as _>/<plan>/<run>/<group>/<n>/…` (contract §3).
package struct OutputsDirectory: Sendable {
    package var path: String

    /// Folders below the outputs that a run's may lie at: the runner's, the plan's name (which may hold
    /// slashes), the run's.
    private static let deepestRun = 6

    package init(path: String) {
        self.path = path
    }

    /// The directory of a run, nil when there is none.
    ///
    /// - Parameter runner: look only among this runner's.
    package func directory(ofRun run: String, runner: String? = nil) -> String? {
        guard !run.isEmpty, !run.contains("/"), run != ".", run != ".." else { return nil }
        let start = runner.map { "\(path)/\(folderName(of: $0))" } ?? path
        var level = [start]
        for _ in 0..<Self.deepestRun {
            var next: [String] = []
            for directory in level {
                let candidate = "\(directory)/\(run)"
                if isRun(candidate) { return candidate }
                next += folders(in: directory).filter { !isRun($0) }
            }
            level = next
        }
        return nil
    }

    /// - Throws: `ExecutionError` when the run has no summary, or one that cannot be read.
    package static func summary(in directory: String) throws -> RunSummary {
        let file = "\(directory)/\(FileRecorder.summaryName)"
        do {
            let data = try Data(contentsOf: URL(filePath: file))
            let summary = try JSONDecoder().decode(RunSummary.self, from: data)
            guard summary.version <= RunSummary.currentVersion else {
                throw ExecutionError(
                    .storage,
                    "\(file) was written by a newer version (format \(summary.version)); update this one")
            }
            return summary
        } catch let error as ExecutionError {
            throw error
        } catch {
            throw ExecutionError(
                .storage, "\(file) cannot be read: \(error.fileReason)")
        }
    }

    /// Packs a run's outputs into a `.tgz` whose entries start with `<run>/<group>/<n>/`.
    ///
    /// - Throws: `ExecutionError` when the run is unknown, the archive exists or cannot be written.
    package func collect(
        run: String, runner: String? = nil, into archive: String, entry: (String, Int64) -> Void = { _, _ in }
    ) throws {
        guard let directory = directory(ofRun: run, runner: runner) else {
            let place = runner.map { " of \($0)" } ?? ""
            throw ExecutionError(
                .notFound,
                "there are no outputs of a run \(run)\(place) below \(path); `testground tasks` lists runs")
        }
        do {
            try DirectoryArchive.write([.init(directory: directory, name: run)], to: archive, entry: entry)
        } catch let error as ArchiveError {
            throw ExecutionError(.storage, "the outputs of \(run) could not be packed: \(error.message)")
        }
    }

    private func isRun(_ directory: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(directory)/\(FileRecorder.journalName)")
    }

    private func folders(in directory: String) -> [String] {
        let url = URL(filePath: directory)
        let entries = try? FileManager.default.contentsOfDirectory(
            at: url, includingPropertiesForKeys: [.isDirectoryKey], options: [.skipsHiddenFiles])
        return (entries ?? []).filter { $0.hasDirectoryPath }.map { $0.path(percentEncoded: false) }
            .map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }
}

extension OutputsDirectory {
    /// The entries of a task's journal, in order; a last line cut by a killed program is left out.
    package static func journal(in directory: String) throws -> [JournalEntry] {
        let file = "\(directory)/\(FileRecorder.journalName)"
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file), options: .mappedIfSafe)
        } catch {
            throw ExecutionError(.notFound, "\(file) cannot be read: \(error.fileReason)")
        }
        let decoder = JSONDecoder()
        return data.split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(JournalEntry.self, from: $0)
        }
    }
}
