extension Table {
    /// Means, deviations and levels of the training rows.
    ///
    /// - Parameters:
    ///   - marksMissing: whether a number that is missing is marked by a feature, and a text by a level.
    ///   - inPieces: whether a number has a feature for each of some pieces.
    func learned(
        _ features: [Int], rows: [Int32], _ counts: ColumnCounts, marksMissing: Bool, inPieces: Bool, _ notes: inout [String]
    ) throws -> [Preparation.Column] {
        let scales = try scales(of: features.filter { columns[$0].content == .numbers && !isDate($0) }, rows: rows)
        let learned = try features.map { index in
            let column = columns[index]
            var content: Preparation.Column.Content
            if case .text(let texts) = column.content {
                content = levels(counts.levels(of: index, in: self), texts, missing: marksMissing ? counts.missing[index] : 0)
                if case .levels(let names, _, let other?) = content {
                    let kept = names.count { !$0.isEmpty } - 1
                    notes.append(
                        "column \(quoted(column.name)): "
                            + (kept == 0
                                ? "its \(texts.count) texts hardly repeat; whether there is one counts"
                                : "the \(kept) most frequent of its \(texts.count) texts are levels, \(quoted(names[other])) stands for the rest")
                    )
                }
                return Preparation.Column(name: column.name, index: index, content: content)
            }
            content = isDate(index) ? try dates(index, rows: rows) : scales[index].content
            if inPieces, !isDate(index), column.spelling != .boolean {
                content = .shaped(NumberShape(values(of: index, rows: rows).sorted()))
            }
            let isMarked = marksMissing && counts.missing[index] > 0
            return Preparation.Column(
                name: column.name, index: index, content: content, spelling: column.spelling, marksMissing: isMarked ? true : nil)
        }
        notes += readings(of: learned)
        let filled = features.filter { counts.missing[$0] > 0 }.map { "\(quoted(columns[$0].name)) (\(counts.missing[$0]))" }
        if !filled.isEmpty {
            notes.append("missing values are filled in\(marksMissing ? " and marked" : ""): \(TargetValues.joined(filled))")
        }
        return learned
    }

    private func isDate(_ index: Int) -> Bool { columns[index].spelling?.isDate == true }

    private func scales(of numeric: [Int], rows: [Int32]) throws -> [Scale] {
        var scales = [Scale](repeating: Scale(), count: columns.count)
        forEachRow(among: rows) { cells in
            for column in numeric where !cells[column].isNaN { scales[column].add(cells[column]) }
        }
        let means = scales.map { $0.count == 0 ? 0 : $0.mean }
        forEachRow(among: rows) { cells in
            for column in numeric where !cells[column].isNaN { scales[column].addSquare(cells[column], mean: means[column]) }
        }
        for column in numeric { _ = try scales[column].checked("\(name): column \(quoted(columns[column].name))") }
        return scales
    }

    private func dates(_ index: Int, rows: [Int32]) throws -> Preparation.Column.Content {
        let days = values(of: index, rows: rows), earliest = days.min() ?? 0
        return .dates(
            earliest: earliest,
            parts: CalendarDate.Part.allCases.map { part in Scale.of(days.map { part.value(of: $0, earliest: earliest) }).content })
    }

    private func values(of column: Int, rows: [Int32]) -> [Double] {
        var values: [Double] = []
        forEachRow(among: rows) { cells in if !cells[column].isNaN { values.append(cells[column]) } }
        return values
    }

    private func levels(_ found: ColumnCounts.Levels, _ texts: [String], missing: Int) -> Preparation.Column.Content {
        var levels = found.kept
        if levels.isEmpty, missing == 0 { levels = [(name: texts[0], count: 1)] }
        // No text is empty.
        if missing > 0 { levels.insert((name: "", count: .max), at: 0) }
        let most = levels.map(\.count).max()!
        let fill = levels.firstIndex { $0.count == most }!
        guard found.others > 0 else { return .levels(names: levels.map(\.name), fill: fill) }
        var other = "other"
        while texts.contains(other) { other = "(\(other))" }
        return .levels(names: levels.map(\.name) + [other], fill: fill, other: levels.count)
    }

    /// What is said of columns that are no plain numbers or texts.
    private func readings(of columns: [Preparation.Column]) -> [String] {
        ColumnSpelling.allCases.compactMap { spelling in
            let names = columns.filter { $0.spelling == spelling }.map(\.name)
            guard !names.isEmpty else { return nil }
            let features =
                switch spelling {
                case .amount, .decimalComma: ""
                case .boolean: " as a number, 1 for yes"
                case .yearFirst, .dayFirst, .monthFirst: " as year, month, weekday and days since the earliest"
                }
            return "\(names.count == 1 ? "column" : "columns") \(TargetValues.listed(names)): \(spelling.what)\(features)"
        }
    }
}

extension Scale {
    /// How a column of such numbers becomes a feature. Without a value in the training split there is nothing to tell.
    fileprivate var content: Preparation.Column.Content {
        count == 0 ? .numbers(mean: 0, deviation: 1) : .numbers(mean: mean, deviation: deviation)
    }
}
