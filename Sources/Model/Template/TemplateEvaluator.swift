// Walks the statements of a template with its data. TemplateEvaluator+Pipelines.swift computes values.

/// One rendering.
///
/// Between operands a value is a `TemplateValue?`: nil is Go's "no value", which an absent map key gives.
/// Fields of no value are no value, and printed it is `<no value>`.
struct TemplateEvaluator {
    let source: TemplateSource
    let definitions: [String: [TemplateStatement]]
    let limits: TextTemplate.Limits
    var output = TemplateOutput()
    /// What Go would pass over in silence and a person surely did not mean.
    private(set) var warnings: [Diagnostic] = []
    /// A loop would repeat the same warning without end.
    private static let mostWarnings = 20
    /// Variables in scope, innermost last.
    var variables: [(name: String, value: TemplateValue?)] = []
    private var steps = 0
    private var nesting = 0
    /// Names of the `{{template}}` calls that are open.
    private var invocations: [String] = []

    /// What a list of statements did to the loop around it.
    private enum Flow {
        case onward
        case breakLoop
        case continueLoop
    }

    init(source: TemplateSource, definitions: [String: [TemplateStatement]], limits: TextTemplate.Limits) {
        self.source = source
        self.definitions = definitions
        self.limits = limits
    }

    mutating func render(
        _ statements: [TemplateStatement], data: TemplateValue
    ) throws(TemplateError) -> TemplateOutput {
        variables = [("$", data)]
        _ = try run(statements, data)
        return output
    }

    // MARK: Limits

    /// Counts a statement, an iteration or a call.
    mutating func step(at offset: Int) throws(TemplateError) {
        steps += 1
        guard steps <= limits.steps else {
            throw source.error(
                at: offset, "the template takes more than \(limits.steps) steps",
                remedy: "range over less, or write the values out")
        }
    }

    mutating func enter(at offset: Int) throws(TemplateError) {
        nesting += 1
        guard nesting <= limits.nesting else {
            throw source.error(
                at: offset,
                "blocks, parentheses and templates nested more than \(limits.nesting) deep"
                    + (invocations.isEmpty ? "" : ": \(cycle(invocations))"))
        }
    }

    mutating func leave() { nesting -= 1 }

    /// Appends to the output what an action or a text yields.
    private mutating func write(
        _ bytes: ArraySlice<UInt8>, from offset: Int, isVerbatim: Bool
    ) throws(TemplateError) {
        guard output.bytes.count + bytes.count <= limits.outputBytes else {
            throw source.error(at: offset, "the rendered text exceeds \(limits.outputBytes) bytes")
        }
        output.append(bytes, from: offset, isVerbatim: isVerbatim)
    }

    // MARK: Statements

    private mutating func run(
        _ statements: [TemplateStatement], _ dot: TemplateValue?
    ) throws(TemplateError) -> Flow {
        for statement in statements {
            switch statement {
            case .text(let range):
                try write(source.bytes[range], from: range.lowerBound, isVerbatim: true)
            case .action(let pipeline):
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty { try print(value, of: pipeline) }
            case .condition(let branch), .with(let branch):
                let isWith = if case .with = statement { true } else { false }
                let flow = try runBranch(branch, dot, rebindsDot: isWith)
                if flow != .onward { return flow }
            case .range(let branch):
                let flow = try runRange(branch, dot)
                if flow != .onward { return flow }
            case .invocation(let name, let data, let range): try invoke(name, data, dot, at: range.lowerBound)
            case .breakLoop: return .breakLoop
            case .continueLoop: return .continueLoop
            }
        }
        return .onward
    }

    private mutating func print(_ value: TemplateValue?, of pipeline: TemplatePipeline) throws(TemplateError)
    {
        let offset = pipeline.range.lowerBound
        if value == nil, warnings.count < Self.mostWarnings {
            warnings.append(
                Diagnostic(
                    .warning, at: source.location(at: offset),
                    "\(describe(pipeline.range)) has no value, so the text says <no value>",
                    remedy: "set it, or give a default: {{or … \"default\"}}"))
        }
        let text = value.map { TemplateFormat.print([$0]) } ?? "<no value>"
        try write(Array(text.utf8)[...], from: offset, isVerbatim: false)
    }

    private mutating func runBranch(
        _ branch: TemplateBranch, _ dot: TemplateValue?, rebindsDot: Bool
    ) throws(TemplateError) -> Flow {
        let scope = variables.count
        try enter(at: branch.pipeline.range.lowerBound)
        defer {
            variables.removeSubrange(scope...)
            leave()
        }
        let value = try evaluate(branch.pipeline, dot)
        guard value?.isTrue ?? false else { return try run(branch.alternative, dot) }
        return try run(branch.body, rebindsDot ? value : dot)
    }

    // MARK: Range

    /// A `{{continue}}` in its `{{else}}` is the outer loop's, a `{{break}}` there its own, as Go has it.
    private mutating func runRange(
        _ branch: TemplateBranch, _ dot: TemplateValue?
    ) throws(TemplateError) -> Flow {
        let scope = variables.count
        try enter(at: branch.pipeline.range.lowerBound)
        defer {
            variables.removeSubrange(scope...)
            leave()
        }
        let subject = try evaluate(branch.pipeline, dot)
        let isEmpty =
            switch subject {
            case .list(let elements):
                try iterate(
                    branch, elements.lazy.enumerated().map { (.integer(Int64($0.offset)), $0.element) })
            case .integer(let count):
                try iterateIntegers(branch, count)
            case nil, .null: true
            case .map, .strings:
                try iterate(branch, (subject?.sortedEntries ?? []).lazy.map { (.string($0.key), $0.value) })
            case .some(let other):
                throw source.error(
                    at: branch.pipeline.range.lowerBound,
                    "range can't iterate over \(describe(branch.pipeline.range)) of type \(other.typeName)",
                    remedy: "range takes lists, maps and integers")
            }
        guard isEmpty, try run(branch.alternative, dot) == .continueLoop else { return .onward }
        return .continueLoop
    }

    private mutating func iterateIntegers(
        _ branch: TemplateBranch, _ count: Int64
    ) throws(TemplateError) -> Bool {
        guard branch.pipeline.variables.count < 2 else {
            throw source.error(
                at: branch.pipeline.range.lowerBound, "range over an integer permits only one variable")
        }
        return try iterate(branch, (0..<max(0, count)).lazy.map { (.integer($0), .integer($0)) })
    }

    /// Runs the body for each pair of key and element; whether there was none.
    private mutating func iterate(
        _ branch: TemplateBranch, _ pairs: some Sequence<(TemplateValue, TemplateValue)>
    ) throws(TemplateError) -> Bool {
        let names = branch.pipeline.variables
        let scope = variables.count
        var isEmpty = true
        for (key, element) in pairs {
            isEmpty = false
            try step(at: branch.pipeline.range.lowerBound)
            if let last = names.last { try assign(last, element, at: branch.pipeline.range.lowerBound) }
            if names.count > 1 { try assign(names[0], key, at: branch.pipeline.range.lowerBound) }
            let flow = try run(branch.body, element)
            variables.removeSubrange(scope...)
            if flow == .breakLoop { break }
        }
        return isEmpty
    }

    // MARK: Named templates

    private mutating func invoke(
        _ name: String, _ data: TemplatePipeline?, _ dot: TemplateValue?, at offset: Int
    ) throws(TemplateError) {
        guard let body = definitions[name] else {
            throw source.error(
                at: offset, "template \(quoted(name)) not defined",
                remedy: nearestName(to: name, among: definitions.keys).map { "did you mean \(quoted($0))?" }
                    ?? "define it with {{define \(quoted(name))}}")
        }
        let dot = try data.map { pipeline throws(TemplateError) in try evaluate(pipeline, dot) } ?? nil
        guard invocations.count < limits.templateDepth else {
            throw source.error(
                at: offset,
                "templates call each other more than \(limits.templateDepth) deep: "
                    + cycle(invocations + [name]),
                remedy: "end the recursion with an {{if}}")
        }
        try step(at: offset)
        try enter(at: offset)
        invocations.append(name)
        // A template sees none of its caller's variables.
        let outer = variables
        variables = [("$", dot)]
        defer {
            variables = outer
            invocations.removeLast()
            leave()
        }
        _ = try run(body, dot)
    }

    /// The names a runaway recursion goes round in, such as `"a" → "b" → "a"`.
    private func cycle(_ names: [String]) -> String {
        guard let last = names.last else { return "" }
        let loop = names.dropLast().lastIndex(of: last).map { names[$0...] } ?? names[(names.count - 1)...]
        let shown = 10
        return loop.prefix(shown).map(quoted).joined(separator: " → ") + (loop.count > shown ? " → …" : "")
    }
}
