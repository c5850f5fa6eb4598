// How the parts of a recipe are read. Writing them is what the compiler derives: every member under its own name, open
// ones (`nil`) left out.

extension Recipe {
    private enum Key: String, RecipeKey { case data, network, training, tune }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.data, into: &data)
        try fields.read(.network, into: &network)
        try fields.read(.training, into: &training)
        try fields.read(.tune, into: &tune)
    }
}

extension DataSettings: RecipeObject {
    private enum Key: String, RecipeKey {
        case source, test, target, task, missing, numbers, features, columns, validation, header, separator, samples, noise, normalize
        case weights
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.source, into: &source)
        try fields.read(.test, into: &test)
        target = try fields.value(.target, as: ColumnName.self)?.text
        try fields.read(.task, into: &task)
        try fields.read(.missing, into: &missing)
        try fields.read(.numbers, into: &numbers)
        features = try fields.value(.features, as: [ColumnName].self)?.map(\.text)
        try fields.read(.columns, into: &columns)
        try fields.read(.validation, into: &validation)
        try fields.read(.header, into: &header)
        try fields.read(.separator, into: &separator)
        try fields.read(.samples, into: &samples)
        try fields.read(.noise, into: &noise)
        try fields.read(.normalize, into: &normalize)
        weights = try fields.value(.weights, as: ColumnName.self)?.text
    }
}

/// A column's name, or its number without quotes.
private struct ColumnName: RecipeValue {
    static var expected: String { "a column's name in quotes, or its number from 0" }
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            text = String(number)
        } else {
            text = try container.decode(String.self)
        }
    }
}

extension TrainingSettings: RecipeObject {
    private enum Key: String, RecipeKey, CodingKey {
        case optimizer, learningRate, schedule, weightDecay, l1, l2, clipNorm, batchSize, epochs, shuffle, earlyStopping, metric
        case classWeights, threshold
        case seed, threads, precision, census, health, checkpointEvery, layerRates, changes, augmentation
    }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.optimizer, into: &optimizer)
        try fields.read(.learningRate, into: &learningRate)
        try fields.read(.schedule, into: &schedule)
        try fields.read(.weightDecay, into: &weightDecay)
        try fields.read(.l1, into: &l1)
        try fields.read(.l2, into: &l2)
        try fields.read(.clipNorm, into: &clipNorm)
        try fields.read(.batchSize, into: &batchSize)
        try fields.read(.epochs, into: &epochs)
        try fields.read(.shuffle, into: &shuffle)
        try fields.read(.earlyStopping, into: &earlyStopping)
        try fields.read(.metric, into: &metric)
        try fields.read(.classWeights, into: &classWeights)
        try fields.read(.threshold, into: &threshold)
        try fields.read(.seed, into: &seed)
        try fields.read(.threads, into: &threads)
        try fields.read(.precision, into: &precision)
        try fields.read(.census, into: &census)
        try fields.read(.health, into: &health)
        try fields.read(.checkpointEvery, into: &checkpointEvery)
        try fields.read(.layerRates, into: &layerRates)
        try fields.read(.changes, into: &changes)
        try fields.read(.augmentation, into: &augmentation)
    }

    /// Open settings and empty lists are left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(optimizer, forKey: .optimizer)
        try container.encodeIfPresent(learningRate, forKey: .learningRate)
        try container.encodeIfPresent(schedule, forKey: .schedule)
        try container.encodeIfPresent(weightDecay, forKey: .weightDecay)
        try container.encode(l1, forKey: .l1)
        try container.encode(l2, forKey: .l2)
        try container.encodeIfPresent(clipNorm, forKey: .clipNorm)
        try container.encodeIfPresent(batchSize, forKey: .batchSize)
        try container.encodeIfPresent(epochs, forKey: .epochs)
        try container.encode(shuffle, forKey: .shuffle)
        try container.encodeIfPresent(earlyStopping, forKey: .earlyStopping)
        try container.encodeIfPresent(metric, forKey: .metric)
        try container.encodeIfPresent(classWeights, forKey: .classWeights)
        try container.encodeIfPresent(threshold, forKey: .threshold)
        try container.encode(seed, forKey: .seed)
        try container.encodeIfPresent(threads, forKey: .threads)
        try container.encode(precision, forKey: .precision)
        try container.encode(census, forKey: .census)
        try container.encode(health, forKey: .health)
        try container.encode(checkpointEvery, forKey: .checkpointEvery)
        if !layerRates.isEmpty { try container.encode(layerRates, forKey: .layerRates) }
        if !changes.isEmpty { try container.encode(changes, forKey: .changes) }
        try container.encodeIfPresent(augmentation, forKey: .augmentation)
    }
}

extension Augmentation: RecipeObject {
    private enum Key: String, RecipeKey { case flip, shift }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.flip, into: &flip)
        try fields.read(.shift, into: &shift)
    }
}

extension TrainingChange: RecipeObject {
    private enum Key: String, RecipeKey { case afterStep, learningRate, weightDecay, l1, l2, batchSize, epochs, units }

    public init(from decoder: any Decoder) throws {
        self.init(afterStep: 0)
        let fields = try RecipeFields(decoder, as: Key.self)
        guard let step = try fields.value(.afterStep, as: Int.self) else {
            throw recipeError(decoder.codingPath, "\"afterStep\" is missing: the steps that are done before the change")
        }
        afterStep = step
        try fields.read(.learningRate, into: &learningRate)
        try fields.read(.weightDecay, into: &weightDecay)
        try fields.read(.l1, into: &l1)
        try fields.read(.l2, into: &l2)
        try fields.read(.batchSize, into: &batchSize)
        try fields.read(.epochs, into: &epochs)
        try fields.read(.units, into: &units)
    }
}

extension UnitChange: RecipeObject {
    private enum Key: String, RecipeKey { case layer, units, lift, seed, reader }

    public init(from decoder: any Decoder) throws {
        let fields = try RecipeFields(decoder, as: Key.self)
        guard let layer = try fields.value(.layer, as: String.self) else {
            throw recipeError(decoder.codingPath, "\"layer\" is missing: the dense layer whose units change")
        }
        self.init(layer: layer, units: [])
        try fields.read(.units, into: &units)
        try fields.read(.lift, into: &lift)
        try fields.read(.seed, into: &seed)
        try fields.read(.reader, into: &reader)
    }
}
