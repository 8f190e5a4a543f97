// Aligned columns.

/// Rows under a header, each column as wide as its widest cell.
struct Table {
    struct Column: Sendable {
        var title: String
        var alignsRight = false

        init(_ title: String, alignsRight: Bool = false) {
            self.title = title
            self.alignsRight = alignsRight
        }
    }

    /// A cell: its text and, on a terminal, its ink.
    struct Cell: Sendable, ExpressibleByStringInterpolation {
        var text: String
        var ink: Style.Ink?

        init(_ text: String, _ ink: Style.Ink? = nil) {
            self.text = VisibleText.escaped(text)
            self.ink = ink
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    private static let gap = "  "

    var columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    func text(style: Style) -> String {
        let widths = columns.indices.map { column in
            let cells = rows.map { column < $0.count ? VisibleText.columns($0[column].text) : 0 }
            return max(VisibleText.columns(columns[column].title), cells.max() ?? 0)
        }
        let header = columns.map { Cell($0.title, .bold) }
        return ([header] + rows).map { line($0, widths: widths, style: style) }.joined()
    }

    private func line(_ cells: [Cell], widths: [Int], style: Style) -> String {
        var parts: [String] = []
        for (column, cell) in cells.enumerated() where column < columns.count {
            let isLast = column == cells.count - 1
            let space = String(repeating: " ", count: max(0, widths[column] - VisibleText.columns(cell.text)))
            let inked = style(cell.ink, cell.text)
            if columns[column].alignsRight {
                parts.append(space + inked)
            } else {
                parts.append(isLast ? inked : inked + space)
            }
        }
        return parts.joined(separator: Self.gap) + "\n"
    }
}
