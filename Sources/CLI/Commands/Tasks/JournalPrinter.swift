// A task's journal, printed as the run was.

import Execution
import Foundation
import RunResults

struct JournalPrinter {
    /// Time between two looks at a journal that grows. Another process writes it, so there is nobody to
    /// wait for.
    private static let followInterval = Duration.milliseconds(200)
    /// Bytes read at a time.
    private static let blockBytes = 256 * 1024

    var platform: Platform
    var store: any TaskStore
    var flags: GlobalFlags

    func print(_ record: TaskRecord, follow: Bool) async throws {
        var record = record
        var file: FileHandle?
        var rest = Data()
        let console = platform.console
        var format = LineFormat(style: console.style)
        while true {
            // The state first: what is in the journal after the end was seen is all there is.
            if follow, let current = try await store.task(id: record.id) { record = current }
            let hasEnded = record.isEnded || !follow
            if file == nil { file = open(record) }
            while let block = try file?.read(upToCount: Self.blockBytes), !block.isEmpty {
                rest.append(block)
                try write(completeLines(of: &rest), &format)
            }
            if hasEnded { break }
            try await Task.sleep(for: Self.followInterval)
        }
        guard file != nil || !record.isEnded else {
            throw CommandError.usage(
                "task \(record.id) has no journal: \(record.error ?? "work on it never began")")
        }
        if record.isEnded, !flags.json, !flags.quiet {
            let directory = TaskAccess.directory(of: record, platform)
            let summary = directory.flatMap { try? OutputsDirectory.summary(in: $0) }
            let verdict = VerdictSource.verdict(of: record, summary: summary, directory: directory)
            console.print(verdict.text(style: console.style))
        }
    }

    private func open(_ record: TaskRecord) -> FileHandle? {
        guard let directory = TaskAccess.directory(of: record, platform) else { return nil }
        return FileHandle(forReadingAtPath: "\(directory)/\(FileRecorder.journalName)")
    }

    private func completeLines(of data: inout Data) -> [Data] {
        guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = data[...end].split(separator: UInt8(ascii: "\n")).map { Data($0) }
        data = Data(data[data.index(after: end)...])
        return lines
    }

    private func write(_ lines: [Data], _ format: inout LineFormat) throws {
        let decoder = JSONDecoder()
        for line in lines {
            if flags.json {
                try platform.console.output.output.write(String(decoding: line, as: UTF8.self) + "\n")
                continue
            }
            guard let entry = try? decoder.decode(JournalEntry.self, from: line) else { continue }
            if case .instanceEvent(let instance, _) = entry.event { format.learn(instance) }
            let text = format.text(entry.event, at: entry.at)
            if !text.isEmpty { try platform.console.output.output.write(text) }
        }
    }
}
