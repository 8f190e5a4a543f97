// Names and ids are bytes to the service.

/// A text compared byte by byte.
///
/// Swift takes strings that look alike for equal ("é" in one scalar and in two); Go, Rust and JavaScript do
/// not, and what are two topics to them must be two topics here.
struct OpaqueName: Sendable, Hashable {
    var text: String

    init(_ text: String) {
        self.text = text
    }

    // Strings with equal bytes are equal to Swift too, so the string's own hash, which is fast, will do;
    // and `==` on ASCII compares memory.
    static func == (left: Self, right: Self) -> Bool {
        left.text == right.text && left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(text)
    }
}
