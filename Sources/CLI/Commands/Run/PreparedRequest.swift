// What flags and files come to: everything that the engine takes.

import Engine
import Execution
import TestgroundModel

struct PreparedRequest: Sendable {
    /// Longest time a run may take where neither flags nor `.env.toml` say otherwise.
    static let defaultTimeLimit = Duration.seconds(10 * 60)

    var composition: PreparedComposition
    var context: SubmissionContext
    var seed: UInt64
    var timeLimit: Duration
    /// Fail runs whose network did not keep its promises.
    var requiresTrust = false

    var runSubmission: RunSubmission {
        RunSubmission(
            composition: composition, context: context, seed: seed, timeLimit: timeLimit,
            requiresTrust: requiresTrust)
    }

    var buildSubmission: BuildSubmission {
        BuildSubmission(composition: composition, context: context)
    }

    /// The same runs with artifacts, by group of the composition, that were built meanwhile.
    func using(_ artifacts: [String: String]) -> PreparedRequest {
        var result = self
        var references: [String: String] = [:]
        for build in composition.builds {
            references[build.key] = build.groups.lazy.compactMap { artifacts[$0] }.first
        }
        for run in composition.runs.indices {
            for group in composition.runs[run].groups.indices {
                guard case .build(let key) = composition.runs[run].groups[group].artifact,
                    let reference = references[key]
                else { continue }
                result.composition.runs[run].groups[group].artifact = .existing(reference)
            }
        }
        return result
    }
}
