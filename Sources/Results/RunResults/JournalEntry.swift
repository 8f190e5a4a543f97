// One line of a journal: what happened and when, as one JSON object.

package import Execution
import InstanceContract
import TestgroundModel

/// A progress event with its time; `journal.jsonl` holds one a line, and `--json` prints the same.
package struct JournalEntry: Sendable {
    /// Seconds since work on the task began.
    package var at: Double
    package var event: ProgressEvent

    package init(at: Double, event: ProgressEvent) {
        self.at = at
        self.event = event
    }
}

extension JournalEntry: Codable {
    private enum Kind: String, Codable {
        case note, warning, phase, event, output, ended
        case buildStarted = "build_started"
        case buildOutput = "build_output"
        case buildFinished = "build_finished"
    }

    private enum CodingKeys: String, CodingKey {
        case at, kind, message, file, line, column, remedy, severity, key, builder, groups, text, artifact
        case artifactKind = "artifact_kind"
        case dependencies, cached, seconds, phase, count, total, group, index, event, stderr, instance
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode((at * 1e6).rounded() / 1e6, forKey: .at)
        switch event {
        case .note(let text):
            try values.encode(Kind.note, forKey: .kind)
            try values.encode(text, forKey: .message)
        case .warning(let diagnostic):
            try values.encode(Kind.warning, forKey: .kind)
            try encode(diagnostic, in: &values)
        case .buildStarted(let key, let builder, let groups):
            try values.encode(Kind.buildStarted, forKey: .kind)
            try values.encode(key, forKey: .key)
            try values.encode(builder, forKey: .builder)
            try values.encode(groups, forKey: .groups)
        case .buildOutput(let key, let line):
            try values.encode(Kind.buildOutput, forKey: .kind)
            try values.encode(key, forKey: .key)
            try values.encode(line, forKey: .text)
        case .buildFinished(let key, let result, let seconds):
            try values.encode(Kind.buildFinished, forKey: .kind)
            try values.encode(key, forKey: .key)
            try values.encode(result.artifact.reference, forKey: .artifact)
            try values.encode(result.artifact.kind, forKey: .artifactKind)
            if !result.dependencies.isEmpty { try values.encode(result.dependencies, forKey: .dependencies) }
            try values.encode(result.cached, forKey: .cached)
            try values.encode(seconds, forKey: .seconds)
        case .phase(let phase, let count, let total):
            try values.encode(Kind.phase, forKey: .kind)
            try values.encode(phase, forKey: .phase)
            try values.encode(count, forKey: .count)
            try values.encode(total, forKey: .total)
        case .instanceEvent(let instance, let line):
            try values.encode(Kind.event, forKey: .kind)
            try encode(instance, in: &values)
            try values.encode(RecordedEvent(line), forKey: .event)
        case .instanceOutput(let instance, let line, let isError):
            try values.encode(Kind.output, forKey: .kind)
            try encode(instance, in: &values)
            try values.encode(line, forKey: .text)
            if isError { try values.encode(true, forKey: .stderr) }
        case .instanceEnded(let record):
            try values.encode(Kind.ended, forKey: .kind)
            try values.encode(record, forKey: .instance)
        }
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        at = try values.decode(Double.self, forKey: .at)
        switch try values.decode(Kind.self, forKey: .kind) {
        case .note: event = .note(try values.decode(String.self, forKey: .message))
        case .warning: event = .warning(try Self.diagnostic(in: values))
        case .buildStarted:
            event = .buildStarted(
                key: try values.decode(String.self, forKey: .key),
                builder: try values.decode(String.self, forKey: .builder),
                groups: try values.decode([String].self, forKey: .groups))
        case .buildOutput:
            event = .buildOutput(
                key: try values.decode(String.self, forKey: .key),
                line: try values.decode(String.self, forKey: .text))
        case .buildFinished:
            let reference = try values.decode(String.self, forKey: .artifact)
            let artifact: Artifact =
                switch try values.decode(ArtifactKind.self, forKey: .artifactKind) {
                case .executable: .executable(path: reference)
                case .image: .image(reference)
                }
            event = .buildFinished(
                key: try values.decode(String.self, forKey: .key),
                result: BuildResult(
                    artifact: artifact,
                    dependencies: try values.decodeIfPresent([String: String].self, forKey: .dependencies)
                        ?? [:],
                    cached: try values.decode(Bool.self, forKey: .cached)),
                seconds: try values.decode(Double.self, forKey: .seconds))
        case .phase:
            event = .phase(
                try values.decode(RunPhase.self, forKey: .phase),
                count: try values.decode(Int.self, forKey: .count),
                total: try values.decode(Int.self, forKey: .total))
        case .event:
            event = .instanceEvent(
                try Self.instance(in: values), try values.decode(RecordedEvent.self, forKey: .event).line)
        case .output:
            event = .instanceOutput(
                try Self.instance(in: values), line: try values.decode(String.self, forKey: .text),
                isError: try values.decodeIfPresent(Bool.self, forKey: .stderr) ?? false)
        case .ended:
            event = .instanceEnded(try values.decode(InstanceRecord.self, forKey: .instance))
        }
    }

    private func encode(
        _ instance: InstanceReference, in values: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        try values.encode(instance.group, forKey: .group)
        try values.encode(instance.index, forKey: .index)
    }

    private static func instance(
        in values: KeyedDecodingContainer<CodingKeys>
    ) throws -> InstanceReference {
        InstanceReference(
            group: try values.decode(String.self, forKey: .group),
            index: try values.decode(Int.self, forKey: .index))
    }

    private func encode(
        _ diagnostic: Diagnostic, in values: inout KeyedEncodingContainer<CodingKeys>
    ) throws {
        try values.encode(diagnostic.severity.rawValue, forKey: .severity)
        try values.encode(diagnostic.message, forKey: .message)
        try values.encodeIfPresent(diagnostic.remedy, forKey: .remedy)
        guard let location = diagnostic.location else { return }
        try values.encode(location.file, forKey: .file)
        try values.encode(location.line, forKey: .line)
        try values.encode(location.column, forKey: .column)
    }

    private static func diagnostic(in values: KeyedDecodingContainer<CodingKeys>) throws -> Diagnostic {
        var location: SourceLocation?
        if let file = try values.decodeIfPresent(String.self, forKey: .file) {
            location = SourceLocation(
                file: file, line: try values.decode(Int.self, forKey: .line),
                column: try values.decode(Int.self, forKey: .column))
        }
        let severity = Diagnostic.Severity(rawValue: try values.decode(String.self, forKey: .severity))
        return Diagnostic(
            severity ?? .warning, at: location, try values.decode(String.self, forKey: .message),
            remedy: try values.decodeIfPresent(String.self, forKey: .remedy))
    }
}
