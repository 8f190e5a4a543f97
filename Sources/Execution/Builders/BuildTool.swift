// A build tool: a program that is called, watched, and never left behind.
//
// BuildTool.swift        calling it: output line by line, cancellation, a missing program
// BuildTranscript.swift  what is kept of its output for an error

import Execution
import LinuxSystem
import Subprocess
import SystemPackage

/// How a call of a tool ended.
struct ToolOutcome: Sendable {
    private var status: TerminationStatus
    private(set) var transcript: BuildTranscript

    init(status: TerminationStatus, transcript: BuildTranscript) {
        self.status = status
        self.transcript = transcript
    }

    var isSuccess: Bool { status.isSuccess }

    /// E.g. `exit status 2`.
    var ending: String {
        switch status {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}

/// A program that builders call.
struct BuildTool: Sendable {
    /// Its name, looked up in the environment's `PATH`.
    var program: String
    /// What to do when it is missing, e.g. ``install it with `apt-get install golang-go` ``.
    var remedy: String
    /// Its whole environment.
    var environment: [String: String]

    /// Time between SIGTERM and SIGKILL: compilers end at once, a linker or a package manager within this.
    var grace: Duration = .seconds(3)

    /// Bytes kept of the output of a call whose output is read, not shown: a large module graph has some 100
    /// KiB.
    private static let outputLimit = 16 << 20

    /// Becomes the tool, leaving beside it a watcher that kills the whole group once stdin ends: when the
    /// call is over, or when this process has died, by whatever signal.
    ///
    /// The tool itself reads nothing. The watcher holds none of its outputs, whose ends tell that it is done.
    static let guardScript = """
        exec 3<&0 </dev/null
        (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
        exec 3<&-
        exec "$@"
        """

    /// Calls the tool and hands over each line of its stdout and stderr as it comes.
    ///
    /// The tool runs in a session of its own. When the task is cancelled, it and its children get SIGTERM,
    /// after the grace SIGKILL, and are gone when this throws; children that outlive the tool are killed. A
    /// failing tool is a result.
    ///
    /// - Throws: `ExecutionError` with code `toolMissing` or `system`; `CancellationError`.
    func run(
        _ arguments: [String], in directory: String, isError: @Sendable (String) -> Bool = { _ in false },
        onLine: @Sendable (String) -> Void
    ) async throws -> ToolOutcome {
        let result = try await explaining(directory) {
            try await Subprocess.run(
                configuration(arguments, directory), input: .inputWriter, output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                var transcript = BuildTranscript()
                try await Self.lines(of: execution.standardOutput) { line in
                    transcript.append(line, isError: isError(line))
                    onLine(line)
                }
                await endRemains(of: execution)
                return transcript
            }
        }
        return ToolOutcome(status: result.terminationStatus, transcript: result.closureResult)
    }

    /// Calls the tool for what it answers on stdout.
    ///
    /// - Returns: nil for the answer when the tool failed; its stderr stands in the outcome.
    func ask(_ arguments: [String], in directory: String) async throws -> (answer: String?, ToolOutcome) {
        let result = try await explaining(directory) {
            try await Subprocess.run(
                configuration(arguments, directory), input: .inputWriter, output: .sequence, error: .sequence
            ) { execution in
                async let answer = Self.lines(of: execution.standardOutput)
                var transcript = BuildTranscript()
                try await Self.lines(of: execution.standardError) { transcript.append($0, isError: false) }
                let lines = try await answer
                await endRemains(of: execution)
                return (lines, transcript)
            }
        }
        let (lines, transcript) = result.closureResult
        let outcome = ToolOutcome(status: result.terminationStatus, transcript: transcript)
        return (outcome.isSuccess ? lines.joined(separator: "\n") : nil, outcome)
    }

    private func configuration(_ arguments: [String], _ directory: String) async throws -> Configuration {
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        let environment = Environment.custom(Dictionary(variables, uniquingKeysWith: { first, _ in first }))
        let path = try await Executable.name(program).resolveExecutablePath(in: environment)
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)
        ]
        return Configuration(
            executable: .path("/bin/sh"),
            arguments: Arguments(["-c", Self.guardScript, "sh", path.string] + arguments),
            environment: environment, workingDirectory: FilePath(directory), platformOptions: options)
    }

    /// All lines of a stream, up to the limit.
    private static func lines(of output: SubprocessOutputSequence) async throws -> [String] {
        var lines: [String] = []
        var bytes = 0
        try await Self.lines(of: output) { line in
            bytes += line.utf8.count + 1
            if bytes <= outputLimit { lines.append(line) }
        }
        guard bytes <= outputLimit else {
            throw ExecutionError(.system, "a build tool answered more than \(outputLimit) bytes")
        }
        return lines
    }

    /// Hands over a stream's lines until it or the process ends.
    private static func lines(
        of output: SubprocessOutputSequence, _ onLine: (String) -> Void
    ) async throws {
        var splitter = LineSplitter()
        for try await buffer in output {
            let bytes = buffer.bytes
            for offset in 0..<bytes.byteCount {
                if let line = splitter.add(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) {
                    onLine(line)
                }
            }
        }
        if let line = splitter.finish() { onLine(line) }
    }

    /// After a cancellation, waits until the tool is gone and ends those of its children that outlive it.
    private func endRemains<Input, Output, Failure>(
        of execution: Subprocess.Execution<Input, Output, Failure>
    ) async {
        guard Task.isCancelled else { return }
        // SIGTERM is on its way already. SIGCONT lets a stopped tool hear it; SIGKILL follows after the
        // grace.
        await execution.teardown(using: [
            .send(signal: .resume, toProcessGroup: true, allowedDurationToNextStep: grace + .seconds(1))
        ])
        // The tool itself is dead but not yet waited for, so its group's id cannot be anybody else's.
        try? execution.send(signal: .kill, toProcessGroup: true)
    }

    private func explaining<Value: ~Copyable>(
        _ directory: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            try Task.checkCancellation()
            let value = try await ForeignChildren.expect(during: body)
            try Task.checkCancellation()
            return value
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            if error.code == .executableNotFound {
                throw ExecutionError(.toolMissing, "`\(program)` is not in PATH: \(remedy)")
            }
            throw ExecutionError(
                .system, "`\(program)` could not be run in \(directory): \(error.description)")
        }
    }
}
