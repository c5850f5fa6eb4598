/// Which rows train and which are held out.
struct Split {
    var training: [Int32] = []
    /// Empty where nothing is held out.
    var heldOut: [Int32] = []

    /// For the user.
    var note: String { "\(heldOut.count) of \(training.count + heldOut.count) samples are held out, drawn by the seed" }

    /// Draws a share of the rows by the seed; both parts keep the rows' order and have at least one. Share 0 holds
    /// nothing out.
    ///
    /// - Parameter stratum: the class of a row, for classification: each class gives its share, so that a small set is
    ///   judged by all of them. A class of one row trains.
    init(_ rows: [Int32], stratum: ((Int32) -> Double)? = nil, share: Double, seed: UInt64, name: String) throws {
        guard share >= 0, share < 1 else {
            throw RectifierError(.setting, "validation \(share): must be a share from 0 to below 1, or a file")
        }
        guard share > 0 else {
            training = rows
            return
        }
        guard rows.count > 1 else {
            throw RectifierError(
                .data, "\(name): a single row cannot be split; hold nothing out: set validation to 0", setting: "data.validation")
        }
        guard let stratum else {
            var quota = Quota(rows: rows.count, heldOut: min(max(Int((share * Double(rows.count)).rounded()), 1), rows.count - 1))
            draw(rows, seed) { _, draw in quota.take(draw) }
            return
        }

        var sizes: [Double: Int] = [:]
        for row in rows { sizes[stratum(row), default: 0] += 1 }
        var quotas: [Double: Quota] = [:]
        var (seen, held) = (0, 0)
        for (key, size) in sizes.sorted(by: { $0.key < $1.key }) {
            seen += size
            // Rounding what is held out so far, not each class's share, keeps the total right.
            let least = seen == rows.count && held == 0 ? 1 : 0
            let count = min(max(Int((share * Double(seen)).rounded()) - held, least), size - 1)
            quotas[key] = Quota(rows: size, heldOut: count)
            held += count
        }
        guard held > 0 else {
            throw RectifierError(
                .data, "\(name): every class has a single row; hold nothing out: set validation to 0", setting: "data.validation")
        }
        draw(rows, seed) { row, draw in quotas[stratum(row)]!.take(draw) }
    }

    /// Each row is held out with the probability that fills its quota exactly (Knuth's algorithm S): one draw a row,
    /// whatever came before.
    private struct Quota {
        /// Rows that are still to come, and those of them to hold out.
        var rows: Int
        var heldOut: Int

        mutating func take(_ draw: UInt64) -> Bool {
            let isHeldOut = draw.multipliedFullWidth(by: UInt64(rows)).high < UInt64(heldOut)
            rows -= 1
            if isHeldOut { heldOut -= 1 }
            return isHeldOut
        }
    }

    private mutating func draw(_ rows: [Int32], _ seed: UInt64, _ isHeldOut: (Int32, UInt64) -> Bool) {
        let draws = RandomStream(seed: seed, purpose: RandomPurpose.split)
        training.reserveCapacity(rows.count)
        for (i, row) in rows.enumerated() {
            if isHeldOut(row, draws[i]) { heldOut.append(row) } else { training.append(row) }
        }
    }
}
