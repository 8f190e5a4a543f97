// The template language as compositions see it: their data, and their functions (contract §6).

/// Renders compositions.
struct CompositionTemplate: Sendable {
    var file: String
    var environment: [String: String]
    var readFile: @Sendable (_ path: String) throws -> String

    func render(_ text: String) throws(ModelError) -> RenderedTemplate {
        do {
            let functions: [TemplateFunction] = [
                .split, .atoi, .pick, .withEnvironment(environment), loadResource, Self.toml,
            ]
            return try TextTemplate(text, file: file, functions: functions)
                .render(.compositionData(environment: environment))
        } catch {
            throw ModelError(.syntax, [error.diagnostic])
        }
    }

    /// `load_resource "./versions.toml"`: the table in a TOML file, whose path is relative to the
    /// composition's folder.
    private var loadResource: TemplateFunction {
        TemplateFunction("load_resource", arity: 1) { arguments in
            let name = try arguments[0].expectString()
            let path = Self.path(of: name, beside: file)
            let text: String
            do {
                text = try readFile(path)
            } catch {
                throw TemplateFunction.Failure(
                    "cannot read \(path): \(error)", remedy: "paths are relative to the composition's folder")
            }
            do {
                return .map(try TOMLDocument(text, file: path).root.mapValues(TemplateValue.init))
            } catch let error as ModelError {
                throw TemplateFunction.Failure(error.description)
            }
        }
    }

    /// `toml map`: the map as TOML text.
    private static let toml = TemplateFunction("toml", arity: 1) { arguments in
        guard case .table(let table)? = ConfigurationValue(arguments[0]) else {
            throw TemplateFunction.Failure(
                "it writes maps, not a value of type \(arguments[0].typeName)",
                remedy: "(pick map \"key\") | toml writes one key of a map")
        }
        return .string(TOMLText.document(table))
    }

    /// A resource's path, without the detours that `.` and `..` are. An absolute one is taken as relative, as
    /// upstream does.
    static func path(of resource: String, beside file: String) -> String {
        let directory = file.lastIndex(of: "/").map { file[..<$0] } ?? ""
        var parts: [Substring] = []
        for part in (directory + "/" + resource).split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (file.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

extension TemplateValue {
    /// A value of a TOML file.
    init(_ value: ConfigurationValue) {
        switch value {
        case .string(let text), .date(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .double(let number): self = .double(number)
        case .boolean(let flag): self = .boolean(flag)
        case .array(let elements): self = .list(elements.map(TemplateValue.init))
        case .table(let table): self = .map(table.mapValues(TemplateValue.init))
        }
    }
}

extension ConfigurationValue {
    /// A template's value; nil for no value, which TOML has none of either: members without one are left out.
    init?(_ value: TemplateValue) {
        switch value {
        case .null: return nil
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .list(let elements): self = .array(elements.compactMap(ConfigurationValue.init))
        case .map(let entries), .record(let entries):
            self = .table(entries.compactMapValues(ConfigurationValue.init))
        case .strings(let entries): self = .table(entries.mapValues(ConfigurationValue.string))
        }
    }
}
