/// The gradient of a loss by a network's parameters, for a training loop of your own.
///
/// ```swift
/// let gradients = try LossGradients(network, loss: .softmaxCrossEntropy)
/// let optimizer = try OptimizerState(.adam(), for: network)
/// for step in 0..<1000 {
///     let (loss, derivatives) = try gradients(parameters, on: batch(step))
///     try optimizer.update(&parameters, with: derivatives, learningRate: 0.001)
///     for (name, state) in gradients.states { parameters[name] = state }
/// }
/// ```
///
/// The last line is for networks with states, such as ``BatchNorm``'s running statistics, which no gradient moves.
///
/// It gives the bits of a ``TrainingSession`` on the same batches; in 16-bit types where no layer is frozen. A session
/// is faster: it copies no parameters. Used by one thread at a time.
public final class LossGradients {
    private let network: Network
    private let memory: ParameterMemory
    private let cursor: BatchCursor
    /// One loss for each sample, and the gradient of their mean by each parameter.
    private var programs: BatchPrograms

    /// What the last call's batch makes of the network's states, by name; none before the first call, or where the
    /// network has no states.
    public private(set) var states = Parameters()

    /// - Parameters:
    ///   - loss: Its mean over a batch is what is differentiated.
    ///   - seed: What dropout draws its masks by.
    ///   - threads: `nil` for one on each physical core. The results are the same bits for any number.
    public init(
        _ network: Network, loss: Loss, precision: ElementType = .float32, seed: UInt64 = 0, threads: Int? = nil
    ) throws {
        let built = try network.built(isTraining: true)
        let losses = try loss(built.output, .input(Network.targetName, shape: built.output.shape))
        self.network = network
        memory = try ParameterMemory(parameters: built.parameters, elementType: precision)
        cursor = BatchCursor(seed: seed)
        programs = BatchPrograms(
            [losses] + (try gradients(of: losses.mean(), withRespectTo: built.trained)), parameters: memory, cursor: cursor,
            training: built.targets.isEmpty
                ? nil
                : UpdateCalls(
                    losses: losses, targets: built.targets.map { ($0.state.parameter!.name, $0.target) },
                    numbers: OptimizerNumbers(groups: memory.groups, clipLimit: 0)),
            pool: try ThreadPool(threads: threads))
    }

    /// The mean loss over some samples, and its gradient.
    ///
    /// - Parameters:
    ///   - rows: The samples of the batch, by their numbers in the data; `nil` for all of them in order.
    ///   - epoch: With `position`, what dropout draws its masks by.
    ///   - position: The place of the batch's first sample in the epoch.
    /// - Throws: ``RectifierError`` where data or parameters do not fit the network, or there is no such sample.
    public func callAsFunction(
        _ parameters: Parameters, on data: Dataset, rows: [Int32]? = nil, epoch: Int = 0, position: Int = 0
    ) throws -> (loss: Double, gradients: Parameters) {
        try data.requireShapes(of: network)
        let rows = rows ?? (0..<Int32(data.count)).map { $0 }
        guard !rows.isEmpty, rows.allSatisfy({ 0..<Int32(data.count) ~= $0 }) else {
            throw RectifierError(.setting, "a batch needs samples from 0 to \(data.count - 1)")
        }
        try memory.write(parameters, to: memory.weights)
        cursor.epoch.pointee = UInt64(max(0, epoch))
        cursor.position.pointee = UInt64(max(0, position))
        var result = (loss: 0.0, gradients: Parameters())
        try data.withFeeds { feeds in
            let program = try programs.program(over: rows.count, of: data, feeds)
            rows.withUnsafeBufferPointer { rows in
                cursor.indices.pointee = rows.baseAddress
                program.run()
            }
            result.loss = program.values(ofOutput: 0).reduce(0, +) / Double(rows.count)
            for (index, slot) in memory.slots.filter(\.isTrained).enumerated() {
                let values = program.values(ofOutput: index + 1)
                result.gradients[slot.name] =
                    memory.elementType == .float64
                    ? Tensor(shape: slot.shape, values) : Tensor(shape: slot.shape, values.map(Float.init))
            }
            states = memory.readStates()
        }
        return result
    }
}

/// An optimizer with what it remembers of each weight, for a training loop of your own. Used by one thread at a time.
public final class OptimizerState {
    private let optimizer: Optimizer
    private let penalties: Penalties
    private let updater: Updater
    /// Updates made.
    public private(set) var steps = 0

    /// - Parameters:
    ///   - network: What the parameters are of; it says which are weights, to which penalties apply.
    ///   - clipNorm: The largest Euclidean norm of the whole gradient; a longer one is scaled down to it.
    ///   - layerRates: What the learning rate is multiplied by in some layers, see ``TrainingSettings/layerRates``.
    /// - Throws: ``RectifierError`` for a setting out of its range.
    public init(
        _ optimizer: Optimizer, for network: Network, precision: ElementType = .float32, penalties: Penalties = Penalties(),
        clipNorm: Double? = nil, layerRates: [String: Double] = [:]
    ) throws {
        var settings = TrainingSettings()
        (settings.optimizer, settings.clipNorm, settings.layerRates) = (optimizer, clipNorm, layerRates)
        (settings.weightDecay, settings.l1, settings.l2) = (penalties.weightDecay, penalties.l1, penalties.l2)
        try settings.validate()
        try settings.checkLayerRates(of: network)
        self.optimizer = optimizer
        self.penalties = penalties
        let memory = try ParameterMemory(
            parameters: network.built(isTraining: false).parameters, elementType: precision, rate: settings.layerRate(of:))
        updater = try Updater(optimizer, memory, clipNorm: clipNorm)
    }

    /// Makes one step. States stay as they are: see ``LossGradients/states``.
    ///
    /// - Throws: ``RectifierError`` where parameters or gradients are of another network, and of kind `divergence`
    ///   where weights would no longer be finite. The parameters are then as they were.
    public func update(_ parameters: inout Parameters, with gradients: Parameters, learningRate: Double) throws {
        let memory = updater.parameters
        try memory.checkGradients(gradients)
        try memory.write(parameters, to: memory.weights)
        try memory.writeGradients(gradients)
        updater.numbers.set(optimizer, penalties, learningRate: learningRate, step: steps + 1)
        updater.run()
        try memory.requireFinite { "training diverged in step \(steps + 1): \($0); lower the learning rate, or clip the gradient" }
        steps += 1
        for (name, tensor) in memory.read(memory.weights) { parameters[name] = tensor }
    }
}

extension Parameters {
    /// The same with the values of other parameters in some layers: what a network begins with that goes on from
    /// another one's layers.
    ///
    /// - Parameter layers: Names as ``NetworkSummary`` has them: `dense1`.
    /// - Throws: ``RectifierError`` for a layer that has no parameters here, or of which `other` has none of the name
    ///   and shape.
    public func taking(_ layers: [String], from other: Parameters) throws -> Parameters {
        var result = self
        for layer in layers {
            let own = filter { $0.name.hasPrefix(layer + ".") }
            guard !own.isEmpty else { throw RectifierError(.setting, "there is no layer '\(layer)' with parameters") }
            for (name, tensor) in own {
                guard let value = other[name] else { throw RectifierError(.shape, "the other parameters have no \(name)") }
                guard value.shape == tensor.shape else {
                    throw RectifierError(.shape, "\(name) has shape \(tensor.shape), the other one \(value.shape)")
                }
                result[name] = value
            }
        }
        return result
    }
}
