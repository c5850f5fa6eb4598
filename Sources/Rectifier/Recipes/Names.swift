/// Talking about the names that a setting allows.
package enum Names {
    /// `one of a, b or c`
    package static func oneOf(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
        return "one of \(names.dropLast().joined(separator: ", ")) or \(last)"
    }

    /// What to say of a name that is not allowed: the one that was probably meant, or all there are.
    package static func hint(for name: String, among names: [String]) -> String {
        if let close = closest(to: name, among: names) { return "did you mean '\(close)'?" }
        return "there \(names.count == 1 ? "is" : "are") \(names.joined(separator: ", "))"
    }

    /// The one of `names` that `name` is a misspelling of: at most a third of its letters differ, not counting case.
    package static func closest(to name: String, among names: [String]) -> String? {
        let letters = Array(name.lowercased().utf8.prefix(64))
        let distances = names.map { (name: $0, distance: distance(letters, Array($0.lowercased().utf8))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(letters.count, best.name.utf8.count) / 3) ? best.name : nil
    }

    /// Letters to insert, drop, change or swap with their neighbour to make one of the other (Damerau and Levenshtein).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        // Of the first i letters of a and the first j of b.
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
