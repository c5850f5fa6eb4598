import Foundation
import RectifierText

extension Preparation {
    /// Reads data for a model that was trained on other data, in any form.
    ///
    /// Of a source with a training and a test part, the test part is read. A table needs the columns that the model
    /// uses: by their names where the training file had a header, else by their places; without targets it may lack
    /// theirs.
    ///
    /// - Parameters:
    ///   - needsTargets: whether targets are read, as `evaluate` needs them; otherwise they may be absent, and the
    ///     dataset has none.
    ///   - header: whether a table's first line holds names; nil: as in the training file. With `false`, columns go by
    ///     their places.
    ///   - separator: nil: as in the training file.
    ///   - seed: for generated sets.
    ///   - precision: what the model computes in: for float64, numbers that are standardized stay doubles.
    ///   - base: what relative paths start from; nil: the working directory.
    /// - Returns: the data, and notes for the user, one line each.
    /// - Throws: ``RectifierError`` that names the file, and the line, column or sample; or both shapes where they do
    ///   not fit.
    public func dataset(
        reading source: String, needsTargets: Bool, header: Bool? = nil, separator: String? = nil, seed: UInt64 = 0,
        precision: ElementType = .float32, relativeTo base: URL? = nil
    ) throws -> (dataset: Dataset, notes: [String]) {
        var notes: [String] = []
        let dataset = try dataset(
            reading: source, needsTargets: needsTargets, header: header, separator: separator, seed: seed, precision: precision,
            relativeTo: base, into: &notes)
        return (dataset, notes)
    }

    func dataset(
        reading source: String, needsTargets: Bool = true, header: Bool? = nil, separator: String? = nil, seed: UInt64,
        precision: ElementType, relativeTo base: URL?, into notes: inout [String]
    ) throws -> Dataset {
        if GeneratedData.names.contains(source) {
            let data = try GeneratedData.make(source, samples: nil, noise: nil, seed: seed).test
            try require(data.sampleShape, of: source)
            guard needsTargets else { return data.withoutTargets }
            if case .classes(_, let names) = data.targets, names != classNames {
                throw RectifierError(.data, "\(source): its classes are not those of the model")
            }
            return data
        }
        let part = try part(of: source, needsTargets, header, separator, base, &notes)
        return try dataset(part, needsTargets: needsTargets, precision: precision, into: &notes)
    }

    /// The same of a table without its targets, with the fields of some of its columns as they stand there.
    ///
    /// - Parameter names: the columns to keep, by name or number, or `all`.
    package func dataset(
        reading source: String, keeping names: [String], header: Bool?, separator: String?, precision: ElementType
    ) throws -> (dataset: Dataset, notes: [String], kept: KeptColumns) {
        var notes: [String] = []
        guard !GeneratedData.names.contains(source),
            case .table(let file) = try part(of: source, false, header, separator, nil, &notes)
        else {
            throw RectifierError(.data, "\(source): is no table, so it has no columns to keep")
        }
        let kept = try file.keeping(names)
        let dataset = try dataset(.table(file), needsTargets: false, precision: precision, into: &notes)
        return (dataset, notes, kept)
    }

    private func part(
        of source: String, _ needsTargets: Bool, _ header: Bool?, _ separator: String?, _ base: URL?, _ notes: inout [String]
    ) throws -> DataSource.Part {
        var layout: Layout?
        if case .table(let table) = input { layout = table }
        let opened = try DataSource(
            source, relativeTo: base, needsTargets: needsTargets, fitting: inputShape, classes: classNames,
            header: header ?? layout?.hasHeader,
            separator: separator ?? layout?.separator)
        if opened.main != nil, opened.test != nil { notes.append("\(source): its test part is used") }
        guard let part = opened.test ?? opened.main else { throw RectifierError(.file, "\(source): holds no samples with targets") }
        return part
    }

    func dataset(
        _ part: DataSource.Part, needsTargets: Bool, precision: ElementType = .float32, into notes: inout [String]
    ) throws -> Dataset {
        switch (part, input) {
        case (.table(let file), .table(let layout)):
            return try dataset(of: file, layout, needsTargets, precision, into: &notes)
        case (.arrays(let arrays), .table(let layout)):
            guard arrays.features.shape.count <= 2 else {
                throw RectifierError(
                    .shape,
                    "\(arrays.features.name): its samples have the shape \(describe(arrays.features.sampleShape)), "
                        + "the model takes rows of \(layout.columns.count) columns")
            }
            return try dataset(of: try arrays.table(), layout, needsTargets, precision, into: &notes)
        case (.arrays(let arrays), _):
            return try arrays.dataset(self, targets: needsTargets ? arrays.targetValues() : nil, precision: precision)
        case (.table(let file), _):
            throw RectifierError(
                .shape,
                "\(file.bytes.name): is a table of \(file.columnNames.count) columns, "
                    + "the model takes samples of the shape \(describe(inputShape))"
            )
        }
    }

    private func require(_ shape: [Int], of source: String) throws {
        guard shape == inputShape else {
            throw RectifierError(
                .shape, "\(source): its samples have the shape \(describe(shape)), the model takes \(describe(inputShape))")
        }
    }

    // MARK: Tables

    private func dataset(
        of file: CSVFile, _ layout: Layout, _ needsTargets: Bool, _ precision: ElementType, into notes: inout [String]
    ) throws -> Dataset {
        let places = try places(in: file.columnNames, file.hasHeader && layout.hasHeader, layout, needsTargets, file.bytes.name)
        var readings = [ColumnReading](repeating: .skipped, count: file.columnNames.count)
        for (column, index) in zip(layout.columns, places.features) {
            if case .levels = column.content { readings[index] = .text } else { readings[index] = .numbers(column.spelling) }
        }
        for index in places.targets { readings[index] = areTargetsNumbers ? .numbers(layout.targetSpelling) : .text }
        if let index = places.weights { readings[index] = .numeric }
        notes += file.notes
        return try dataset(of: try file.table(reading: readings), layout, places, precision, into: &notes)
    }

    private func dataset(
        of table: consuming Table, _ layout: Layout, _ needsTargets: Bool, _ precision: ElementType, into notes: inout [String]
    ) throws -> Dataset {
        let places = try places(in: table.columns.map(\.name), false, layout, needsTargets, table.name)
        return try dataset(of: table, layout, places, precision, into: &notes)
    }

    private struct Places {
        var features: [Int]
        /// Empty where targets are not read.
        var targets: [Int]
        /// `nil` where there are none, or targets are not read.
        var weights: Int?
    }

    /// Where the layout's columns are in a file.
    private func places(in names: [String], _ byName: Bool, _ layout: Layout, _ needsTargets: Bool, _ source: String) throws -> Places {
        if byName {
            func place(_ name: String) throws -> Int {
                guard let index = names.firstIndex(of: name) else {
                    throw RectifierError(
                        .data, "\(source): no column \(quoted(name)), which the model needs; its columns are \(TargetValues.listed(names))")
                }
                return index
            }
            return Places(
                features: try layout.columns.map { try place($0.name) }, targets: needsTargets ? try layout.targetNames.map(place) : [],
                weights: needsTargets ? layout.weightName.flatMap { names.firstIndex(of: $0) } : nil)
        }
        if names.count == layout.fieldCount {
            return Places(
                features: layout.columns.map(\.index), targets: needsTargets ? layout.targetIndices : [],
                weights: needsTargets ? layout.weightIndex : nil)
        }
        guard names.count == layout.fieldCount - layout.targetIndices.count else {
            throw RectifierError(
                .shape,
                "\(source): has \(names.count) columns, the model takes \(layout.fieldCount) "
                    + "(or \(layout.fieldCount - layout.targetIndices.count) without the target)")
        }
        guard !needsTargets else {
            throw RectifierError(
                .shape,
                "\(source): has \(names.count) columns, the model needs \(layout.fieldCount) with the target; "
                    + "it can predict for this file, not be evaluated on it"
            )
        }
        return Places(
            features: layout.columns.map { column in column.index - layout.targetIndices.count { $0 < column.index } }, targets: [])
    }

    private var areTargetsNumbers: Bool {
        switch target {
        case .classes(let names): names.allSatisfy { Decimal.number($0) != nil }
        case .values: true
        }
    }

    private func dataset(
        of table: consuming Table, _ layout: Layout, _ places: Places, _ precision: ElementType, into notes: inout [String]
    ) throws -> Dataset {
        try table.requireRows()
        // First, because values beyond a column's limit look as if they were missing.
        let values = places.targets.isEmpty ? nil : try table.values(ofTargets: places.targets)
        for (column, index) in zip(layout.columns, places.features) {
            if case .levels = column.content, table.columns[index].content == .numbers {
                throw RectifierError(
                    .data, "\(table.name): column \(index) holds numbers, where the model takes text (column \(quoted(column.name)))")
            }
        }
        if let index = places.features.first(where: { table.columns[$0].content == .manyTexts }) {
            throw RectifierError(
                .data,
                "\(table.name): column \(quoted(table.columns[index].name)) has more than \(LevelTable.limit) different values, "
                    + "which are no categories"
            )
        }
        table.forgetMissingWords(
            in: places.features,
            besides: layout.columns.map { if case .levels(let names, _, _) = $0.content { names } else { [] } })
        let rows = try table.completeRows(
            features: places.features, targets: places.targets, policy: missing, isTraining: false, mayDrop: !places.targets.isEmpty, &notes
        )
        let targets = try values?.encoded(target, rows: rows, precision: precision) ?? Dataset.Targets.none
        let weights = try places.weights.map { try table.weights(inColumn: $0) }
        if let name = layout.weightName, weights == nil, values != nil {
            notes.append("\(table.name): has no column \(quoted(name)) with weights; all rows count the same")
        }
        let encoding = TableEncoding(layout, of: table, indices: places.features)
        var unknown: [Int] = []
        let name = table.name
        let (features, _) = try encoding.features(takingBlocksOf: &table, first: rows, precision: precision, unknown: &unknown)
        notes += encoding.notes(unknown: unknown, in: name)
        return try Dataset(
            count: rows.count, sampleShape: [layout.width], features: features, targets: targets,
            weights: weights.map { all in rows.map { all[Int($0)] } }, source: name)
    }

    /// What is predicted from what, in one line.
    var summary: String {
        var what: String
        switch target {
        case .classes(let names):
            what = "classification, \(Format.count(names.count, "class", plural: "classes")): \(TargetValues.listed(names))"
        case .values(let columns): what = "regression" + (columns.count > 1 ? " on \(columns.count) numbers" : "")
        }
        if case .table(let layout) = input {
            let features = Format.count(layout.width, "feature"), columns = Format.count(layout.columns.count, "column")
            what += "; target \(TargetValues.listed(layout.targetNames)), \(features) from \(columns)"
        }
        return what
    }
}
