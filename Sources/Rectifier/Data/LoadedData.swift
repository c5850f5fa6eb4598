import Foundation

/// The data of a run, prepared: what a recipe's ``DataSettings`` stand for.
public struct LoadedData: Sendable {
    public private(set) var training: Dataset
    /// What a model is judged by: the test data where there is any, else what was held out of the training data.
    public private(set) var heldOut: Dataset?
    /// Held out beside the test data, where that was asked for.
    public private(set) var validation: Dataset?
    /// The parts of the training data that networks trained side by side do without; `nil` for a run of one network.
    public private(set) var folds: Folds?
    /// What must be applied to every file that follows.
    public private(set) var preparation: Preparation
    /// What was read: where from, and how.
    public private(set) var settings: DataSettings
    /// What the user should know: columns and rows left out, what is predicted, what is held out. One line each.
    public private(set) var notes: [String]

    /// Reads or generates the data.
    ///
    /// The source is the name of a generated set (``GeneratedData``), a folder of IDX files, of CIFAR's batches or with
    /// a sub-folder of PNG and JPEG files for each class, an IDX, `.npy` or `.npz` file, or a text file with a table;
    /// any file but images may be gzipped. What it is its content says. Everything that is
    /// learned from the data is learned from the training split, which is drawn first.
    ///
    /// - Parameters:
    ///   - seed: draws generated sets and the split.
    ///   - precision: what the run computes in: for float64, numbers that are standardized stay doubles.
    ///   - base: what relative paths start from; nil: the working directory.
    ///   - folds: whether a table comes in folds where the settings do not say what is held out.
    /// - Throws: ``RectifierError`` that names the file, and the line, column or sample.
    public init(
        _ settings: DataSettings, seed: UInt64, precision: ElementType = .float32, relativeTo base: URL? = nil,
        folds comeUsually: Bool = false
    ) throws {
        self.settings = settings
        guard settings.source != DataSettings.inCode.source else {
            throw RectifierError(.setting, "the data of the run were made in code: name the file or folder that holds them")
        }
        var share: Double?
        if case .share(let value) = settings.validation {
            share = value
            guard value >= 0, value < 1 else {
                throw RectifierError(.setting, "validation \(value): must be a share from 0 to below 1, or a file")
            }
        }

        if GeneratedData.names.contains(settings.source) {
            let sets = try GeneratedData.make(settings.source, samples: settings.samples, noise: settings.noise, seed: seed)
            preparation = try Preparation(of: sets.training)
            training = sets.training
            heldOut = sets.test
            notes = []
            if let share, share > 0 {
                let split = try Split((0..<Int32(training.count)).map { $0 }, share: share, seed: seed, name: settings.source)
                validation = try training.selecting(split.heldOut)
                training = try training.selecting(split.training)
            }
            if let test = settings.test {
                heldOut = try preparation.dataset(reading: test, seed: seed, precision: precision, relativeTo: base, into: &notes)
            }
        } else {
            let source = try DataSource(
                settings.source, relativeTo: base, needsTargets: true, target: settings.target, header: settings.header,
                separator: settings.separator)
            guard let main = source.main else {
                throw RectifierError(.file, "\(settings.source): holds test data only; training data is missing")
            }
            let hasTest = settings.test != nil || source.test != nil
            let comesInFolds = comeUsually && settings.validation == nil && main.holdsTable
            let isSplit = settings.validation == nil ? !hasTest && !comesInFolds : share != nil
            let drawn = isSplit ? share ?? 0.2 : 0
            let fitted: Table.Fitted
            var usual = settings
            /// The settings, with what is usual for a table of so many rows that comes in folds.
            func filled(rows: Int) -> DataSettings {
                if comesInFolds { usual.validation = .folds(Folds.usualCount(rows: rows)) }
                if comeUsually, case .folds = usual.validation {
                    usual.numbers = settings.numbers ?? (rows < UsualSettings.manyRows ? .standardized : .pieces)
                }
                return usual
            }
            switch main {
            case .table(let file):
                let target = try LoadedData.targetColumn(settings.target, of: file.columnNames, in: settings.source)
                let choice = try ColumnChoice(settings, names: file.columnNames, targets: [target], source: settings.source)
                let table = try file.table(choosing: choice), settings = filled(rows: table.rowCount)
                fitted = try table.fitted(
                    choosing: choice, settings: settings, share: drawn, seed: seed, precision: precision)
            case .arrays(let arrays) where arrays.isTable:
                let table = try arrays.table()
                var targets = Array(arrays.features.columnCount..<table.columns.count)
                if targets.isEmpty {
                    targets = [try LoadedData.targetColumn(settings.target, of: table.columns.map(\.name), in: settings.source)]
                }
                let choice = try ColumnChoice(settings, names: table.columns.map(\.name), targets: targets, source: settings.source)
                fitted = try table.fitted(
                    choosing: choice, areLabels: arrays.areLabels, settings: filled(rows: table.rowCount), share: drawn, seed: seed,
                    precision: precision)
            case .arrays(let arrays):
                fitted = try arrays.fitted(settings: settings, share: drawn, seed: seed, precision: precision)
            }
            self.settings = usual
            (training, preparation, notes) = (fitted.training, fitted.preparation, fitted.notes)
            if let test = settings.test {
                heldOut = try preparation.dataset(
                    reading: test, header: settings.header, separator: settings.separator, seed: seed, precision: precision,
                    relativeTo: base, into: &notes)
                validation = fitted.heldOut
            } else if let test = source.test {
                heldOut = try preparation.dataset(test, needsTargets: true, precision: precision, into: &notes)
                validation = fitted.heldOut
            } else {
                heldOut = fitted.heldOut
            }
        }

        if settings.weights != nil, training.weights == nil {
            throw RectifierError(.setting, "\(settings.source): weights name a column of a table; this is none", setting: "data.weights")
        }
        if case .folds(let count) = self.settings.validation {
            folds = try Folds(count, of: training, seed: seed)
            notes.append("\(count) networks, each stopped by another of \(count) parts of the rows; the model is their mean")
        }
        if settings.normalize == true {
            guard case .channels = preparation.input else {
                throw RectifierError(
                    .setting,
                    "\(settings.source): normalize is for files of images; samples of the shape \(describe(preparation.inputShape)) "
                        + "are none, or need none", setting: "data.normalize")
            }
        }
        if case .source(let path) = settings.validation {
            let data = try preparation.dataset(
                reading: path, header: settings.header, separator: settings.separator, seed: seed, precision: precision,
                relativeTo: base, into: &notes)
            if heldOut == nil { heldOut = data } else { validation = data }
        }
        notes.insert(preparation.summary, at: 0)
    }

    /// Data made in code.
    ///
    /// - Parameters:
    ///   - folds: Parts that networks trained side by side do without, see ``Folds``; `nil` for a run of one network.
    ///   - seed: Draws the folds.
    ///   - preparation: What was done to the data; `nil`: nothing, see ``Preparation/init(of:)``.
    /// - Throws: ``RectifierError`` where there are no targets to learn, a set has other shapes than the preparation
    ///   makes, the message names both, or there are fewer samples than folds.
    public init(
        training: Dataset, heldOut: Dataset? = nil, validation: Dataset? = nil, folds: Int? = nil, seed: UInt64 = 0,
        preparation: Preparation? = nil
    ) throws {
        let preparation = try preparation ?? Preparation(of: training)
        for set in [training, heldOut, validation].compactMap({ $0 }) {
            guard set.sampleShape == preparation.inputShape, set.outputCount == preparation.outputCount else {
                throw RectifierError(
                    .shape,
                    "a data set has samples of shape \(set.sampleShape) and \(set.outputCount) outputs, the preparation is for "
                        + "\(preparation.inputShape) and \(preparation.outputCount)")
            }
        }
        (self.training, self.heldOut, self.validation, self.preparation) = (training, heldOut, validation, preparation)
        settings = .inCode
        notes = [preparation.summary]
        if let folds {
            settings.validation = .folds(folds)
            self.folds = try Folds(folds, of: training, seed: seed)
        }
    }

    /// The column to predict: by its name, else by its number from 0, else the last.
    static func targetColumn(_ target: String?, of names: [String], in source: String) throws -> Int {
        guard let target else { return names.count - 1 }
        if let index = names.place(ofColumn: target) { return index }
        throw RectifierError(.setting, "\(source): no column \(quoted(target)) to predict; the columns are \(TargetValues.listed(names))")
    }
}
