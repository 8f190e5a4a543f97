// Colours, or none.

/// Colours a text for a terminal, or leaves it as it is.
struct Style: Sendable, Hashable {
    /// An ECMA-48 rendition; the basic ones, which follow the person's own colour scheme.
    enum Ink: String, Sendable, CaseIterable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"
        case boldRed = "1;31"
        case boldGreen = "1;32"
        case boldYellow = "1;33"
    }

    var isColoured: Bool

    static let plain = Style(isColoured: false)

    func callAsFunction(_ ink: Ink?, _ text: String) -> String {
        guard isColoured, let ink, !text.isEmpty else { return text }
        return "\u{1b}[\(ink.rawValue)m\(text)\u{1b}[0m"
    }
}
