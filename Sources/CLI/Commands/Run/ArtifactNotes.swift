// `--write-artifacts`: notes what was built in the composition it was built for.

import Execution
import Foundation
import TestgroundModel

enum ArtifactNotes {
    /// Refuses a template before anything is built: writing it back would lose what makes it one.
    static func check(_ text: String, file: String) throws {
        guard text.contains("{{") else { return }
        throw CommandError.usage(
            "\(file) is a template, so artifacts cannot be written into it",
            remedy: "run it without --write-artifacts; unchanged plans are not built again")
    }

    /// Writes each group's artifact into the file, which is replaced in one step. Comments do not survive.
    static func write(_ artifacts: [String: String], into file: String) throws {
        let text = try ModelFile.text(file, named: file, what: "composition")
        try check(text, file: file)
        let noted = try ModelFile.explaining { try Self.noted(artifacts, in: text, file: file) }
        do {
            try Data(noted.utf8).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw CommandError(
                .failed, "the artifacts cannot be written into \(file): \(error.fileReason)",
                remedy: "check its owner and the free space")
        }
    }

    /// The composition's text with the artifacts of its groups.
    static func noted(_ artifacts: [String: String], in text: String, file: String) throws -> String {
        var composition = try Composition.parse(text, file: file).value
        for index in composition.groups.indices {
            if let artifact = artifacts[composition.groups[index].id] {
                composition.groups[index].run.artifact = artifact
            }
        }
        return composition.text
    }
}
