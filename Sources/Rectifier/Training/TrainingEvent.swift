import struct Foundation.URL

/// What a ``Trainer`` tells while it works, in this order: `started`, then `step`s and an `epochEnded` for each epoch,
/// `checkpointed` where one was written, `noticed` where a probe has something to tell, and `finished` last.
/// A run that diverges ends with `diverged` and throws.
public enum TrainingEvent: Sendable {
    case started(Started)
    /// Sampled: at most about ten a second.
    case step(StepReport)
    case epochEnded(EpochReport)
    case checkpointed(URL)
    /// What a probe tells before it is asked: see ``ProbeObserver/takeNotices()``.
    case noticed(any ProbeReport)
    /// What the run's probes saw in all of it.
    case diverged(Measurements)
    case finished(Outcome)

    public struct Started: Sendable {
        public var epochs: Int
        /// The epoch that comes first: 1, or later in a resumed run.
        public var firstEpoch: Int
        public var stepsPerEpoch: Int
        public var trainingSamples: Int
        public var heldOutSamples: Int
        /// Networks trained side by side, each without another part of the training data; 1 where there is one.
        public var folds: Int
        public var parameterCount: Int
        public var threads: Int
    }

    public struct StepReport: Sendable {
        /// From 1.
        public var epoch: Int
        /// Steps done in this epoch.
        public var step: Int
        public var stepsPerEpoch: Int
        /// Mean loss over the epoch so far.
        public var loss: Double
        public var samplesPerSecond: Double
        /// Seconds to the end of the run, at the present speed.
        public var secondsLeft: Double
    }

    public struct EpochReport: Sendable {
        public var epoch: Int
        /// Mean loss over the batches of the epoch, each before its step.
        public var trainLoss: Double
        /// On the held-out data; nil where there is none.
        public var heldOut: Evaluation?
        /// On what was held out beside the test data; nil where there is none. What early stopping looks at then.
        public var validation: Evaluation?
        /// Training alone, without the evaluation.
        public var seconds: Double
        public var samplesPerSecond: Double
        public var learningRate: Double
        /// What the run's probes saw in the epoch.
        public var measurements: Measurements
    }

    public struct Outcome: Sendable {
        public var model: Model
        /// The SHA-256 of the weights that were written, in hexadecimal; `nil` where none were.
        public var savedWeightsSHA256: String?
        public var epochs: Int
        public var heldOut: Evaluation?
        /// Training alone, without evaluations and checkpoints.
        public var trainSeconds: Double
        public var reason: Reason
        /// What the run's probes saw in all of it.
        public var measurements: Measurements
        /// Where it ended, to go on from.
        public var checkpoint: Checkpoint

        public enum Reason: String, Sendable {
            case completed, earlyStopping, interrupted
            /// Of a saved run alone: one that diverges has no outcome.
            case diverged
        }
    }
}

/// How well a model does on data.
public struct Evaluation: Sendable, Codable, Equatable {
    /// Mean loss per sample, in the units it was trained in, each sample weighted as in training. The scores count each
    /// sample once.
    public var loss: Double
    /// Share of right classes, 0 to 1; classification only.
    public var accuracy: Double?
    /// Root mean squared error in the target's own unit; regression only.
    public var rmse: Double?
    /// Share of the target's variance that is explained; regression only.
    public var r2: Double?
    /// By the run's ``TrainingSettings/metric``, where it has one.
    public var score: Double?
    /// Samples of class row that were predicted as class column; classification only.
    public var confusion: [[Int]]?

    public init(loss: Double) { self.loss = loss }
    /// What a run makes small over its epochs: the loss, or the score, turned round where more of it is better.
    package func cost(by metric: Metric?) -> Double {
        guard let metric, let score else { return loss }
        return metric.isHigherBetter ? -score : score
    }
}
