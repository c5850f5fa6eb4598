import RectifierText

/// What the units of one rectifying layer did in an epoch of training, from every pre-activation that the steps
/// computed.
public struct UnitReport: Sendable, Codable, Equatable {
    /// As in ``NetworkSummary``: `relu1`.
    public var layer: String
    /// Samples that were looked at: all of the epoch; of channels, their positions in all of them.
    public var samples: Int
    /// By unit, the samples, or positions, whose pre-activation was above 0.
    public var active: [Int]
    /// By unit, the largest number it gave: the largest pre-activation of a unit that was active, 0 for a dead one. How
    /// far a dead one is from opening, ``UnitCensus`` tells.
    public var largest: [Double]
    /// The units without an active sample: exactly dead on the training data of the epoch.
    public var dead: [DeadUnit]
    /// Units that were closed for each of the epoch's first 2,000 samples, which a new order draws at random (Dohare et
    /// al., Nature 2024); of all samples where there are fewer.
    public var closedFor2000: Int

    /// A unit that was closed for every sample.
    public struct DeadUnit: Sendable, Codable, Equatable {
        /// From 0.
        public var unit: Int
        /// The step whose update killed it: no sample was active in any later one. 0 where none ever was: it was born
        /// dead.
        public var killedByStep: Int
        /// The epoch of that step, from 1; 0 for a unit born dead.
        public var epoch: Int
        /// The last sample that was active, by its number in the training data, from 0.
        public var lastSample: Int?

        /// What may open it again without a gradient of its own; empty for a unit that no step can bring back, as long
        /// as the run goes on with the same data and settings.
        public var waysBack: [WayBack] = []

        public var isBornDead: Bool { killedByStep == 0 }
        public var mayReopen: Bool { !waysBack.isEmpty }
    }

    /// What can move a dead unit, which gets no gradient itself.
    public enum WayBack: String, Sendable, Codable, CaseIterable {
        /// Parameters before it, which the gradient still reaches through living units or around the layer.
        case feeders
        /// Weight decay, L1 or L2 on its weights or on others before it. Where its bias is not above 0 and its own
        /// weights are only scaled down, they do not open it.
        case penalty
        /// What the optimizer remembers of the gradients before its death.
        case momentum
        /// A derivative at 0 by which a unit that is at exactly 0 passes a part of the gradient.
        case kink
        /// Masks that are drawn anew for every sample, somewhere before it.
        case dropout
    }

    public var units: Int { active.count }
    /// The mean over units of the share of samples that were active.
    public var activeShare: Double { Double(active.reduce(0, +)) / Double(max(1, units * samples)) }
    /// Zeros that come from dead units, as a share of all outputs of the layer.
    public var zerosOfDead: Double { Double(dead.count) / Double(max(1, units)) }
    /// Zeros that come from closed gates of living units, as a share of all outputs.
    public var zerosOfLiving: Double { 1 - activeShare - zerosOfDead }
}

extension [UnitReport] {
    public var units: Int { reduce(0) { $0 + $1.units } }
    public var dead: Int { reduce(0) { $0 + $1.dead.count } }
    /// The share of paths from input to output whose units are all open, for a sample and a path drawn at random, as if
    /// units were independent.
    public var pathsAlive: Double { reduce(1) { $0 * $1.activeShare } }
}
