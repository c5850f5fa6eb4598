/// How a network is trained: everything about a run but the data and the network. Part of a ``Recipe``.
///
/// What is `nil` is left open; a ``TrainingPlan`` fills it in from the data.
public struct TrainingSettings: Sendable, Codable, Hashable {
    public var optimizer = Optimizer.adam()
    /// The step size, > 0. `nil`: the optimizer's usual one (``Optimizer/usualLearningRate``).
    public var learningRate: Double?
    /// `nil`: chosen from the data, as are the batch size and the epochs: see ``TrainingPlan``.
    public var schedule: Schedule?
    /// Shrinks weights, never biases or PReLU's slopes, see ``Penalties/weightDecay``. `nil`: chosen from the data.
    public var weightDecay: Double?
    /// Adds `l1 * sign(w)` to the gradient of the same weights, with sign(0) = 0.
    public var l1 = 0.0
    /// Adds `l2 * w` to the gradient of the same weights, whatever the optimizer.
    public var l2 = 0.0
    /// The largest Euclidean norm of the whole gradient of the loss; a longer one is scaled down to it. Penalties and
    /// weight decay are added afterwards, and are not clipped.
    public var clipNorm: Double?
    /// What the learning rate is multiplied by in some layers, by the layer's name as ``NetworkSummary`` has it
    /// (`dense1`, or `residual1` for all in it). 0 freezes a layer: nothing of it is trained. At least 0.
    public var layerRates: [String: Double] = [:]
    /// What changes after some steps, in their order. A ``TrainingSession`` adds to it what is changed while it runs.
    public var changes: [TrainingChange] = []
    public var batchSize: BatchSize?
    /// Passes over the training data.
    public var epochs: Int?
    /// Draws a new order for every epoch; otherwise the samples come as they are.
    public var shuffle = true
    /// What is done to images anew in each epoch. `nil`: nothing.
    public var augmentation: Augmentation?
    public var earlyStopping: EarlyStopping?
    /// What early stopping looks at on the held-out data, and the best weights are best by. `nil`: the loss.
    public var metric: Metric?
    /// How much the classes count in the loss, in training and on held-out data. `nil`: as many as their samples.
    public var classWeights: ClassWeights?
    /// From what probability of the second of two classes on the model takes a sample for it. `nil`: the more probable
    /// class.
    public var threshold: Threshold?
    public var seed: UInt64 = 0
    /// `nil`: one for each physical core. The results are the same bits for any number.
    public var threads: Int?
    /// What numbers are kept and computed in. In float64 that includes the data: hand it to ``LoadedData`` as well.
    public var precision = ElementType.float32
    /// Whether the command line's `train` counts what is exactly at a kink and gives every gradient a verdict. Changes
    /// no bit. In code, a run has the probes it is given.
    public var census = true
    /// Whether the command line's `train` watches for what goes wrong: dead units, vanishing gradients, rates that are
    /// too high. Changes no bit. In code, a run has the probes it is given.
    public var health = true
    /// Epochs between checkpoints; 0 for none but the last.
    /// At most one a second is written.
    public var checkpointEvery = 1

    public init() {}
}

/// Samples whose gradients are averaged for one step.
public enum BatchSize: Sendable, Hashable {
    case samples(Int)
    /// The whole training set: batch gradient descent.
    case full
}

/// What the learning rate is multiplied by, over the run.
public enum Schedule: Sendable, Hashable {
    case constant
    /// `factor` every `every` epochs.
    case staircase(every: Int, factor: Double)
    /// Half a cosine from 1 to `floor` at the run's end, after a linear rise over `warmUp` epochs as in `warmUp`.
    case cosine(warmUp: Double = 0, floor: Double = 0)
    /// A linear rise over so many epochs, then constant. Step k of the rise's n has the factor k/n.
    case warmUp(Double)
    /// From 1/25 up to 1 over the first 30 % of the run, then by half a cosine down to 1/250,000 (Smith and Topin,
    /// 2018). The learning rate alone: momentum, which they lower as the rate rises, stays as it is.
    case oneCycle
}

/// Stops when the held-out loss, or ``TrainingSettings/metric``, has not become better by `minimumDelta` for `patience`
/// epochs, and returns to the best weights.
public struct EarlyStopping: Sendable, Codable, Hashable {
    public var patience: Int
    public var minimumDelta: Double

    public init(patience: Int = 10, minimumDelta: Double = 0) {
        self.patience = patience
        self.minimumDelta = minimumDelta
    }
}
