// Every row of the conformance table, against what it says.

import Foundation
import Testing

@testable import TestgroundModel

@Suite("the template language renders as Go's text/template")
struct TemplateConformanceTests {
    @Test("every row of the table renders to its output or ends in its error")
    func rowsOfTheTable() throws {
        let table = try #require(TemplateTable.shared)
        #expect(table.rows.count > 150)
        for row in table.rows {
            do {
                let output = try table.render(row)
                #expect(output == row.output, "template: \(row.template)")
            } catch {
                #expect(error.description == row.error, "template: \(row.template)")
            }
        }
    }
}
