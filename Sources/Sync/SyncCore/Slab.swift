// Storage for records that refer to each other: a record's place is its identity for as long as it lives.

/// What a slab can hold.
protocol SlabElement: Sendable {
    /// Holds no memory; stands where nothing is.
    static var vacant: Self { get }
}

/// Records in an array, with the places of removed ones used again.
///
/// Records refer to each other by place, an `Int`, in place of being objects: the core stays a value
/// without cycles, and a million of them cost no allocation each.
struct Slab<Element: SlabElement>: Sendable {
    private var elements: [Element] = []
    private var vacancies: [Int] = []

    var count: Int { elements.count - vacancies.count }

    mutating func insert(_ element: Element) -> Int {
        if let place = vacancies.popLast() {
            elements[place] = element
            return place
        }
        elements.append(element)
        return elements.count - 1
    }

    mutating func remove(_ place: Int) {
        elements[place] = .vacant
        vacancies.append(place)
        // Memory returns when the last record goes, e.g. after a run of very many.
        if vacancies.count == elements.count {
            elements = []
            vacancies = []
        }
    }

    subscript(place: Int) -> Element {
        get { elements[place] }
        // In place: with a setter every change would copy the record's arrays.
        _modify { yield &elements[place] }
    }
}
