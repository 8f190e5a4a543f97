// Tokens to the syntax tree: the statements. Pipelines are in TemplateParser+Pipelines.swift.

/// A recursive-descent parser over the tokens of one template.
struct TemplateParser {
    let source: TemplateSource
    let tokens: [TemplateToken]
    let functions: [String: TemplateFunction]
    let limits: TextTemplate.Limits
    var next = 0
    /// Variables in scope; `$` is the data.
    var variables = ["$"]
    /// Blocks and parentheses open here.
    var nesting = 0
    private var rangeDepth = 0
    private var definitions: [String: [TemplateStatement]] = [:]

    /// What ended a list of statements.
    private enum Terminator {
        case end
        /// `{{else}}`, or in `{{else if …}}` and `{{else with …}}` the keyword, which begins a branch of its
        /// own.
        case otherwise(chained: TemplateToken?)
        case endOfText
    }

    static func parse(
        _ source: TemplateSource, functions: [TemplateFunction], limits: TextTemplate.Limits
    ) throws(TemplateError) -> TemplateSyntax {
        var parser = TemplateParser(source: source, functions: functions, limits: limits)
        let main = try parser.parseStatements(openedBy: nil, allowsDefinitions: true).statements
        return TemplateSyntax(main: main, definitions: parser.definitions)
    }

    private init(source: TemplateSource, functions: [TemplateFunction], limits: TextTemplate.Limits) {
        self.source = source
        self.functions = Dictionary(functions.map { ($0.name, $0) }) { _, last in last }
        self.limits = limits
        tokens = TemplateLexer.tokens(of: source)
    }

    // MARK: Tokens

    var token: TemplateToken { tokens[min(next, tokens.count - 1)] }

    mutating func skipSpaces() {
        while token.kind == .space { next += 1 }
    }

    mutating func take() -> TemplateToken {
        defer { next += 1 }
        return token
    }

    mutating func expect(_ kind: TemplateToken.Kind, in context: String) throws(TemplateError)
        -> TemplateToken
    {
        skipSpaces()
        guard token.kind == kind else { throw unexpected(in: context) }
        return take()
    }

    /// The error for a token that cannot stand where it does, or for the lexer's failure.
    func unexpected(in context: String) -> TemplateError {
        switch token.kind {
        case .failure(let message, let remedy):
            source.error(at: token.range.lowerBound, message, remedy: remedy)
        case .end:
            source.error(at: token.range.lowerBound, "unexpected end of the template in \(context)")
        case .keyword(let keyword):
            source.error(at: token.range.lowerBound, "unexpected {{\(keyword.rawValue)}} in \(context)")
        default:
            source.error(
                at: token.range.lowerBound, "unexpected \(source.quotedExcerpt(token.range)) in \(context)")
        }
    }

    // MARK: Statements

    /// Statements up to the `end` or `else` of what opened them, or to the end of the text.
    private mutating func parseStatements(
        openedBy opener: TemplateToken?, allowsDefinitions: Bool = false
    ) throws(TemplateError) -> (statements: [TemplateStatement], terminator: Terminator) {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= limits.nesting else {
            throw source.error(
                at: token.range.lowerBound, "blocks nested more than \(limits.nesting) deep")
        }
        var statements: [TemplateStatement] = []
        while true {
            switch token.kind {
            case .text: statements.append(.text(take().range))
            case .leftDelimiter:
                next += 1
                skipSpaces()
                if allowsDefinitions, token.kind == .keyword(.define) {
                    try parseDefinition()
                } else if let terminator = try parseTerminator(openedBy: opener) {
                    return (statements, terminator)
                } else {
                    statements.append(try parseStatement())
                }
            case .end:
                guard let opener else { return (statements, .endOfText) }
                throw source.error(
                    at: opener.range.lowerBound, "{{\(source.text(opener.range))}} has no {{end}}",
                    remedy: "close it with {{end}}")
            default: throw unexpected(in: "text")
            }
        }
    }

    private mutating func parseTerminator(
        openedBy opener: TemplateToken?
    ) throws(TemplateError) -> Terminator? {
        let keyword = token
        guard keyword.kind == .keyword(.end) || keyword.kind == .keyword(.else) else { return nil }
        guard opener != nil else {
            throw source.error(
                at: keyword.range.lowerBound, "unexpected {{\(source.text(keyword.range))}}",
                remedy: "no if, with, range, define or block is open here")
        }
        next += 1
        guard keyword.kind == .keyword(.else) else {
            _ = try expect(.rightDelimiter, in: "end")
            return .end
        }
        skipSpaces()
        if token.kind == .keyword(.if) || token.kind == .keyword(.with) { return .otherwise(chained: take()) }
        _ = try expect(.rightDelimiter, in: "else")
        return .otherwise(chained: nil)
    }

    private mutating func parseStatement() throws(TemplateError) -> TemplateStatement {
        let opener = token
        guard case .keyword(let keyword) = opener.kind else {
            return .action(try parsePipeline("command", until: .rightDelimiter))
        }
        next += 1
        switch keyword {
        case .if: return .condition(try parseBranch(opener, "if"))
        case .with: return .with(try parseBranch(opener, "with"))
        case .range: return .range(try parseBranch(opener, "range"))
        case .template: return try parseInvocation()
        case .block: return try parseBlock(opener)
        case .break, .continue: return try parseLoopExit(opener, keyword)
        case .define:
            throw source.error(
                at: opener.range.lowerBound, "unexpected {{define}}",
                remedy: "define templates outside every other block")
        case .end, .else:
            next -= 1
            throw unexpected(in: "command")
        }
    }

    private mutating func parseLoopExit(
        _ opener: TemplateToken, _ keyword: TemplateToken.Keyword
    ) throws(TemplateError) -> TemplateStatement {
        let name = keyword.rawValue
        _ = try expect(.rightDelimiter, in: "{{\(name)}}")
        guard rangeDepth > 0 else {
            throw source.error(at: opener.range.lowerBound, "{{\(name)}} outside {{range}}")
        }
        return keyword == .break ? .breakLoop : .continueLoop
    }

    /// The rest of an `if`, `with` or `range`. `{{else if}}` and `{{else with}}` share the outer `{{end}}`.
    private mutating func parseBranch(
        _ opener: TemplateToken, _ name: String
    ) throws(TemplateError) -> TemplateBranch {
        let scope = variables.count
        defer { variables.removeSubrange(scope...) }
        let pipeline = try parsePipeline(name, until: .rightDelimiter)
        if name == "range" { rangeDepth += 1 }
        let (body, terminator) = try parseStatements(openedBy: opener)
        if name == "range" { rangeDepth -= 1 }
        var branch = TemplateBranch(pipeline: pipeline, body: body, alternative: [])
        guard case .otherwise(let chained) = terminator else { return branch }
        if let chained {
            guard chained.kind == opener.kind else {
                throw source.error(
                    at: chained.range.lowerBound,
                    "unexpected {{else \(source.text(chained.range))}} in \(name)",
                    remedy: "write {{else}}{{\(source.text(chained.range)) …}} and close both")
            }
            nesting += 1
            defer { nesting -= 1 }
            let inner = try parseBranch(chained, name)
            branch.alternative = [name == "if" ? .condition(inner) : .with(inner)]
            return branch
        }
        let (alternative, end) = try parseStatements(openedBy: opener)
        guard case .end = end else {
            throw source.error(
                at: tokens[max(0, next - 1)].range.lowerBound, "expected {{end}}; found a second {{else}}")
        }
        branch.alternative = alternative
        return branch
    }

    // MARK: Named templates

    private mutating func parseDefinition() throws(TemplateError) {
        let opener = take()
        let (name, range) = try parseTemplateName("define clause")
        _ = try expect(.rightDelimiter, in: "define clause")
        let body = try parseDefinitionBody(opener, context: "define clause")
        try define(name, body, at: range)
    }

    private mutating func parseBlock(_ opener: TemplateToken) throws(TemplateError) -> TemplateStatement {
        let (name, range) = try parseTemplateName("block clause")
        let data = try parsePipeline("block clause", until: .rightDelimiter)
        let body = try parseDefinitionBody(opener, context: "block clause")
        try define(name, body, at: range)
        return .invocation(name: name, data: data, range: range)
    }

    /// A named template sees none of the variables around it.
    private mutating func parseDefinitionBody(
        _ opener: TemplateToken, context: String
    ) throws(TemplateError) -> [TemplateStatement] {
        let outer = (variables, rangeDepth)
        (variables, rangeDepth) = (["$"], 0)
        defer { (variables, rangeDepth) = outer }
        let (body, terminator) = try parseStatements(openedBy: opener)
        guard case .end = terminator else {
            next -= 1
            throw source.error(at: token.range.lowerBound, "unexpected {{else}} in \(context)")
        }
        return body
    }

    private mutating func define(
        _ name: String, _ body: [TemplateStatement], at range: Range<Int>
    ) throws(TemplateError) {
        let isBlank = body.allSatisfy { $0.isBlank(in: source) }
        let isOldBlank = definitions[name]?.allSatisfy { $0.isBlank(in: source) } ?? true
        guard isBlank || isOldBlank else {
            throw source.error(
                at: range.lowerBound, "template \(quoted(name)) is defined more than once",
                remedy: "give one of them another name")
        }
        if isOldBlank { definitions[name] = body }
    }

    private mutating func parseInvocation() throws(TemplateError) -> TemplateStatement {
        let (name, range) = try parseTemplateName("template clause")
        skipSpaces()
        if token.kind == .rightDelimiter {
            next += 1
            return .invocation(name: name, data: nil, range: range)
        }
        let data = try parsePipeline("template clause", until: .rightDelimiter)
        return .invocation(name: name, data: data, range: range)
    }

    private mutating func parseTemplateName(
        _ context: String
    ) throws(TemplateError) -> (name: String, range: Range<Int>) {
        skipSpaces()
        guard token.kind == .quotedString || token.kind == .rawString else { throw unexpected(in: context) }
        let name = take()
        return (try stringLiteral(name), name.range)
    }
}
