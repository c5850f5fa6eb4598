extension Table {
    /// What training makes of a table: the datasets, what was learned on the way, and what the user should know.
    struct Fitted {
        var training: Dataset
        var heldOut: Dataset?
        var preparation: Preparation
        var notes: [String]
    }

    /// Prepares a table to train on. The rows held out are drawn before anything is learned from the others. The table
    /// is used up.
    ///
    /// - Parameters:
    ///   - targets: the columns to predict.
    ///   - areLabels: whether the file's form says that the targets are classes.
    ///   - share: what is held out.
    ///   - precision: what a network will compute in.
    consuming func fitted(
        targets: [Int], areLabels: Bool = false, settings: DataSettings, share: Double, seed: UInt64, precision: ElementType = .float32
    ) throws -> Fitted {
        var notes: [String] = []
        try requireRows()
        let features = try usableColumns(besides: targets, &notes)
        // First, because values beyond a column's limit look as if they were missing.
        var targetValues = try values(ofTargets: targets)
        targetValues.areLabels = areLabels
        let rows = try completeRows(features: features, targets: targets, policy: settings.missing, isTraining: true, &notes)
        let split = try Split(rows, stratum: targetValues.stratum(task: settings.task, rows: rows), share: share, seed: seed, name: name)
        let target = try targetValues.fitted(task: settings.task, rows: rows, training: split.training)

        if !split.heldOut.isEmpty { notes.append(split.note) }
        let layout = Preparation.Layout(
            columns: try learned(features, rows: split.training), fieldCount: columns.count, targetIndices: targets,
            targetNames: targets.map { columns[$0].name }, hasHeader: hasHeader,
            separator: file.map { String(UnicodeScalar($0.separator)) } ?? ",")
        let trainingTargets = try targetValues.encoded(target, rows: split.training, precision: precision)
        let heldOutTargets = try targetValues.encoded(target, rows: split.heldOut, precision: precision)
        let encoding = TableEncoding(layout, of: self, indices: layout.columns.map(\.index))
        let (training, heldOut) = try encoding.features(
            takingBlocksOf: &self, first: split.training, second: split.heldOut, precision: precision)
        return Fitted(
            training: try Dataset(
                count: split.training.count, sampleShape: [layout.width], features: training, targets: trainingTargets,
                source: name),
            heldOut: split.heldOut.isEmpty
                ? nil
                : try Dataset(
                    count: split.heldOut.count, sampleShape: [layout.width], features: heldOut, targets: heldOutTargets,
                    source: name),
            preparation: try Preparation(input: .table(layout: layout), target: target, missing: settings.missing), notes: notes)
    }

    func requireRows() throws {
        if rowCount == 0 { throw RectifierError(.data, "\(name): has no rows of data; at least one is needed") }
        // Rows are numbered with 32 bits from here on.
        if rowCount > Int(Int32.max) { throw RectifierError(.data, "\(name): has \(rowCount) rows, more than 2147483647") }
    }

    /// The columns that can be learned from. Names, tickets and the like are left out, and said to be.
    private func usableColumns(besides targets: [Int], _ notes: inout [String]) throws -> [Int] {
        let levelLimit = min(1000, max(50, rowCount / 10))
        let filled = filledCounts()
        var usable: [Int] = []
        for (index, column) in columns.enumerated() where !targets.contains(index) {
            if filled[index] == 0, column.content != .manyTexts {
                notes.append("column \(quoted(column.name)) is left out: it has no values")
            } else if column.content == .manyTexts {
                notes.append("column \(quoted(column.name)) is left out: it is text with more than \(LevelTable.limit) different values")
            } else if case .text(let levels) = column.content, levels.count > levelLimit {
                notes.append(
                    "column \(quoted(column.name)) is left out: it is text with \(levels.count) different values in \(rowCount) rows")
            } else {
                usable.append(index)
            }
        }
        if usable.isEmpty { throw RectifierError(.data, "\(name): has no column to learn from beside the target") }
        return usable
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

    /// The rows without missing values, or with those that the policy fills in.
    ///
    /// - Parameter isTraining: whether the user can still choose a policy; while predicting no row may be left out.
    func completeRows(
        features: [Int], targets: [Int], policy: DataSettings.MissingValues?, isTraining: Bool, mayDrop: Bool = true,
        _ notes: inout [String]
    ) throws -> [Int32] {
        var counts = [Int](repeating: 0, count: columns.count)
        var firstRows = counts
        var rows: [Int32] = []
        rows.reserveCapacity(rowCount)
        let refused = policy == .mean ? targets : features + targets
        forEachRow { number, cells in
            var isComplete = true
            for column in refused where cells[column].isNaN {
                if counts[column] == 0 { firstRows[column] = number }
                counts[column] += 1
                isComplete = false
            }
            if isComplete { rows.append(Int32(number)) }
        }
        let incomplete = refused.filter { counts[$0] > 0 }
        guard !incomplete.isEmpty else { return rows }
        if policy == nil || !mayDrop {
            let first = incomplete[0]
            let total = incomplete.reduce(0) { $0 + counts[$1] }
            let others =
                incomplete.count > 1
                ? " and \(total - counts[first]) in \(TargetValues.listed(incomplete.dropFirst().map { columns[$0].name }))" : ""
            let advice =
                isTraining
                ? "set missing to mean or drop"
                : mayDrop
                    ? "the model was trained without a choice for missing values, so every value is needed"
                    : "every value is needed, or a model trained with missing set to mean"
            throw RectifierError(
                .data,
                "\(name): \(counts[first]) missing \(counts[first] == 1 ? "value" : "values") in column \(quoted(columns[first].name)) "
                    + "(first on \(place(ofRow: firstRows[first])))\(others); \(advice)",
                setting: isTraining ? "data.missing" : nil)
        }
        notes.append("\(name): \(rowCount - rows.count) of \(rowCount) rows are left out for missing values")
        if rows.isEmpty { throw RectifierError(.data, "\(name): no row is without a missing value") }
        return rows
    }

    func values(ofTargets targets: [Int]) throws -> TargetValues {
        var levels: [String]?
        switch columns[targets[0]].content {
        case .numbers: break
        case .text(let names): levels = names
        case .manyTexts:
            throw RectifierError(
                .data,
                "\(name): column \(quoted(columns[targets[0]].name)) has more than \(LevelTable.limit) different values, "
                    + "which are no classes; choose another target")
        }
        let numbers = [Double](unsafeUninitializedCapacity: rowCount * targets.count) { space, filled in
            forEachRow { _, cells in
                for target in targets {
                    space.initializeElement(at: filled, to: cells[target])
                    filled += 1
                }
            }
        }
        let (file, columns) = (self.file, columns)
        return TargetValues(
            numbers: numbers, names: targets.map { columns[$0].name }, levels: levels, source: name,
            place: { Table.place(ofRow: $0, in: file) })
    }

    /// Means, deviations and levels of the training rows.
    private func learned(_ features: [Int], rows: [Int32]) throws -> [Preparation.Column] {
        var scales = [Scale](repeating: Scale(), count: columns.count)
        let numeric = features.filter { columns[$0].content == .numbers }
        forEachRow(among: rows) { cells in
            for column in numeric where !cells[column].isNaN { scales[column].add(cells[column]) }
        }
        let means = scales.map { $0.count == 0 ? 0 : $0.mean }
        var occurrences = columns.map { column in
            if case .text(let levels) = column.content { [Int](repeating: 0, count: levels.count) } else { [Int]() }
        }
        let textual = features.filter { columns[$0].content != .numbers }
        forEachRow(among: rows) { cells in
            for column in numeric where !cells[column].isNaN { scales[column].addSquare(cells[column], mean: means[column]) }
            for column in textual where !cells[column].isNaN { occurrences[column][Int(cells[column])] += 1 }
        }
        return try features.map { index in
            let column = columns[index]
            guard case .text(let levels) = column.content else {
                let scale = try scales[index].checked("\(name): column \(quoted(column.name))")
                // Without a value in the training split there is nothing to tell.
                let content: Preparation.Column.Content =
                    scale.count == 0 ? .numbers(mean: 0, deviation: 1) : .numbers(mean: scale.mean, deviation: scale.deviation)
                return .init(name: column.name, index: index, content: content)
            }
            var found = levels.indices.filter { occurrences[index][$0] > 0 }.map { (name: levels[$0], count: occurrences[index][$0]) }
            if found.isEmpty { found = [(name: levels[0], count: 1)] }
            found.sort { $0.name < $1.name }
            let most = found.map(\.count).max()!
            return .init(
                name: column.name, index: index,
                content: .levels(names: found.map(\.name), fill: found.firstIndex { $0.count == most }!))
        }
    }
}
