// Whether a group's artifact can be started at all: told before anything runs, in words instead of an errno.

import Execution
import LinuxSystem

enum ExecutableCheck {
    /// - Throws: `ExecutionError` with the code `artifactMissing` and the remedy.
    static func check(_ artifact: Artifact?, group: String) throws(ExecutionError) {
        switch artifact {
        case nil:
            throw ExecutionError(
                .artifactMissing, "group \"\(group)\" has no artifact to run; build it first")
        case .image(let name):
            throw ExecutionError(
                .incompatible,
                "group \"\(group)\" has the image \(name), but local:exec runs executables; use "
                    + "local:docker or an exec: builder")
        case .executable(let path):
            if let problem = problem(at: path) {
                throw ExecutionError(.artifactMissing, "artifact of group \"\(group)\": \(path) \(problem)")
            }
        }
    }

    private static func problem(at path: String) -> String? {
        guard path.hasPrefix("/") else { return "is not an absolute path" }
        switch ExecutableFile.inspect(path) {
        case .missing: return "does not exist; build the plan again"
        case .directory: return "is a directory, not an executable file"
        case .notExecutable: return "is not executable; run chmod +x on it, or have its build command do so"
        case .unreadable: return nil
        case .program: return nil
        case .truncatedProgram:
            return "is not a whole executable (its ELF header is cut short); build the plan again"
        case .script(let interpreter):
            guard !interpreter.isEmpty else {
                return "begins with #! but names no interpreter; write e.g. #!/bin/sh"
            }
            guard ExecutableFile.inspect(interpreter) != .missing else {
                return "wants the interpreter \(interpreter), which does not exist; install it or mend the "
                    + "#! line"
            }
            return nil
        case .unknown:
            return "is neither an ELF executable nor a script with a #! line; a script must begin with e.g. "
                + "#!/bin/sh"
        }
    }

    /// Why a checked artifact still could not be started.
    static func explain(_ error: SystemError, environmentBytes: Int) -> String {
        if error.isArgumentListTooLong {
            return
                "\(error); its environment has \(environmentBytes) bytes, and Linux allows 128 KiB a "
                + "variable: make the test parameters shorter"
        }
        if error.isOutOfProcesses {
            return "\(error); the machine or the user may have no further process: raise ulimit -u or pid_max"
        }
        if error.isOutOfDescriptors { return "\(error); raise the limit of open files (ulimit -n)" }
        return "could not be started: \(error)"
    }
}
