// Tokens to the syntax tree: pipelines, commands and operands.

extension TemplateParser {
    /// `declarations? command ('|' command)*` and what ends it.
    mutating func parsePipeline(
        _ context: String, until end: TemplateToken.Kind
    ) throws(TemplateError) -> TemplatePipeline {
        skipSpaces()
        let start = token.range.lowerBound
        var pipeline = TemplatePipeline(
            variables: [], isAssignment: false, commands: [], range: start..<start)
        try parseDeclarations(into: &pipeline, context)
        while true {
            skipSpaces()
            if token.kind == end { break }
            guard startsOperand(token.kind) else { throw unexpected(in: context) }
            pipeline.commands.append(try parseCommand())
        }
        pipeline.range = start..<max(start, token.range.lowerBound)
        next += 1
        try check(pipeline, context)
        if pipeline.isAssignment {
            for name in pipeline.variables where !variables.contains(name) {
                throw undefinedVariable(name, at: pipeline.range)
            }
        } else {
            variables += pipeline.variables
        }
        return pipeline
    }

    private func startsOperand(_ kind: TemplateToken.Kind) -> Bool {
        switch kind {
        case .boolean, .character, .dot, .field, .identifier, .number, .null, .rawString, .quotedString,
            .variable, .leftParenthesis:
            true
        default: false
        }
    }

    private func check(_ pipeline: TemplatePipeline, _ context: String) throws(TemplateError) {
        guard !pipeline.commands.isEmpty else {
            throw source.error(at: pipeline.range.lowerBound, "missing value for \(context)")
        }
        for (index, command) in pipeline.commands.enumerated().dropFirst() {
            switch command.operands[0].term {
            case .constant, .dot, .null:
                let range = command.operands[0].range
                throw source.error(
                    at: range.lowerBound,
                    "\(source.quotedExcerpt(range)) in stage \(index + 1) of a pipeline is no function",
                    remedy: "what follows | takes the value before it as its last argument")
            case .fields, .variable, .function, .pipeline, .chain: continue
            }
        }
    }

    /// `$x :=`, `$x =`, and in a range `$i, $x :=`.
    private mutating func parseDeclarations(
        into pipeline: inout TemplatePipeline, _ context: String
    ) throws(TemplateError) {
        let first = next
        while token.kind == .variable {
            let variable = take()
            let name = source.text(variable.range)
            skipSpaces()
            switch token.kind {
            case .declare, .assign:
                pipeline.isAssignment = token.kind == .assign
                pipeline.variables.append(name)
                next += 1
                return
            case .comma:
                pipeline.variables.append(name)
                guard context == "range", pipeline.variables.count < 2 else {
                    throw source.error(at: variable.range.lowerBound, "too many declarations in \(context)")
                }
                next += 1
                skipSpaces()
                guard token.kind == .variable else {
                    throw source.error(
                        at: token.range.lowerBound, "range can only initialize variables",
                        remedy: "write {{range $index, $element := …}}")
                }
            default:
                guard pipeline.variables.isEmpty else { throw unexpected(in: context) }
                // A variable as an operand: the command reads it again.
                next = first
                return
            }
        }
    }

    private func undefinedVariable(_ name: String, at range: Range<Int>) -> TemplateError {
        let suggestion = nearestName(to: name, among: variables.filter { $0 != "$" }).map {
            "did you mean \($0)?"
        }
        return source.error(
            at: range.lowerBound, "undefined variable \(quoted(name))",
            remedy: suggestion ?? "declare it with {{\(name) := …}}")
    }

    // MARK: Commands and operands

    /// Operands separated by spaces, up to a `|`, which is taken, or to the pipeline's end, which is not.
    private mutating func parseCommand() throws(TemplateError) -> TemplateCommand {
        var operands: [TemplateOperand] = []
        while true {
            skipSpaces()
            if startsOperand(token.kind) { operands.append(try parseOperand()) }
            switch token.kind {
            case .space: continue
            case .rightDelimiter, .rightParenthesis: break
            case .pipe: next += 1
            default: throw unexpected(in: "operand")
            }
            return TemplateCommand(operands: operands)
        }
    }

    /// A term with the fields that follow it without a space.
    private mutating func parseOperand() throws(TemplateError) -> TemplateOperand {
        let first = token
        let start = first.range.lowerBound
        let term = try parseTerm()
        var fields: [String] = []
        while token.kind == .field { fields.append(fieldName(take())) }
        let end = tokens[next - 1].range.upperBound
        guard !fields.isEmpty else { return TemplateOperand(term: term, range: start..<end) }
        switch term {
        case .fields(let before):
            return TemplateOperand(term: .fields(before + fields), range: start..<end)
        case .variable(let name, let before):
            return TemplateOperand(term: .variable(name, fields: before + fields), range: start..<end)
        case .function, .pipeline, .chain:
            let receiver = TemplateOperand(term: term, range: start..<first.range.upperBound)
            return TemplateOperand(term: .chain(receiver, fields: fields), range: start..<end)
        case .constant, .dot, .null:
            throw source.error(
                at: first.range.upperBound, "unexpected . after \(source.quotedExcerpt(first.range))")
        }
    }

    private func fieldName(_ token: TemplateToken) -> String {
        source.text(token.range.lowerBound + 1..<token.range.upperBound)
    }

    private mutating func parseTerm() throws(TemplateError) -> TemplateOperand.Term {
        let token = take()
        switch token.kind {
        case .identifier: return .function(try callee(token))
        case .dot: return .dot
        case .null: return .null
        case .boolean(let value): return .constant(.boolean(value))
        case .field: return .fields([fieldName(token)])
        case .variable:
            let name = source.text(token.range)
            guard variables.contains(name) else { throw undefinedVariable(name, at: token.range) }
            return .variable(name, fields: [])
        case .number, .character: return .constant(try numberLiteral(token))
        case .quotedString, .rawString: return .constant(.string(try stringLiteral(token)))
        case .leftParenthesis: return .pipeline(try parseParentheses(token))
        default:
            next -= 1
            throw unexpected(in: "operand")
        }
    }

    private mutating func parseParentheses(_ open: TemplateToken) throws(TemplateError) -> TemplatePipeline {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= limits.nesting else {
            throw source.error(
                at: open.range.lowerBound, "parentheses nested more than \(limits.nesting) deep")
        }
        return try parsePipeline("parenthesized pipeline", until: .rightParenthesis)
    }

    /// Functions of the caller come before the predefined ones.
    private func callee(_ token: TemplateToken) throws(TemplateError) -> TemplateCallee {
        let name = source.text(token.range)
        if let function = functions[name] { return .custom(function) }
        if let builtin = TemplateBuiltin(rawValue: name) { return .builtin(builtin) }
        let known = TemplateBuiltin.allCases.map(\.rawValue) + functions.keys
        throw source.error(
            at: token.range.lowerBound, "function \(quoted(name)) not defined",
            remedy: nearestName(to: name, among: known).map { "did you mean \(quoted($0))?" }
                ?? "known functions: \(known.sorted().joined(separator: " "))")
    }
}
