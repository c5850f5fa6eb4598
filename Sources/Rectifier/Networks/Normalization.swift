// Layers that give their input a mean of 0 and a variance of 1, and then a scale and a shift that are learned.

/// A layer that moves and scales what each unit before it gives, and passes it on in its place.
protocol NormalizingLayer: Layer {}

/// Each channel, which is a place of the last axis, less its mean over the batch and all other axes, over its standard
/// deviation: of `[batch, units]` or `[batch, height, width, channels]` (Ioffe and Szegedy 2015). Then times `scale`
/// plus `shift`, `[channels]` each, which start at 1 and 0 and do not decay.
///
/// In training, mean and variance are the batch's, so that samples depend on one another. In use they are running
/// ones, the states `mean` and `variance`: each step moves them by ``momentum`` of the way to the batch's, the variance
/// to its unbiased estimate, as in PyTorch. They start at 0 and 1.
///
/// A batch that has a single number of each channel has no variance: it is treated as in use, and moves no state.
public struct BatchNorm: NormalizingLayer, Codable, Hashable {
    /// The share by which a step moves the running statistics, from 0 to 1.
    public var momentum: Double
    /// What is added to the variance; above 0, at most 1.
    public var epsilon: Double
    public var name: String { "batchnorm" }

    public init(momentum: Double = 0.1, epsilon: Double = 1e-5) { (self.momentum, self.epsilon) = (momentum, epsilon) }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        guard 0...1 ~= momentum else { throw RectifierError(.setting, "the momentum must be from 0 to 1, not \(momentum)") }
        let channels = try channels(of: x, epsilon: epsilon), counted = Shape(x.shape.extents.dropLast())
        func overBatch(_ y: Formula) throws -> Formula { try y.mean(over: Array(0..<x.shape.rank - 1)) }
        func orElse(_ statistic: Formula, _ state: Formula) throws -> Formula {
            try Formula(StatisticOrElse(counted: counted), [statistic, state])
        }
        var mean: Formula?, variance: Formula?
        let runningMean = try build.state("mean", shape: channels, initializer: .zeros, share: momentum) { state in
            mean = try orElse(overBatch(x), state)
            return mean!
        }
        let centered = try x - (mean ?? runningMean)
        let runningVariance = try build.state("variance", shape: channels, initializer: .constant(1), share: momentum) { state in
            // Of what is centered, so that a large mean takes no digits from it.
            let ofBatch = try overBatch(centered * centered)
            variance = try orElse(ofBatch, state)
            return try orElse(ofBatch * varianceCorrection(counted), state)
        }
        return try centered.scaled(byVariance: variance ?? runningVariance, epsilon: epsilon, channels, in: &build)
    }
}

/// Each row of the last axis less its mean, over its standard deviation; then times `scale` plus `shift`, a number each
/// for each place of the row, which start at 1 and 0 and do not decay (Ba, Kiros and Hinton 2016). In training and in
/// use alike; samples do not depend on one another.
public struct LayerNorm: NormalizingLayer, Codable, Hashable {
    /// What is added to the variance; above 0, at most 1.
    public var epsilon: Double
    public var name: String { "layernorm" }

    public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

    public func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let row = try channels(of: x, epsilon: epsilon)
        guard row.extents[0] > 1 else {
            throw RectifierError(.shape, "normalizes each sample over one channel, which leaves 0 of any; put it behind more channels")
        }
        let centered = try x - x.mean(over: [-1], keepingAxes: true)
        let variance = try (centered * centered).mean(over: [-1], keepingAxes: true)
        return try centered.scaled(byVariance: variance, epsilon: epsilon, row, in: &build)
    }
}

/// The last axis of what is normalized, which has others before it.
private func channels(of x: Formula, epsilon: Double) throws -> Shape {
    guard epsilon > 0, epsilon <= 1 else { throw RectifierError(.setting, "epsilon must be above 0 and at most 1, not \(epsilon)") }
    guard x.shape.rank >= 2, let last = x.shape.extents.last, last > 0 else {
        throw RectifierError(.shape, "takes the shape [batch, …, channels], not \(x.shape)")
    }
    return [last]
}

extension Formula {
    /// This over the root of a variance, with a scale and a shift of the layer's own for each channel.
    fileprivate func scaled(
        byVariance variance: Formula, epsilon: Double, _ channels: Shape, in build: inout NetworkBuild
    ) throws -> Formula {
        let scale = try build.parameter("scale", shape: channels, initializer: .constant(1), decays: false)
        let shift = try build.parameter("shift", shape: channels, initializer: .zeros, decays: false)
        let deviation = try positiveRoot(variance + .constant(epsilon))
        // One factor for each channel, where the variance has one.
        let normalized = try variance.shape == channels ? self * (scale / deviation) : self / deviation * scale
        return try normalized + shift
    }
}
