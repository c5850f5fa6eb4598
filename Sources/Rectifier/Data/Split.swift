/// Which rows train and which are held out.
struct Split {
    var training: [Int32]
    /// Empty where nothing is held out.
    var heldOut: [Int32]

    /// For the user.
    var note: String { "\(heldOut.count) of \(training.count + heldOut.count) samples are held out, drawn by the seed" }

    /// Draws a share of the rows by the seed; both parts keep the rows' order and have at least one. Share 0 holds nothing out.
    init(_ rows: [Int32], share: Double, seed: UInt64, name: String) throws {
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
        let count = min(max(Int((share * Double(rows.count)).rounded()), 1), rows.count - 1)
        // Each row is held out with the probability that fills the count exactly (Knuth's algorithm S): one draw a row, whatever came
        // before.
        let draws = RandomStream(seed: seed, purpose: RandomPurpose.split)
        training = []
        heldOut = []
        training.reserveCapacity(rows.count - count)
        heldOut.reserveCapacity(count)
        for (i, row) in rows.enumerated() {
            let draw = draws[i].multipliedFullWidth(by: UInt64(rows.count - i)).high
            if draw < UInt64(count - heldOut.count) { heldOut.append(row) } else { training.append(row) }
        }
    }
}
