// The person's own tools, on the person's own terminal.

import Execution
import Foundation

enum ToolProcess {
    /// Runs a program found in PATH, with its output on the console, and returns its exit status.
    @Sendable static func run(_ arguments: [String], in directory: String) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
                do {
                    try process.run()
                } catch {
                    process.terminationHandler = nil
                    let tool = arguments.first ?? ""
                    continuation.resume(
                        throwing: ExecutionError(
                            .toolMissing, "\(tool) cannot be run: \(error.fileReason)"))
                }
            }
        } onCancel: {
            if process.isRunning { process.terminate() }
        }
    }
}
