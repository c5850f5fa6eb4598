/// Which rows train and which are held out.
struct Split {
    var training: [Int32]
    /// Empty where nothing is held out.
    var heldOut: [Int32]

    /// Draws a share of the rows by the seed; both parts keep the rows' order and have at least one. Share 0 holds nothing out.
    ///
    /// - Parameter strata: the class of each row, for classification: each class gives its share, so that a small set is judged by all of them.
    ///   A class of one row trains.
    init(_ rows: [Int32], strata: [Double]? = nil, share: Double, seed: UInt64, name: String) throws {
        guard share >= 0, share < 1 else {
            throw RectifierError(.setting, "validation \(share): must be a share from 0 to below 1, or a file")
        }
        guard share > 0 else {
            training = rows
            heldOut = []
            return
        }
        guard rows.count > 1 else {
            throw RectifierError(.data, "\(name): a single row cannot be split; hold nothing out with --validation 0")
        }
        let strata = strata ?? [Double](repeating: 0, count: rows.count)
        let groups = Dictionary(grouping: rows.indices) { strata[$0] }.sorted { $0.key < $1.key }.map(\.value)
        let draws = RandomStream(seed: seed, purpose: RandomPurpose.split)
        var isHeldOut = [Bool](repeating: false, count: rows.count)
        var seen = 0, held = 0
        for group in groups {
            seen += group.count
            // Rounding what is held out so far, not each class's share, keeps the total right.
            let least = seen == rows.count && held == 0 ? 1 : 0
            let count = min(max(Int((share * Double(seen)).rounded()) - held, least), group.count - 1)
            // Each row is held out with the probability that fills the count exactly (Knuth's algorithm S): one draw a row, whatever came before.
            var missing = count
            for (place, row) in group.enumerated() where draws[row].multipliedFullWidth(by: UInt64(group.count - place)).high < UInt64(missing) {
                isHeldOut[row] = true
                missing -= 1
            }
            held += count
        }
        guard held > 0 else {
            throw RectifierError(.data, "\(name): every class has a single row, so none can be held out; hold nothing out with --validation 0")
        }
        training = rows.indices.filter { !isHeldOut[$0] }.map { rows[$0] }
        heldOut = rows.indices.filter { isHeldOut[$0] }.map { rows[$0] }
    }
}
