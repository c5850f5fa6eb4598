// Which columns can be learned from. Each that is left out is named in a note.

extension Table {
    /// As many rows are enough to tell an identifier by its values.
    private static let fewestRows = 10

    /// The columns that hold something to learn from, as far as the whole file tells: neither empty nor identifiers.
    func usableColumns(_ choice: ColumnChoice, _ notes: inout [String]) throws -> [Int] {
        let filled = filledCounts()
        var usable: [Int] = []
        var empty: [Int] = []
        var identifiers: [Int] = []
        for index in choice.features {
            let column = columns[index]
            if column.content == .manyTexts {
                notes.append("column \(quoted(column.name)) is left out: it is text with more than \(LevelTable.limit) different values")
            } else if filled[index] == 0 {
                empty.append(index)
            } else if column.hasUnclearDates, !choice.isAsked[index] {
                notes.append(
                    "column \(quoted(column.name)) is left out: the day or the month of its dates may come first; "
                        + "write them as 2024-01-31")
            } else if !choice.isAsked[index], isIdentifier(index, filled: filled[index]) {
                identifiers.append(index)
            } else {
                usable.append(index)
            }
        }
        if usable.isEmpty {
            // What looks like a row's number is all there is to learn from.
            usable = identifiers.filter { columns[$0].content == .numbers }
            identifiers.removeAll { columns[$0].content == .numbers }
        }
        notes += leftOut(empty, "no values", "no values")
        notes += leftOut(identifiers, "an identifier, another value in each row", "identifiers, another value in each row")
        return try requireSome(usable)
    }

    /// Of these, the ones that differ from row to row and from each other, as far as the training rows tell.
    ///
    /// - Parameter marksMissing: whether a missing text is a level.
    func tellingColumns(
        _ candidates: [Int], _ choice: ColumnChoice, _ counts: ColumnCounts, marksMissing: Bool, _ notes: inout [String]
    ) throws -> [Int] {
        // Arrays hold what a program put there.
        guard file != nil else { return candidates }
        var constant: [Int] = []
        var rare: [Int] = []
        var telling: [Int] = []
        var known: [UInt64: Int] = [:]
        for index in candidates {
            if !choice.isAsked[index] {
                if counts.isConstant[index] {
                    constant.append(index)
                    continue
                }
                let tellsMissing = marksMissing && counts.missing[index] > 0
                if columns[index].content != .numbers, !tellsMissing, counts.levels(of: index, in: self).kept.isEmpty {
                    rare.append(index)
                    continue
                }
                if let first = known[counts.hashes[index]], counts.areEqual(first, index, in: self) {
                    notes.append("column \(quoted(columns[index].name)) is left out: it repeats \(quoted(columns[first].name))")
                    continue
                }
            }
            known[counts.hashes[index]] = index
            telling.append(index)
        }
        notes += leftOut(constant, "the same value in all training rows", "the same value in all training rows")
        notes += leftOut(rare, "text that hardly repeats", "text that hardly repeats")
        return try requireSome(telling)
    }

    private func leftOut(_ indices: [Int], _ reason: String, _ reasons: String) -> [String] {
        guard let first = indices.first else { return [] }
        if indices.count == 1 { return ["column \(quoted(columns[first].name)) is left out: \(reason)"] }
        return ["\(indices.count) columns are left out, \(reasons): \(TargetValues.listed(indices.map { columns[$0].name }))"]
    }

    private func requireSome(_ indices: [Int]) throws -> [Int] {
        if indices.isEmpty { throw RectifierError(.data, "\(name): has no column to learn from beside the target") }
        return indices
    }

    private func filledCounts() -> [Int] {
        var counts = [Int](repeating: 0, count: columns.count)
        counts.withUnsafeMutableBufferPointer { counts in
            forEachRow { _, cells in
                for column in 0..<counts.count { counts[column] &+= cells[column].isNaN ? 0 : 1 }
            }
        }
        return counts
    }

    /// Texts nearly all of which differ; whole numbers that count the rows, or that differ in a column which is called
    /// an identifier. Measurements that differ are none.
    private func isIdentifier(_ index: Int, filled: Int) -> Bool {
        guard file != nil, filled >= Table.fewestRows else { return false }
        switch columns[index].content {
        case .text(let levels): return 10 * levels.count > 9 * filled
        case .manyTexts: return true
        case .numbers:
            guard columns[index].spelling == nil, filled == rowCount else { return false }
            return countsRows(index) || (Table.isIdentifier(name: columns[index].name) && differs(index))
        }
    }

    private func countsRows(_ index: Int) -> Bool {
        let start = blocks.first { $0.rows > 0 }!.row(0)[index]
        guard start == start.rounded(), abs(start) < 1e15 else { return false }
        var isCount = true
        forEachRow { number, cells in isCount = isCount && cells[index] == start + Double(number) }
        return isCount
    }

    /// Whether the column holds whole numbers, each once.
    private func differs(_ index: Int) -> Bool {
        var known: Set<Double> = []
        var differs = true
        forEachRow { _, cells in
            differs = differs && cells[index] == cells[index].rounded() && known.insert(cells[index]).inserted
        }
        return differs
    }

    private static func isIdentifier(name: String) -> Bool {
        let words = name.split { !$0.isLetter && !$0.isNumber }
        guard let last = words.last else { return false }
        return ["id", "ids", "uuid", "guid", "index", "key", "no", "nr"].contains(last.lowercased())
            || last.hasSuffix("Id") || (last.hasSuffix("ID") && last.dropLast(2).last?.isLowercase != false)
            || name == "Unnamed: 0"
    }
}
