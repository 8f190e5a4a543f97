// How the program ends, and what it says when it could not do what it was asked.

import Execution
import Foundation

/// The program's exit status (contract §8).
package enum ExitStatus: Int32, Sendable {
    /// Everything asked for succeeded.
    case success = 0
    /// A run, a build or a check failed.
    case failed = 1
    /// Wrong use: flags, files, names.
    case usage = 2
    /// Outputs could not be collected.
    case collectFailed = 3
    /// Cancelled by SIGINT: 128 + 2, as shells report it.
    case interrupted = 130
    /// Cancelled by SIGTERM: 128 + 15.
    case terminated = 143
}

/// Why a command could not do what it was asked: one sentence with the offending value, and a remedy.
struct CommandError: Error, Sendable {
    var status: ExitStatus
    var message: String
    var remedy: String?
    /// Lines a person needs beside it.
    var details: [String]

    init(_ status: ExitStatus, _ message: String, remedy: String? = nil, details: [String] = []) {
        self.status = status
        self.message = message
        self.remedy = remedy
        self.details = details
    }

    /// Wrong use.
    static func usage(_ message: String, remedy: String? = nil) -> CommandError {
        CommandError(.usage, message, remedy: remedy)
    }

    /// Any error as one of these: nobody sees a type's name or a stack.
    static func describing(_ error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: return error
        case let error as ExecutionError:
            let status: ExitStatus =
                switch error.code {
                case .configuration, .unknownBuilder, .unknownRunner, .incompatible, .disabled, .notFound:
                    .usage
                default: .failed
                }
            return CommandError(status, error.message, details: error.details)
        case is CancellationError: return CommandError(.interrupted, "canceled")
        default: return CommandError(.failed, sentence(error))
        }
    }

    /// Foundation's errors have a sentence for people; ours describe themselves.
    private static func sentence(_ error: any Error) -> String {
        error is CocoaError || error is POSIXError || error is URLError
            ? error.fileReason : "\(error)"
    }

    func text(style: Style) -> String {
        var text =
            style(.boldRed, "error:") + " " + VisibleText.lines(message).joined(separator: "\n  ") + "\n"
        for detail in details.flatMap(VisibleText.lines) { text += "  " + detail + "\n" }
        if let remedy {
            text += style(.dim, "remedy:") + " " + VisibleText.lines(remedy).joined(separator: "\n  ") + "\n"
        }
        return text
    }
}
