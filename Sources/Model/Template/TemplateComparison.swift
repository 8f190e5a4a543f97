// Go's eq, ne, lt, le, gt and ge on template values: numbers of different kinds do not compare.

enum TemplateComparison {
    typealias Failure = TemplateFunction.Failure

    /// Whether the first equals any of the others.
    static func isEqual(
        _ first: TemplateValue?, to others: ArraySlice<TemplateValue?>
    ) throws(Failure) -> Bool {
        guard !others.isEmpty else { throw Failure("a second value to compare with is missing") }
        for other in others where try isEqual(first ?? .null, other ?? .null) { return true }
        return false
    }

    private static func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws(Failure) -> Bool {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): left.bytesEqual(right)
        case (.null, _), (_, .null): left == right
        default: throw incompatible(left, right)
        }
    }

    static func isLess(_ left: TemplateValue?, _ right: TemplateValue?) throws(Failure) -> Bool {
        switch (left ?? .null, right ?? .null) {
        case (.integer(let left), .integer(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.string(let left), .string(let right)): left.bytesPrecede(right)
        case (let left, let right): throw incompatible(left, right)
        }
    }

    static func isLessOrEqual(_ left: TemplateValue?, _ right: TemplateValue?) throws(Failure) -> Bool {
        if try isLess(left, right) { return true }
        return try isEqual(left ?? .null, right ?? .null)
    }

    private static func incompatible(_ left: TemplateValue, _ right: TemplateValue) -> Failure {
        if left.typeName == right.typeName {
            return Failure("values of type \(left.typeName) can't be compared")
        }
        let isNumeric = [left.typeName, right.typeName].sorted() == ["float64", "int"]
        return Failure(
            "incompatible types for comparison: \(left.typeName) and \(right.typeName)",
            remedy: isNumeric ? "write both as integers or both with a decimal point" : nil)
    }
}
