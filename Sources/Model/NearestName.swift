// "Did you mean …?": the known name that a mistyped one most likely stands for.

/// The name of `known` nearest to what was written, if it is near enough to be meant.
package func nearestName(to written: String, among known: some Sequence<String>) -> String? {
    // A third of the letters may be wrong; with more, the suggestion misleads.
    let limit = max(1, written.count / 3)
    return known.map { (name: $0, distance: editDistance(written, $0)) }
        .filter { $0.distance <= limit }
        .min { rank($0) < rank($1) }?.name

    /// The nearest first, among equals the one of like length, then by name: always the same answer.
    func rank(_ candidate: (name: String, distance: Int)) -> (Int, Int, String) {
        (candidate.distance, abs(candidate.name.count - written.count), candidate.name)
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other (optimal
/// string alignment).
func editDistance(_ from: String, _ to: String) -> Int {
    let from = Array(from.lowercased())
    let to = Array(to.lowercased())
    var beforePrevious: [Int] = []
    var previous = Array(0...to.count)
    for row in 0..<from.count {
        var current = [row + 1]
        for column in 0..<to.count {
            let replaced = previous[column] + (from[row] == to[column] ? 0 : 1)
            var best = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
                best = min(best, beforePrevious[column - 1] + 1)
            }
            current.append(best)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[to.count]
}
