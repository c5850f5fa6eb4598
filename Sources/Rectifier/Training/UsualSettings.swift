/// What a run uses where its settings leave the choice: the one table of defaults, for code, recipes and the command
/// line.
///
/// Tables that come in folds (``Folds``, as the command line has them) return each network to its best weights, and
/// stop when no network's loss has fallen for 20 epochs, from 5,000 rows for 5. Without folds, tables from 5,000 rows
/// are as others are.
///
/// Found by trial on tables from 150 to 54,000 rows. The learning rates hold for Adam; other optimizers take their
/// usual one. A weight decay that falls with the number of samples is the same prior for every size (as adding λ ‖w‖² /
/// 2 to the loss summed over all samples).
public struct UsualSettings: Sendable {
    /// What the choice depends on.
    public enum Kind: String, Sendable, CaseIterable {
        case images
        case points = "generated points"
        case smallTable = "tables below 2,000 rows"
        case table = "tables"
        case largeTable = "tables from 5,000 rows"
    }
    public let kind: Kind
    private let samples: Int

    init(for data: LoadedData) {
        samples = max(1, data.training.count)
        let isImage = data.training.sampleShape.count >= 2
        let isGenerated = GeneratedData.names.contains(data.settings.source)
        let isLarge = data.folds != nil && samples >= Self.manyRows
        kind = isImage ? .images : isGenerated ? .points : samples < Self.smallTable ? .smallTable : isLarge ? .largeTable : .table
    }

    private static let smallTable = 2000
    static let manyRows = 5000

    /// Epochs that the held-out loss of a network in folds may not fall.
    var patience: Int { kind == .largeTable ? 5 : 20 }

    /// Units of the hidden layers.
    var layers: [Int] {
        switch kind {
        case .images: NetworkSettings.usualLayers(input: [1, 1])
        case .points: [32, 32]
        case .smallTable: [32]
        case .table, .largeTable: NetworkSettings.usualLayers(input: [1])
        }
    }

    var batchSize: Int { kind == .largeTable ? 256 : kind == .images ? 128 : samples < 500 ? 16 : samples < Self.smallTable ? 32 : 128 }

    var weightDecay: Double { kind == .smallTable ? 0.3 / Double(samples) : 0 }

    func learningRate(of optimizer: Optimizer) -> Double {
        switch (kind, optimizer) {
        case (.points, .adam), (.points, .adamW), (.smallTable, .adam), (.smallTable, .adamW): 0.01
        case (.largeTable, .adam), (.largeTable, .adamW): 0.003
        default: optimizer.usualLearningRate
        }
    }

    func epochs(batchSize: BatchSize?) -> Int {
        if kind == .largeTable { return 30 }
        var steps = 1
        if case .samples(let count)? = batchSize { steps = max(1, samples / count) }
        return kind == .images ? min(50, max(5, 1000 / steps)) : min(200, max(10, 5000 / steps))
    }

    /// The table of defaults, for people: headings, then a row for each kind of data.
    public static let table = [
        ["data", "layers", "batch", "rate", "decay", "steps", "epochs"],
        [Kind.images.rawValue, "512, 512", "128", "0.001", "0", "1,000", "5 to 50"],
        [Kind.points.rawValue, "32, 32", "16 to 128", "0.01", "0", "5,000", "10 to 200"],
        [Kind.smallTable.rawValue, "32", "16 or 32", "0.01", "0.3/rows", "5,000", "10 to 200"],
        [Kind.table.rawValue, "128, 64", "128", "0.001", "0", "5,000", "10 to 200"],
        [Kind.largeTable.rawValue, "128, 64", "256", "0.003", "0", "-", "30"],
    ]
}
