// Why the emulator could not do what it was asked.

package import LinuxSystem

package struct EmulatorError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// The kernel refused something.
        case system
        /// The switch has as many members as it may.
        case full
        /// A configuration that cannot be applied.
        case configuration
        /// Too many changes wait.
        case overloaded
        /// The emulator has been stopped.
        case stopped
    }

    package var code: Code
    /// One sentence: what is wrong, with the offending value, and how to mend it.
    package var message: String
    package var cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }
}
