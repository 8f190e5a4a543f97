// Go's predefined functions, but for `and` and `or`, which the evaluator short-circuits, and the comparisons.
// https://pkg.go.dev/text/template#hdr-Functions

extension TemplateBuiltin {
    typealias Failure = TemplateFunction.Failure

    /// The result for arguments whose number is right. `limit` is the most bytes a result may have.
    func call(_ arguments: [TemplateValue?], limit: Int) throws(Failure) -> TemplateValue? {
        switch self {
        case .and, .or: arguments.last ?? nil
        case .call:
            throw Failure(
                "function values are not supported", remedy: "call a function by its name: {{name argument}}")
        case .html: .string(TemplateEscaping.html(try joined(arguments, limit)))
        case .js: .string(TemplateEscaping.javaScript(try joined(arguments, limit)))
        case .urlquery: .string(TemplateEscaping.query(try joined(arguments, limit)))
        case .print: .string(TemplateFormat.print(try bounded(arguments, limit)))
        case .println: .string(TemplateFormat.printLine(try bounded(arguments, limit)))
        case .printf: .string(try printf(arguments, limit))
        case .not: .boolean(!(arguments[0]?.isTrue ?? false))
        case .len: .integer(try length(arguments[0]))
        case .index: try index(arguments)
        case .slice: try slice(arguments)
        case .eq: .boolean(try TemplateComparison.isEqual(arguments[0], to: arguments.dropFirst()))
        case .ne: .boolean(!(try TemplateComparison.isEqual(arguments[0], to: [arguments[1]])))
        case .lt: .boolean(try TemplateComparison.isLess(arguments[0], arguments[1]))
        case .le: .boolean(try TemplateComparison.isLessOrEqual(arguments[0], arguments[1]))
        case .gt: .boolean(!(try TemplateComparison.isLessOrEqual(arguments[0], arguments[1])))
        case .ge: .boolean(!(try TemplateComparison.isLess(arguments[0], arguments[1])))
        }
    }

    // MARK: Text

    /// The arguments, unless their strings alone exceed the limit: better known before they are joined.
    private func bounded(_ arguments: [TemplateValue?], _ limit: Int) throws(Failure) -> [TemplateValue] {
        let bytes = arguments.reduce(0) { sum, argument in
            if case .string(let text) = argument { sum + text.utf8.count } else { sum }
        }
        guard bytes <= limit else { throw Failure("the result exceeds \(limit) bytes") }
        return arguments.map { $0 ?? .null }
    }

    private func printf(_ arguments: [TemplateValue?], _ limit: Int) throws(Failure) -> String {
        guard case .string(let format) = arguments[0] else {
            throw Failure("the format must be a string, not a value of type \(typeName(arguments[0]))")
        }
        var formatter = TemplateFormat(limit: limit)
        return try formatter.format(format, arguments.dropFirst().map { $0 ?? .null })
    }

    /// What the escaping functions escape: a lone string as it is, otherwise what `print` makes of all.
    private func joined(_ arguments: [TemplateValue?], _ limit: Int) throws(Failure) -> String {
        TemplateFormat.print(
            try bounded(arguments, limit).map { $0 == .null ? .string("<no value>") : $0 })
    }

    // MARK: Elements

    private func typeName(_ value: TemplateValue?) -> String { (value ?? .null).typeName }

    private func length(_ value: TemplateValue?) throws(Failure) -> Int64 {
        switch value {
        case .string(let text): Int64(text.utf8.count)
        case .list(let elements): Int64(elements.count)
        case .map(let entries): Int64(entries.count)
        case .strings(let entries): Int64(entries.count)
        case nil, .null: throw Failure("nil has no length")
        case .boolean, .integer, .double, .record:
            throw Failure("a value of type \(typeName(value)) has no length")
        }
    }

    private func index(_ arguments: [TemplateValue?]) throws(Failure) -> TemplateValue? {
        guard var item = arguments[0], item != .null else { throw Failure("index of nil") }
        for key in arguments.dropFirst() {
            switch item {
            case .list(let elements): item = elements[try position(key, below: elements.count)]
            case .string(let text):
                let bytes = Array(text.utf8)
                item = .integer(Int64(bytes[try position(key, below: bytes.count)]))
            case .map(let entries): item = entries[try mapKey(key)] ?? .null
            case .strings(let entries): item = .string(entries[try mapKey(key)] ?? "")
            case .null: throw Failure("index of nil")
            case .boolean, .integer, .double, .record:
                throw Failure("can't index an item of type \(item.typeName)")
            }
        }
        return item
    }

    private func mapKey(_ key: TemplateValue?) throws(Failure) -> String {
        guard case .string(let key) = key else {
            throw Failure("the key of a map has type \(typeName(key)); it should be a string")
        }
        return key
    }

    private func position(_ index: TemplateValue?, below count: Int) throws(Failure) -> Int {
        let position = try bound(index, upTo: count)
        guard position < count else { throw Failure("index out of range: \(position) of \(count)") }
        return position
    }

    private func bound(_ index: TemplateValue?, upTo count: Int) throws(Failure) -> Int {
        guard case .integer(let value) = index else {
            throw Failure("can't index with a value of type \(typeName(index))")
        }
        guard value >= 0, value <= count else { throw Failure("index out of range: \(value) of \(count)") }
        return Int(value)
    }

    /// `slice x 1 2` is Go's `x[1:2]`; the third index bounds a capacity that nobody sees.
    private func slice(_ arguments: [TemplateValue?]) throws(Failure) -> TemplateValue {
        let indexes = arguments.dropFirst()
        guard indexes.count <= 3 else { throw Failure("too many slice indexes: \(indexes.count)") }
        switch arguments[0] {
        case .string(let text):
            guard indexes.count < 3 else { throw Failure("a string can't be sliced with three indexes") }
            let bytes = Array(text.utf8)
            return .string(String(decoding: bytes[try range(indexes, count: bytes.count)], as: UTF8.self))
        case .list(let elements): return .list(Array(elements[try range(indexes, count: elements.count)]))
        case nil, .null: throw Failure("slice of nil")
        case .some(let other): throw Failure("can't slice an item of type \(other.typeName)")
        }
    }

    private func range(_ indexes: ArraySlice<TemplateValue?>, count: Int) throws(Failure) -> Range<Int> {
        var bounds = [0, count, count]
        for (place, index) in indexes.enumerated() { bounds[place] = try bound(index, upTo: count) }
        guard bounds[0] <= bounds[1] else {
            throw Failure("invalid slice index: \(bounds[0]) > \(bounds[1])")
        }
        guard bounds[1] <= bounds[2] else {
            throw Failure("invalid slice index: \(bounds[1]) > \(bounds[2])")
        }
        return bounds[0]..<bounds[1]
    }
}
