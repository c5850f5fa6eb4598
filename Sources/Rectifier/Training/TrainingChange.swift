/// A change of settings, or of single units, between two steps of a run. It is part of the recipe that is saved, so
/// that running the recipe again repeats it.
public struct TrainingChange: Sendable, Codable, Hashable {
    /// The steps of the run that are done before the change.
    public var afterStep: Int
    /// The step size from here on, before the schedule.
    public var learningRate: Double?
    public var weightDecay: Double?
    public var l1: Double?
    public var l2: Double?
    /// Samples a step from here on.
    public var batchSize: BatchSize?
    /// Passes over the training data in all.
    public var epochs: Int?
    /// New weights for single units.
    public var units: [UnitChange]?

    public init(
        afterStep: Int, learningRate: Double? = nil, weightDecay: Double? = nil, l1: Double? = nil, l2: Double? = nil,
        batchSize: BatchSize? = nil, epochs: Int? = nil, units: [UnitChange]? = nil
    ) {
        self.afterStep = afterStep
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.l1 = l1
        self.l2 = l2
        self.batchSize = batchSize
        self.epochs = epochs
        self.units = units
    }
}
