/// What a run will do: a network, a loss and every setting, with nothing left open.
///
/// A plan is made and checked once, whether the run comes from code, from a recipe or from the command line, and cannot
/// be changed. It is what is saved with the model: running its ``recipe`` on the same data gives the same bits.
///
/// What the settings leave open is chosen from the data, by the table that `rectifier defaults` prints.
public struct TrainingPlan: Sendable {
    public let network: Network
    public let loss: Loss
    /// What is done to data before the network sees it.
    public let preparation: Preparation
    /// The run as a recipe, with every choice filled in.
    public let recipe: Recipe

    public let optimizer: Optimizer
    /// Before the schedule.
    public let learningRate: Double
    public let schedule: Schedule
    public let penalties: Penalties
    /// Samples a step: at most as many as there are.
    public let batchSize: Int
    public let epochs: Int
    /// What a sample of each class counts in the loss; `nil` where all count the same.
    public let classWeights: [Double]?

    /// The settings that the others are filled in from. None of those above is `nil` in it.
    public var settings: TrainingSettings { recipe.training }

    /// A run of a recipe.
    ///
    /// - Throws: ``RectifierError`` for a setting out of its range, one that contradicts another or the data, and a
    ///   network that does not fit the machine's memory.
    public init(recipe: Recipe, data: LoadedData) throws {
        try recipe.validate()
        let usual = UsualSettings(for: data)
        var recipe = recipe
        try recipe.network.fill(layers: usual.layers, outputs: data.training.outputCount)
        let single = try Network(recipe.network, input: data.training.sampleShape, outputs: data.training.outputCount)
        let loss = try recipe.network.loss(for: data.training)
        let network = try data.folds.map { try single.repeated($0.count, votes: loss == .softmaxCrossEntropy) } ?? single
        try self.init(network, loss: loss, recipe: recipe, data: data, usual: usual)
    }

    /// A run of a network in code.
    ///
    /// - Parameter loss: `nil` for the usual one of the targets: cross-entropy for classes, squared error for numbers.
    /// - Throws: As ``init(recipe:data:)``, and where the shapes of network and data differ.
    public init(_ network: Network, loss: Loss? = nil, data: LoadedData, settings: TrainingSettings = TrainingSettings()) throws {
        var recipe = Recipe()
        recipe.data = data.settings
        recipe.training = settings
        try recipe.training.validate()
        // A network with a layer that is code has no spelling; its model cannot be written either.
        if network.isDescribable { recipe.network = try NetworkSettings(network, loss: loss) }
        try self.init(network, loss: loss ?? data.training.usualLoss, recipe: recipe, data: data, usual: UsualSettings(for: data))
    }

    private init(_ network: Network, loss: Loss, recipe: Recipe, data: LoadedData, usual: UsualSettings) throws {
        for set in [data.training, data.heldOut, data.validation].compactMap({ $0 }) {
            try set.requireShapes(of: network)
        }
        try loss.validate()
        if recipe.training.earlyStopping != nil, data.folds == nil, data.heldOut == nil, data.validation == nil {
            throw RectifierError(.setting, "early stopping needs held-out data: give test data or a validation share")
        }
        // Folds stop early without being told to.
        if recipe.training.earlyStopping == nil, data.folds == nil, recipe.training.metric != nil {
            throw RectifierError(
                .setting, "the metric is what early stopping looks at; say for how many epochs", setting: "training.earlyStopping")
        }
        try recipe.training.augmentation?.check(data.training.sampleShape)
        var filled = recipe
        filled.tune = nil
        let task = try data.checkedTask(recipe.data.task)
        filled.data.task = task
        try recipe.training.metric?.check(task)
        classWeights = try recipe.training.classWeights.map { try $0.numbers(of: data.training) }
        try recipe.training.threshold?.check(data, loss)
        let size = recipe.training.batchSize ?? .samples(usual.batchSize)
        filled.training.batchSize = size
        optimizer = recipe.training.optimizer
        learningRate = recipe.training.learningRate ?? usual.learningRate(of: optimizer)
        schedule = recipe.training.schedule ?? .cosine()
        penalties = Penalties(
            weightDecay: recipe.training.weightDecay ?? usual.weightDecay, l1: recipe.training.l1, l2: recipe.training.l2)
        batchSize = size.count(of: data.training.count)
        epochs = recipe.training.epochs ?? usual.epochs(batchSize: size)
        filled.training.learningRate = learningRate
        filled.training.schedule = schedule
        filled.training.weightDecay = penalties.weightDecay
        filled.training.epochs = epochs
        if let folds = data.folds {
            guard try network.built(isTraining: false).members.count == folds.count else {
                throw RectifierError(
                    .setting,
                    "\(folds.count) folds need a network that ends in a mean or a vote of as many branches; see Network.repeated(_:votes:)")
            }
            filled.data.validation = .folds(folds.count)
            filled.data.numbers = data.settings.numbers
            filled.training.earlyStopping = recipe.training.earlyStopping ?? EarlyStopping(patience: usual.patience)
        }
        self.recipe = filled
        self.network = network
        self.loss = loss
        preparation = data.preparation
        try settings.checkLayerRates(of: network)
        for change in settings.changes { try change.check(network) }
        try checkMemory()
    }

    /// The plan that a model was trained by, to go on with it.
    ///
    /// - Parameter change: Changes that are made where it goes on.
    init(resuming model: Model, change: TrainingChange?, threads: Int?, data: LoadedData) throws {
        guard var recipe = model.recipe else { throw RectifierError(.file, "the model holds no recipe to go on with") }
        if let change { recipe.training.changes.append(change) }
        recipe.training.threads = threads ?? recipe.training.threads
        (recipe.data.source, recipe.data.test) = (data.settings.source, data.settings.test)
        try recipe.training.validate()
        try self.init(model.network, loss: model.loss, recipe: recipe, data: data, usual: UsualSettings(for: data))
    }

    /// Throws where training would not fit into memory: the blocks that a session holds, those it would go back to
    /// where it diverged, and the two copies of a checkpoint while it is saved, its numbers and its files.
    private func checkMemory() throws {
        let states = settings.optimizer.stateCount
        let blocks = 2 + states + 3 * (1 + states)
        try MachineMemory.require(
            Shape.elementCount([network.summary.parameterCount, blocks, settings.precision.computing.size]), kind: .setting,
            for: "training a network of these layers", advice: "choose fewer weights")
    }
}

extension TrainingSettings {
    /// What the learning rate is multiplied by for a parameter: the product over the layers around it.
    func layerRate(of parameter: String) -> Double {
        // In an order of its own: products of three factors round by their order, and a dictionary's changes.
        layerRates.sorted { $0.key < $1.key }.reduce(1) { parameter.hasPrefix($1.key + ".") ? $0 * $1.value : $0 }
    }

    /// Throws for rates of layers that a network does not have, and where they leave nothing to train.
    func checkLayerRates(of network: Network) throws {
        let parameters = network.parameterNames
        for layer in layerRates.keys.sorted() where !parameters.contains(where: { $0.hasPrefix(layer + ".") }) {
            let layers = network.summary.rows.filter { $0.parameters > 0 }.map(\.name)
            throw RectifierError(
                .setting, "layerRates: there is no layer '\(oneLine(layer))' with parameters; \(Names.hint(for: layer, among: layers))")
        }
        guard parameters.allSatisfy({ layerRate(of: $0).isFinite }) else {
            throw RectifierError(.setting, "layerRates: the rates of layers inside each other give no finite number; lower them")
        }
        guard parameters.isEmpty || parameters.contains(where: { layerRate(of: $0) > 0 }) else {
            throw RectifierError(.setting, "layerRates: every layer is frozen, so there is nothing to train")
        }
    }
}

extension Dataset {
    /// Throws where samples or targets have other shapes than a network's inputs and outputs.
    package func requireShapes(of network: Network) throws {
        guard network.inputShape == sampleShape else {
            throw RectifierError(.shape, "the network takes samples of shape \(network.inputShape), the data has \(sampleShape)")
        }
        guard network.outputShape == [outputCount] else {
            throw RectifierError(.shape, "the network gives \(network.outputShape), the data's targets need [\(outputCount)]")
        }
    }
}

extension BatchSize {
    /// Samples a step of so many.
    func count(of samples: Int) -> Int {
        switch self {
        case .full: samples
        case .samples(let count): min(count, samples)
        }
    }
}

extension LoadedData {
    /// What is predicted, which must be what was asked for.
    fileprivate func checkedTask(_ wanted: DataSettings.Task?) throws -> DataSettings.Task {
        let task: DataSettings.Task
        switch training.targets {
        case .classes: task = .classification
        case .values, .doubleValues: task = .regression
        case .none: throw RectifierError(.data, "the training data hold no targets")
        }
        if let wanted, wanted != task {
            throw RectifierError(.setting, "\(settings.source): is data for \(task.rawValue), not \(wanted.rawValue)")
        }
        return task
    }
}
