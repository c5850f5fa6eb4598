// How the parts of a recipe are read. Writing them is what the compiler derives: every member under its own name, open ones (`nil`) left out.

extension Recipe {
    private enum Key: String, RecipeKey { case data, network, training }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.data, into: &data)
        try fields.read(.network, into: &network)
        try fields.read(.training, into: &training)
    }
}

extension DataSettings: RecipeObject {
    private enum Key: String, RecipeKey { case source, test, target, task, missing, validation, header, separator, samples, noise }

    public init(from decoder: any Decoder) throws {
        self.init()
        let fields = try RecipeFields(decoder, as: Key.self)
        try fields.read(.source, into: &source)
        try fields.read(.test, into: &test)
        target = try fields.value(.target, as: ColumnName.self)?.text
        try fields.read(.task, into: &task)
        try fields.read(.missing, into: &missing)
        try fields.read(.validation, into: &validation)
        try fields.read(.header, into: &header)
        try fields.read(.separator, into: &separator)
        try fields.read(.samples, into: &samples)
        try fields.read(.noise, into: &noise)
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
    private enum Key: String, RecipeKey {
        case optimizer, learningRate, schedule, weightDecay, l1, l2, clipNorm, batchSize, epochs, shuffle, earlyStopping
        case seed, threads, precision, census, checkpointEvery
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
        try fields.read(.seed, into: &seed)
        try fields.read(.threads, into: &threads)
        try fields.read(.precision, into: &precision)
        try fields.read(.census, into: &census)
        try fields.read(.checkpointEvery, into: &checkpointEvery)
    }
}
