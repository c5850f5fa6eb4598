/// What training makes small: the mean over a batch of one number for each sample.
public enum Loss: Sendable, Hashable {
    /// -log of the probability that softmax of the outputs gives the right class. Targets are distributions over the classes.
    case softmaxCrossEntropy
    /// The same for outputs that are each a yes or no, through sigmoid; the mean over outputs. Targets lie in [0, 1].
    case sigmoidCrossEntropy
    /// (output - target)², the mean over outputs.
    case squaredError
    /// Half of ``squaredError``, whose derivative is the difference itself.
    case halfSquaredError
    /// |output - target|, the mean over outputs; derivative 0 where both are equal.
    case absoluteError
    /// Half the square of the difference up to `delta`, linear beyond (Huber 1964); the mean over outputs.
    case huber(delta: Double)
    /// max(0, 1 - output · target), the mean over outputs. Targets are -1 or 1.
    case hinge

    /// One loss for each sample: `[batch, n]` twice gives `[batch, 1]`.
    public func callAsFunction(_ output: Formula, _ target: Formula) throws -> Formula {
        guard output.shape == target.shape, output.shape.rank == 2 else {
            throw RectifierError(.shape, "loss: outputs \(output.shape) and targets \(target.shape) must both be [batch, n]")
        }
        let losses: Formula
        switch self {
        case .softmaxCrossEntropy: return try Formula(SoftmaxCrossEntropy(), output, target)
        // Both terms are positive, so that nothing cancels for outputs that are surely right.
        case .sigmoidCrossEntropy: losses = try target * softplus(-output) + (1 - target) * softplus(output)
        case .squaredError: losses = try squaredDifference(output, target)
        case .halfSquaredError: losses = try 0.5 * squaredDifference(output, target)
        case .absoluteError: losses = abs(try output - target)
        case .huber(let delta):
            let difference = try output - target
            let held = clip(difference, -delta, delta, atBounds: 1)
            losses = try held * (difference - 0.5 * held)
        case .hinge: losses = relu(try 1 - output * target)
        }
        return try losses.mean(over: [1], keepingAxes: true)
    }

    private func squaredDifference(_ output: Formula, _ target: Formula) throws -> Formula {
        let difference = try output - target
        return try difference * difference
    }

    /// What outputs mean: probabilities for the cross-entropies, themselves for the others.
    func prediction(_ output: Formula) throws -> Formula {
        switch self {
        case .softmaxCrossEntropy: try softmax(output)
        case .sigmoidCrossEntropy: sigmoid(output)
        default: output
        }
    }
}
