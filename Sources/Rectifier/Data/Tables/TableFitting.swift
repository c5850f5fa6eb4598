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
    ///   - choice: the columns to predict, and what the settings say of the others.
    ///   - areLabels: whether the file's form says that the targets are classes.
    ///   - share: what is held out.
    ///   - precision: what a network will compute in.
    consuming func fitted(
        choosing choice: ColumnChoice, areLabels: Bool = false, settings: DataSettings, share: Double, seed: UInt64,
        precision: ElementType = .float32
    ) throws -> Fitted {
        var notes = file?.notes ?? []
        let targets = choice.targets
        try requireRows()
        if rowCount == 1 { throw RectifierError(.data, "\(name): has a single row of data, which is too few to learn from") }
        forgetMissingWords(in: choice.features)
        let candidates = try usableColumns(choice, &notes)
        // First, because values beyond a column's limit look as if they were missing.
        var targetValues = try values(ofTargets: targets)
        targetValues.areLabels = areLabels
        let rows = try completeRows(features: candidates, targets: targets, policy: settings.missing, isTraining: true, &notes)
        let split = try Split(rows, stratum: targetValues.stratum(task: settings.task, rows: rows), share: share, seed: seed, name: name)
        let rowWeights = try choice.weights.map { try self.weights(inColumn: $0) }
        let target = try targetValues.fitted(task: settings.task, rows: rows, training: split.training)

        if !split.heldOut.isEmpty { notes.append(split.note) }
        let counts = ColumnCounts(self, columns: candidates, rows: split.training)
        let features = try tellingColumns(candidates, choice, counts, marksMissing: settings.missing == nil, &notes)
        let layout = Preparation.Layout(
            columns: try learned(
                features, rows: split.training, counts, marksMissing: settings.missing == nil, inPieces: settings.numbers == .pieces, &notes
            ),
            fieldCount: columns.count, targetIndices: targets,
            targetNames: targets.map { columns[$0].name }, hasHeader: hasHeader,
            separator: file.map { String(UnicodeScalar($0.separator)) } ?? ",", targetSpelling: columns[targets[0]].spelling,
            weightIndex: choice.weights, weightName: choice.weights.map { columns[$0].name })
        if file != nil {
            let giveAway = GiveAway(targets: targetValues.numbers, areClasses: target.isClass, rows: split.training)
            notes += giveAway.notes(features, of: self)
        }
        let trainingTargets = try targetValues.encoded(target, rows: split.training, precision: precision)
        let heldOutTargets = try targetValues.encoded(target, rows: split.heldOut, precision: precision)
        let encoding = TableEncoding(layout, of: self, indices: layout.columns.map(\.index))
        let (training, heldOut) = try encoding.features(
            takingBlocksOf: &self, first: split.training, second: split.heldOut, precision: precision)
        return Fitted(
            training: try Dataset(
                count: split.training.count, sampleShape: [layout.width], features: training, targets: trainingTargets,
                weights: rowWeights.map { all in split.training.map { all[Int($0)] } }, source: name),
            heldOut: split.heldOut.isEmpty
                ? nil
                : try Dataset(
                    count: split.heldOut.count, sampleShape: [layout.width], features: heldOut, targets: heldOutTargets,
                    weights: rowWeights.map { all in split.heldOut.map { all[Int($0)] } }, source: name),
            preparation: try Preparation(input: .table(layout: layout), target: target, missing: settings.missing), notes: notes)
    }

    func requireRows() throws {
        if rowCount == 0 { throw RectifierError(.data, "\(name): has no rows of data; at least one is needed") }
        // Rows are numbered with 32 bits from here on.
        if rowCount > Int(Int32.max) { throw RectifierError(.data, "\(name): has \(rowCount) rows, more than 2147483647") }
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
        let refused = policy == nil || policy == .mean ? targets : features + targets
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
        if policy == .error || !mayDrop {
            let first = incomplete[0]
            let total = incomplete.reduce(0) { $0 + counts[$1] }
            let others =
                incomplete.count > 1
                ? " and \(total - counts[first]) in \(TargetValues.listed(incomplete.dropFirst().map { columns[$0].name }))" : ""
            let advice =
                isTraining
                ? "correct it, or leave the setting out and they are filled in"
                : "the model was trained with missing set to \(policy?.rawValue ?? ""), so every value is needed"
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

    /// How much each row counts.
    func weights(inColumn column: Int) throws -> [Float] {
        guard columns[column].content == .numbers else {
            throw RectifierError(.data, "\(name): column \(quoted(columns[column].name)) holds text; weights are numbers of at least 0")
        }
        var weights: [Float] = [], bad: (row: Int, value: Double)?
        weights.reserveCapacity(rowCount)
        forEachRow { row, cells in
            if bad == nil, !(cells[column] >= 0 && Float(cells[column]).isFinite) { bad = (row, cells[column]) }
            weights.append(Float(cells[column]))
        }
        if let bad {
            throw RectifierError(
                .data,
                "\(name) \(place(ofRow: bad.row)): the weight in column \(quoted(columns[column].name)) is "
                    + "\(bad.value.isNaN ? "missing" : String(bad.value)); weights are numbers of at least 0")
        }
        return weights
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
}
