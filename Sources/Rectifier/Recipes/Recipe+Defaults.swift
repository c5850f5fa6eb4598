import class Foundation.ProcessInfo

extension Recipe {
    /// The recipe with everything it left open filled in for these data, and checked: what a ``Trainer`` runs.
    ///
    /// What needs no choice stays open: the threads, on which no result depends, and the initializer, of which each layer has its own usual one.
    /// The choices are meant to do well without tuning (see ``UsualSettings`` for them).
    public func resolved(for data: LoadedData) throws -> Recipe {
        try validate()
        var recipe = self
        let task: DataSettings.Task
        switch data.training.targets {
        case .classes: task = .classification
        case .values, .doubleValues: task = .regression
        case .none: throw RectifierError(.data, "the training data hold no targets")
        }
        if let wanted = self.data.task, wanted != task {
            throw RectifierError(.setting, "\(self.data.source): is data for \(task.rawValue), not \(wanted.rawValue)")
        }
        recipe.data.task = task
        if training.earlyStopping != nil, data.heldOut == nil, data.validation == nil {
            throw RectifierError(.setting, "early stopping needs held-out data: give test data or a validation share")
        }

        let usual = UsualSettings(isGenerated: GeneratedData.names.contains(self.data.source), data: data.training)
        recipe.network.fill(layers: usual.layers)
        let network = try Network(recipe.network, input: data.training.sampleShape, outputs: data.training.outputCount)
        try network.checkMemory(precision: training.precision)
        recipe.training.batchSize = training.batchSize ?? .samples(usual.batchSize)
        recipe.training.learningRate = training.learningRate ?? usual.learningRate(of: training.optimizer)
        recipe.training.weightDecay = training.weightDecay ?? usual.weightDecay
        recipe.training.schedule = training.schedule ?? .cosine()
        recipe.training.epochs = training.epochs ?? usual.epochs(batchSize: recipe.training.batchSize)
        return recipe
    }
}

/// What a recipe runs with where it leaves the choice. Found by trial on tables from 150 to 54,000 rows.
///
/// | data | layers | batch | learning rate | weight decay | epochs |
/// |---|---|---|---|---|---|
/// | images | 512, 512 | 128 | usual | 0 | for 1,000 steps, from 5 to 50 |
/// | generated points | 32, 32 | 16 to 128 | 0.01 | 0 | for 5,000 steps, from 10 to 200 |
/// | tables below 2,000 rows | 32 | 16 or 32 | 0.01 | 0.3 / rows | for 5,000 steps, at most 200 |
/// | tables | 128, 64 | 128 | usual | 0 | for 5,000 steps, from 10 to 200 |
///
/// The learning rates hold for Adam; other optimisers take their usual one. A weight decay that falls with the number of samples is the same prior for
/// every size (as adding λ ‖w‖² / 2 to the loss summed over all samples).
struct UsualSettings {
    private enum Kind { case images, points, smallTable, table }
    private let kind: Kind
    private let samples: Int
    private let sampleShape: [Int]

    init(isGenerated: Bool, data: Dataset) {
        samples = max(1, data.count)
        sampleShape = data.sampleShape
        kind = data.sampleShape.count >= 2 ? .images : isGenerated ? .points : samples < 2000 ? .smallTable : .table
    }

    var layers: [Int] {
        switch kind {
        case .points: [32, 32]
        case .smallTable: [32]
        case .images, .table: NetworkSettings.usualLayers(input: sampleShape)
        }
    }

    var batchSize: Int { kind == .images ? 128 : samples < 500 ? 16 : samples < 2000 ? 32 : 128 }

    var weightDecay: Double { kind == .smallTable ? 0.3 / Double(samples) : 0 }

    func learningRate(of optimizer: Optimizer) -> Double {
        switch (kind, optimizer) {
        case (.points, .adam), (.points, .adamW), (.smallTable, .adam), (.smallTable, .adamW): 0.01
        default: optimizer.usualLearningRate
        }
    }

    func epochs(batchSize: BatchSize?) -> Int {
        var steps = 1
        if case .samples(let count)? = batchSize { steps = max(1, samples / count) }
        return kind == .images ? min(50, max(5, 1000 / steps)) : min(200, max(10, 5000 / steps))
    }
}

extension Network {
    /// Throws where training would not fit this machine's memory: weights, gradients and two states of the optimiser.
    fileprivate func checkMemory(precision: ElementType) throws {
        let bytes = Double(summary.parameterCount) * Double(4 * precision.computing.size)
        let memory = Double(ProcessInfo.processInfo.physicalMemory)
        guard bytes < memory else {
            let gigabytes = [bytes, memory].map { String(Int($0 / 1e9)) }
            throw RectifierError(
                .setting, "training a network of these layers needs \(gigabytes[0]) GB of memory, this machine has \(gigabytes[1]) GB")
        }
    }
}
