// The conformance table: templates, their data and what they render to. Go renders the same table in
// TemplateReferenceTests.swift, so that the expectations are Go's and not ours.

import Foundation

@testable import TestgroundModel

/// The table of TemplateTable.json.
struct TemplateTable: Decodable {
    struct Row: Decodable {
        var template: String
        /// The data, else `environment` as a composition's, else the table's.
        var data: JSONValue?
        var environment: [String: String]?
        /// What it renders to, or the error that it ends in.
        var output: String?
        var error: String?
        /// The first Go that does the same, where Debian's is older.
        var go: String?

    }

    var data: JSONValue
    var rows: [Row]

    static let file = Bundle.module.url(forResource: "TemplateTable", withExtension: "json")

    static let shared: TemplateTable? = file.flatMap { try? Data(contentsOf: $0) }
        .flatMap { try? JSONDecoder().decode(TemplateTable.self, from: $0) }

    /// Renders a row as Go does in GoReference/reference.go, with the same functions.
    func render(_ row: Row) throws(TemplateError) -> String {
        let environment = row.environment ?? [:]
        let fail = TemplateFunction("fail", arity: 0) { _ in throw TemplateFunction.Failure("on purpose") }
        let template = try TextTemplate(
            row.template, file: "t",
            functions: [.split, .atoi, .pick, .withEnvironment(environment), fail])
        let data = row.environment.map { .compositionData(environment: $0) } ?? (row.data ?? data).value
        return try template.render(data).text
    }
}

/// JSON with integers told from doubles.
struct JSONValue: Decodable {
    var value: TemplateValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let flag = try? container.decode(Bool.self) {
            value = .boolean(flag)
        } else if let number = try? container.decode(Int64.self) {
            value = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            value = .double(number)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let elements = try? container.decode([JSONValue].self) {
            value = .list(elements.map(\.value))
        } else {
            value = .map(try container.decode([String: JSONValue].self).mapValues(\.value))
        }
    }
}
