/// What the training rows show of a table's columns, in one pass over them.
struct ColumnCounts {
    private(set) var missing: [Int]
    /// Whether all rows hold one value, or all lack one.
    private(set) var isConstant: [Bool]
    /// Equal where columns hold the same.
    private(set) var hashes: [UInt64]
    /// Of each level of a column of text.
    private(set) var occurrences: [[Int]]
    private let rows: [Int32]

    init(_ table: borrowing Table, columns indices: [Int], rows: [Int32]) {
        self.rows = rows
        let count = table.columns.count
        var missing = [Int](repeating: 0, count: count)
        var isConstant = [Bool](repeating: true, count: count)
        var hashes = [UInt64](repeating: 0xcbf2_9ce4_8422_2325, count: count)
        var first = [Double](repeating: .nan, count: count)
        var occurrences = table.columns.map { column in
            if case .text(let levels) = column.content { [Int](repeating: 0, count: levels.count) } else { [Int]() }
        }
        let isText = occurrences.map { !$0.isEmpty }
        var isFirst = true
        table.forEachRow(among: rows) { cells in
            for column in indices {
                let value = cells[column]
                let bits = value.isNaN ? UInt64.max : value.bitPattern
                hashes[column] = (hashes[column] ^ bits) &* 0x9e37_79b9_7f4a_7c15
                hashes[column] ^= hashes[column] >> 29
                if isFirst { first[column] = value }
                // False for a missing value too.
                if value != first[column] { isConstant[column] = false }
                if value.isNaN { missing[column] += 1 } else if isText[column] { occurrences[column][Int(value)] += 1 }
            }
            isFirst = false
        }
        for column in indices where missing[column] == rows.count { isConstant[column] = true }
        (self.missing, self.isConstant, self.hashes, self.occurrences) = (missing, isConstant, hashes, occurrences)
    }

    /// Whether two columns hold the same in all training rows. Texts may be other ones, in the same rows.
    func areEqual(_ a: Int, _ b: Int, in table: borrowing Table) -> Bool {
        guard occurrences[a].isEmpty == occurrences[b].isEmpty else { return false }
        var areEqual = true
        table.forEachRow(among: rows) { cells in
            areEqual = areEqual && (cells[a] == cells[b] || (cells[a].isNaN && cells[b].isNaN))
        }
        return areEqual
    }

    // MARK: Levels

    /// A level of a column of many texts must occur as often.
    private static let fewestOccurrences = 5

    /// Texts with the rows that hold them, in order of their names, and the rows of those texts that are not kept.
    struct Levels {
        var kept: [(name: String, count: Int)]
        var others = 0
    }

    /// The levels of a column of text. Up to 50, or a tenth of the table's rows but not over 1000, all are kept, of
    /// more as many of the most frequent ones.
    func levels(of column: Int, in table: borrowing Table) -> Levels {
        guard case .text(let texts) = table.columns[column].content else { return Levels(kept: []) }
        let limit = min(1000, max(50, table.rowCount / 10))
        var found = texts.indices.filter { occurrences[column][$0] > 0 }.map { (name: texts[$0], count: occurrences[column][$0]) }
        found.sort { $0.name < $1.name }
        guard found.count > limit else { return Levels(kept: found) }
        let frequent = found.filter { $0.count >= ColumnCounts.fewestOccurrences }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        let kept = frequent.prefix(limit).sorted { $0.name < $1.name }
        return Levels(kept: kept, others: found.reduce(0) { $0 + $1.count } - kept.reduce(0) { $0 + $1.count })
    }
}
