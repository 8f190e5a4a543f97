// Where the program writes, as values, so that everything above can be tested without a terminal.

/// Receives text; a pipe that nobody reads any more makes `write` throw.
package protocol TextOutput: Sendable {
    func write(_ text: String) throws
}

/// One of the program's two outputs and what is known of its other end.
package struct ConsoleStream: Sendable {
    package var output: any TextOutput
    package var isTerminal: Bool
    /// Columns of the terminal now; people resize windows.
    package var width: @Sendable () -> Int

    /// Width assumed where there is no terminal.
    package static let defaultWidth = 100

    package init(
        _ output: any TextOutput, isTerminal: Bool = false,
        width: @escaping @Sendable () -> Int = { defaultWidth }
    ) {
        self.output = output
        self.isTerminal = isTerminal
        self.width = width
    }
}

/// Standard output for results, standard error for what went wrong.
package struct Console: Sendable {
    package var output: ConsoleStream
    package var errors: ConsoleStream
    /// False with `--no-color`, or `NO_COLOR` set (https://no-color.org).
    package var allowsColour: Bool

    package init(output: ConsoleStream, errors: ConsoleStream, allowsColour: Bool = true) {
        self.output = output
        self.errors = errors
        self.allowsColour = allowsColour
    }

    var style: Style { Style(isColoured: allowsColour && output.isTerminal) }

    var errorStyle: Style { Style(isColoured: allowsColour && errors.isTerminal) }

    /// Writes a result. A reader that has gone (`testground tasks | head`) is no error of ours.
    func print(_ text: String) {
        try? output.output.write(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Writes something beside the result.
    func remark(_ text: String) {
        try? errors.output.write(text.hasSuffix("\n") ? text : text + "\n")
    }

    func warn(_ text: String) {
        remark(errorStyle(.boldYellow, "warning:") + " " + text)
    }
}
