// What every builder's build has in common: its place, its lock, its errors, the tools' lines on their way to
// the person.

import Execution
import Foundation
import LinuxSystem
import TestgroundModel

/// One build under way in its scratch space, whose lock is held.
struct BuildSteps: Sendable {
    let builder: String
    let request: BuildRequest
    let place: BuildPlace
    let progress: any ProgressSink

    /// Does a build, alone in its scratch space.
    static func perform(
        _ builder: String, _ request: BuildRequest, _ progress: any ProgressSink,
        _ body: (BuildSteps) async throws -> BuildResult
    ) async throws -> BuildResult {
        // Tools, and relative paths in manifests, go by where a directory really is.
        var request = request
        request.sources.directory = URL(filePath: request.sources.directory).resolvingSymlinksInPath()
            .path(percentEncoded: false)
        if request.sources.directory.hasSuffix("/") { request.sources.directory.removeLast() }
        let place = BuildPlace(request)
        let steps = BuildSteps(builder: builder, request: request, place: place, progress: progress)
        return try await explainingFiles(request.workDirectory) {
            try steps.checkSources()
            try place.makeDirectories()
            return try await BuildLock.hold(place.lock) {
                let groups = request.build.groups.joined(separator: ", ")
                progress.report(
                    .note(
                        "\(builder): groups \(groups) wait for another build of plan \"\(place.plan)\" "
                            + "(key \(request.build.key)) to end"))
            } body: {
                try await body(steps)
            }
        }
    }

    private func checkSources() throws {
        guard try FileStamp(path: request.sources.directory) != nil else {
            throw ExecutionError(
                .notFound, "the directory \(request.sources.directory) of plan \"\(place.plan)\" is missing")
        }
    }

    /// Calls a tool, shows its lines, and throws when it fails.
    @discardableResult
    func call(
        _ tool: BuildTool, _ arguments: [String], in directory: String,
        isError: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> BuildTranscript {
        let key = request.build.key
        let outcome = try await tool.run(arguments, in: directory, isError: isError) { [progress] line in
            progress.report(.buildOutput(key: key, line: line))
        }
        guard outcome.isSuccess else { throw failure(outcome) }
        return outcome.transcript
    }

    /// Calls a tool for what it says on stdout, and throws when it fails.
    func answer(_ tool: BuildTool, _ arguments: [String], in directory: String) async throws -> String {
        let (answer, outcome) = try await tool.ask(arguments, in: directory)
        guard let answer else { throw failure(outcome) }
        return answer
    }

    private func failure(_ outcome: ToolOutcome) -> ExecutionError {
        let lines = outcome.transcript.lines
        return failure(lines.isEmpty ? "\(outcome.ending), no output" : outcome.ending, details: lines)
    }

    func failure(_ reason: String, details: [String] = []) -> ExecutionError {
        ExecutionError(
            .buildFailed, "plan \"\(place.plan)\" does not build with \(builder): \(reason)", details: details
        )
    }

    /// Publishes the tool's product and keeps the record.
    ///
    /// - Returns: the artifact, and whether it is the one of the last build.
    func publish(product: String, _ record: BuildRecord) async throws -> (artifact: Artifact, cached: Bool) {
        let (place, name) = (place, BuildPlace.name(place.plan))
        let failure = failure("the tool succeeded, but \(product) is missing")
        return try await onThread("publish") {
            guard let stamp = try FileStamp(path: product) else { throw failure }
            if stamp == record.product, let path = record.artifact, Directories.exists(path) {
                return (.executable(path: path), true)
            }
            var record = record
            let path = try place.store.publish(file: product, as: name)
            let isSame = path == record.artifact
            record.product = stamp
            record.artifact = path
            try place.save(record)
            return (.executable(path: path), isSame)
        }
    }
}
