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

    /// Letters to insert, drop or change to make one of the other (Levenshtein).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let changed = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
