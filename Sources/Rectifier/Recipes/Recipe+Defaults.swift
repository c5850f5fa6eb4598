extension Recipe {
    /// The recipe with everything it left open filled in for these data, and checked: what a ``Trainer`` runs.
    ///
    /// What needs no choice stays open: the threads, on which no result depends, and the initialiser, which each layer has its own usual one of. The choices are meant to do well without tuning: Adam at 0.001,
    /// two wide layers for images and two narrow ones for tables, small batches for small sets, and as many epochs as the set needs for some
    /// ten thousand steps.
    public func resolved(for data: LoadedData) throws -> Recipe {
        try validate()
        var recipe = self
        let samples = data.training.count
        let isImage = data.training.sampleShape.count >= 2

        switch data.training.targets {
        case .classes: recipe.data.task = .classification
        case .values, .doubleValues: recipe.data.task = .regression
        case .none: throw RectifierError(.data, "the training data hold no targets")
        }
        recipe.network.layers = network.layers ?? NetworkSettings.usualLayers(input: data.training.sampleShape)

        let batchSize = training.batchSize ?? .samples(samples < 500 ? 16 : samples < 2000 ? 32 : 128)
        recipe.training.batchSize = batchSize
        recipe.training.learningRate = training.learningRate ?? training.optimizer.usualLearningRate
        recipe.training.schedule = training.schedule ?? .cosine()
        recipe.training.epochs = training.epochs ?? (isImage ? 5 : Self.epochs(forTableOf: samples, batchSize: batchSize))

        if training.earlyStopping != nil, data.heldOut == nil {
            throw RectifierError(.setting, "early stopping needs held-out data: give test data or a validation share")
        }
        return recipe
    }

    /// Epochs for about 10,000 steps, from 10 to 200.
    private static func epochs(forTableOf samples: Int, batchSize: BatchSize) -> Int {
        let steps =
            switch batchSize {
            case .full: 1
            case .samples(let count): max(1, samples / max(1, count))
            }
        return min(200, max(10, 10_000 / steps))
    }
}

extension NetworkSettings {
    /// The hidden layers for samples of that shape where a recipe names none.
    static func usualLayers(input: [Int]) -> [Int] { input.count >= 2 ? [512, 512] : [128, 64] }
}
