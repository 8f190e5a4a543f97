// Why something could not be carried out. A plan that failed is a result, never one of these.

/// An error of the execution layer: a code for machines, a sentence with a remedy for people.
package struct ExecutionError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case buildFailed = "build_failed"
        case toolMissing = "tool_missing"
        case artifactMissing = "artifact_missing"
        case configuration
        case unknownBuilder = "unknown_builder"
        case unknownRunner = "unknown_runner"
        case incompatible
        case disabled
        case queueFull = "queue_full"
        case notFound = "not_found"
        case resources
        case untrusted
        case storage
        case system
    }

    package var code: Code
    /// One sentence: what is wrong, with the offending value, and how to mend it.
    package var message: String
    /// Lines a person needs beside it, e.g. the compiler's.
    package var details: [String]

    package init(_ code: Code, _ message: String, details: [String] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    package var description: String { ([message] + details).joined(separator: "\n") }
}
