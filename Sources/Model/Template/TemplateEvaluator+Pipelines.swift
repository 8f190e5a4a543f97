// Values of pipelines, commands and operands.

extension TemplateEvaluator {
    /// The value of a pipeline, which its variables take; a range gives them its elements later.
    mutating func evaluate(
        _ pipeline: TemplatePipeline, _ dot: TemplateValue?
    ) throws(TemplateError) -> TemplateValue? {
        try enter(at: pipeline.range.lowerBound)
        defer { leave() }
        var result: TemplateValue?
        for (index, command) in pipeline.commands.enumerated() {
            let final: Final = index == 0 ? .absent : .value(result)
            result = try evaluate(command, dot, final)
            // An interface that holds nil is unpacked to nothing at all.
            if result == .null { result = nil }
        }
        for name in pipeline.variables {
            if pipeline.isAssignment {
                try assign(name, result, at: pipeline.range.lowerBound)
            } else {
                variables.append((name, result))
            }
        }
        return result
    }

    /// The argument that the command before a `|` passes on.
    enum Final {
        case absent
        case value(TemplateValue?)

        var isAbsent: Bool { if case .absent = self { true } else { false } }
    }

    // MARK: Variables

    mutating func assign(_ name: String, _ value: TemplateValue?, at offset: Int) throws(TemplateError) {
        guard let index = variables.lastIndex(where: { $0.name == name }) else {
            throw source.error(at: offset, "variable \(quoted(name)) is assigned before it is declared")
        }
        variables[index].value = value
    }

    private func value(of name: String, at offset: Int) throws(TemplateError) -> TemplateValue? {
        guard let variable = variables.last(where: { $0.name == name }) else {
            throw source.error(at: offset, "variable \(quoted(name)) is used before it is declared")
        }
        return variable.value
    }

    // MARK: Commands and operands

    private mutating func evaluate(
        _ command: TemplateCommand, _ dot: TemplateValue?, _ final: Final
    ) throws(TemplateError) -> TemplateValue? {
        let first = command.operands[0]
        if case .function(let callee) = first.term {
            return try call(callee, at: first, command.operands.dropFirst(), dot, final)
        }
        guard command.operands.count == 1, final.isAbsent else {
            throw source.error(
                at: first.range.lowerBound, "can't give argument to non-function \(describe(first.range))")
        }
        if case .null = first.term {
            throw source.error(at: first.range.lowerBound, "nil is not a command")
        }
        return try evaluate(first, dot)
    }

    private mutating func evaluate(
        _ operand: TemplateOperand, _ dot: TemplateValue?
    ) throws(TemplateError) -> TemplateValue? {
        switch operand.term {
        case .null: return .some(.null)
        case .constant(let value): return value
        case .dot: return dot
        case .fields(let names): return try follow(names, from: dot, in: operand)
        case .variable(let name, let fields):
            return try follow(fields, from: try value(of: name, at: operand.range.lowerBound), in: operand)
        case .function(let callee): return try call(callee, at: operand, [], dot, .absent)
        case .pipeline(let pipeline): return try evaluate(pipeline, dot)
        case .chain(let receiver, let fields):
            return try follow(fields, from: try evaluate(receiver, dot), in: operand)
        }
    }

    private func follow(
        _ names: [String], from receiver: TemplateValue?, in operand: TemplateOperand
    ) throws(TemplateError) -> TemplateValue? {
        var value = receiver
        for name in names { value = try field(name, of: value, in: operand) }
        return value
    }

    private func field(
        _ name: String, of receiver: TemplateValue?, in operand: TemplateOperand
    ) throws(TemplateError) -> TemplateValue? {
        switch receiver {
        case nil: return nil
        case .map(let entries): return entries[name]
        case .strings(let entries): return entries[name].map { .string($0) }
        case .record(let fields):
            if let value = fields[name] { return value }
            let known = fields.keys.sorted().map { ".\($0)" }
            throw source.error(
                at: operand.range.lowerBound, "field .\(name) of \(describe(operand.range)) does not exist",
                remedy: "the data has \(known.joined(separator: ", "))")
        case .null:
            throw source.error(
                at: operand.range.lowerBound, "nil has no field .\(name) in \(describe(operand.range))")
        case .some(let other):
            throw source.error(
                at: operand.range.lowerBound,
                "can't evaluate field .\(name) of \(describe(operand.range)) in type \(other.typeName)",
                remedy: "only maps have fields")
        }
    }

    /// The source text of a range, for messages.
    func describe(_ range: Range<Int>) -> String { source.quotedExcerpt(range) }

    // MARK: Calls

    private mutating func call(
        _ callee: TemplateCallee, at operand: TemplateOperand, _ operands: ArraySlice<TemplateOperand>,
        _ dot: TemplateValue?, _ final: Final
    ) throws(TemplateError) -> TemplateValue? {
        let offset = operand.range.lowerBound
        try step(at: offset)
        try checkArity(callee, operands.count + (final.isAbsent ? 0 : 1), at: offset)
        if case .builtin(let builtin) = callee, builtin == .and || builtin == .or {
            return try shortCircuit(operands, dot, final, stopsAt: builtin == .or)
        }
        var arguments: [TemplateValue?] = []
        for operand in operands { arguments.append(try evaluate(operand, dot)) }
        if case .value(let value) = final { arguments.append(value) }
        do {
            let result =
                switch callee {
                case .builtin(let builtin): try builtin.call(arguments, limit: limits.outputBytes)
                case .custom(let function): try function.body(arguments.map { $0 ?? .null })
                }
            if case .string(let text)? = result, text.utf8.count > limits.outputBytes {
                throw TemplateFunction.Failure("the result exceeds \(limits.outputBytes) bytes")
            }
            return result
        } catch let failure as TemplateFunction.Failure {
            throw source.error(
                at: offset, "error calling \(callee.name): \(failure.message)", remedy: failure.remedy)
        } catch {
            throw source.error(at: offset, "error calling \(callee.name): \(error)")
        }
    }

    private func checkArity(_ callee: TemplateCallee, _ count: Int, at offset: Int) throws(TemplateError) {
        let (arity, isVariadic) = callee.arity
        guard isVariadic ? count < arity : count != arity else { return }
        throw source.error(
            at: offset,
            "wrong number of arguments for \(callee.name): want \(isVariadic ? "at least " : "")\(arity), "
                + "got \(count)")
    }

    /// `and` and `or` evaluate no argument after the one that decides.
    private mutating func shortCircuit(
        _ operands: ArraySlice<TemplateOperand>, _ dot: TemplateValue?, _ final: Final, stopsAt decisive: Bool
    ) throws(TemplateError) -> TemplateValue? {
        var result: TemplateValue?
        for operand in operands {
            result = try evaluate(operand, dot)
            if (result?.isTrue ?? false) == decisive { return result }
        }
        if case .value(let value) = final { return value }
        return result
    }
}

extension TemplateCallee {
    var name: String {
        switch self {
        case .builtin(let builtin): builtin.rawValue
        case .custom(let function): function.name
        }
    }

    var arity: (count: Int, isVariadic: Bool) {
        switch self {
        case .builtin(let builtin): (builtin.arity, builtin.isVariadic)
        case .custom(let function): (function.arity, function.isVariadic)
        }
    }
}
