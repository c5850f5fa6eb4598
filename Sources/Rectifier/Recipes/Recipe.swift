/// The one description of a run: flags, recipe files and saved models are spellings of it.
///
/// A recipe may leave things open (`nil`); a ``TrainingPlan`` fills them in from the data.
/// In JSON every key is optional and an unknown one is an error; ``init(contentsOf:)`` allows comments.
///
/// ```json
/// {
///     "data": {"source": "housing.csv", "target": "median_house_value", "columns": {"id": "ignore"}},
///     "network": {"layers": [128, 64], "activation": "relu"},
///     "training": {"optimizer": {"name": "sgd", "momentum": 0.9}, "batchSize": 64, "epochs": 20}
/// }
/// ```
public struct Recipe: Sendable, Codable, Equatable {
    public var data = DataSettings()
    public var network = NetworkSettings()
    public var training = TrainingSettings()
    /// What `rectifier tune` may draw, by the setting's key: `training.learningRate`. Nothing else reads it.
    public var tune: [String: TuningRange]?

    public init() {}
}

/// Where samples come from and what is predicted of them.
public struct DataSettings: Sendable, Codable, Hashable {
    /// The name of a generated set (`digits`, `spiral`, …), or a file or folder.
    public var source = "digits"
    /// A second source of the same form to test on.
    public var test: String?
    /// Tables: the name or 0-based index of the column to predict; `nil`: the last. CIFAR-100: `fine` or `coarse`
    /// labels; `nil`: fine ones.
    public var target: String?
    /// `nil`: from the target's content.
    public var task: Task?
    /// Tables: what becomes of missing values. `nil`: they are filled in, numbers with their column's mean over the
    /// training rows and a further feature that marks them, texts with a level of their own. Rows without a target are
    /// left out.
    public var missing: MissingValues?
    /// Tables: what features a network is given of a number. `nil`: of tables from 5,000 rows that come in folds
    /// pieces, otherwise standardized ones.
    public var numbers: NumberFeatures?
    /// Tables: the columns to learn from, by name or 0-based index. `nil`: all that can be learned from.
    public var features: [String]?
    /// Tables: what columns are, by name or 0-based index. Of others the content says it.
    public var columns: [String: ColumnRole]?
    /// Tables: the name or 0-based index of the column that says how much each row counts in the loss. It is no
    /// feature.
    public var weights: String?
    /// What is held out of the training data. `nil`: of tables that the command line trains on each of some folds in
    /// turn; otherwise a fifth of what is read without test data, and nothing of what has some.
    public var validation: Validation?
    /// Tables: whether the first line holds names. `nil`: from its content.
    public var header: Bool?
    /// Tables: the one-character separator. `nil`: from the content.
    public var separator: String?
    /// Images: whether each channel's mean over the training split is subtracted, and divided by its deviation.
    /// Normalized images are kept as floats, with four times the bytes. `nil`: no.
    public var normalize: Bool?
    /// Generated sets: the number of training samples. `nil`: the set's own.
    public var samples: Int?
    /// Generated sets: the noise, 0 to 1 (playground sets: 0 to 0.5).
    public var noise: Double?

    /// What is predicted: one of several classes, or numbers.
    public enum Task: String, Sendable, Codable, CaseIterable { case classification, regression }

    /// Missing values of a table: an error, or replaced by their column's mean over the training rows (in text columns
    /// by the most frequent text), or their rows are left out.
    public enum MissingValues: String, Sendable, Codable, CaseIterable { case error, mean, drop }

    /// Features of a number: itself, less the mean over the deviation; or itself, softly clipped, and how far it
    /// reaches into each of some pieces between quantiles of the training rows, see ``NumberShape``.
    public enum NumberFeatures: String, Sendable, Codable, CaseIterable { case standardized, pieces }

    /// What a table's column is: not used, a number, text even where it looks like numbers, or a date.
    public enum ColumnRole: String, Sendable, Codable, CaseIterable { case ignore, number, text, date }

    /// What the held-out loss is measured on while training.
    public enum Validation: Sendable, Hashable {
        /// A share of the training samples, 0 ≤ share < 1, drawn by the seed.
        case share(Double)
        /// A file or folder of the same form as the training data.
        case source(String)
        /// In turn, each of so many parts of the training data, at least 2, drawn by the seed: a network is trained
        /// without each, and the model is their mean. See ``Folds``.
        case folds(Int)
    }

    public init() {}

    /// Stands in the recipes of runs whose data were made in code.
    static let inCode: DataSettings = {
        var settings = DataSettings()
        settings.source = "(made in code)"
        return settings
    }()
}
