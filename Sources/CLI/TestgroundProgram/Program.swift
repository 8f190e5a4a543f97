// The program: the only place where concrete builders, runners and stores meet the commands.
//
// Program.swift           main: console, signals, exit status
// ProgramPlatform.swift   the platform: what is wired to what
// ProgramIdentity.swift   who this process is, and the ids it makes
// ToolProcess.swift       the person's own tools, e.g. git
// SyncServiceRun.swift    `testground sync-service`

import Commands
import LinuxSystem

@main enum Program {
    static func main() async {
        // A reader that has gone is an error of a write, not the death of the program.
        StandardStreams.prepare()
        let environment = ThisProcess.environment
        let console = Console(
            output: stream(.output), errors: stream(.errors),
            allowsColour: environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb")
        let arguments = Array(CommandLine.arguments.dropFirst())
        let status = await CommandLineProgram.run(arguments, console: console) { console in
            try ProgramPlatform.make(console, environment: environment)
        }
        ThisProcess.end(status: status.rawValue)
    }

    private static func stream(_ descriptor: ConsoleDescriptor) -> ConsoleStream {
        ConsoleStream(DescriptorOutput(descriptor: descriptor), isTerminal: descriptor.isTerminal) {
            descriptor.columns ?? ConsoleStream.defaultWidth
        }
    }
}

private struct DescriptorOutput: TextOutput {
    let descriptor: ConsoleDescriptor

    func write(_ text: String) throws { try descriptor.write(text) }
}
