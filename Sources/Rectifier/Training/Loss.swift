/// What training makes small: the mean over a batch of one number for each sample.
public struct Loss: Sendable, Hashable {
    /// -log of the probability that softmax of the outputs gives the right class. Targets are distributions over the
    /// classes.
    public static let softmaxCrossEntropy = Loss(kind: .softmaxCrossEntropy)
    /// The same for outputs that are each a yes or no, through sigmoid; the mean over outputs. Targets lie in [0, 1].
    public static let sigmoidCrossEntropy = Loss(kind: .sigmoidCrossEntropy)
    /// (output - target)², the mean over outputs.
    public static let squaredError = Loss(kind: .squaredError)
    /// Half of ``squaredError``, whose derivative is the difference itself.
    public static let halfSquaredError = Loss(kind: .halfSquaredError)

    /// |output - target|, the mean over outputs; derivative 0 where both are equal.
    public static let absoluteError = Loss(kind: .absoluteError(atKink: 0))
    /// ``absoluteError`` with the derivative `atKink` where output and target are equal; any value in [-1, 1] is a
    /// subgradient.
    public static func absoluteError(atKink: KinkValue) -> Loss { Loss(kind: .absoluteError(atKink: atKink)) }

    /// Half the square of the difference up to `delta`, linear beyond (Huber 1964); the mean over outputs. At the
    /// corners ±`delta` the derivative is continuous, so there is none to declare; the second derivative, which
    /// jumps, is that of the square.
    public static func huber(delta: Double) -> Loss { Loss(kind: .huber(delta: delta)) }

    /// max(0, 1 - output · target), the mean over outputs; derivative 0 at the margin. Targets are -1 or 1.
    public static let hinge = Loss(kind: .hinge(atKink: 0))
    /// ``hinge`` with the derivative `atKink` of max(0, x) at the margin; any value in [0, 1] is a subgradient.
    public static func hinge(atKink: KinkValue) -> Loss { Loss(kind: .hinge(atKink: atKink)) }

    enum Kind: Hashable {
        case softmaxCrossEntropy, sigmoidCrossEntropy, squaredError, halfSquaredError
        case absoluteError(atKink: KinkValue)
        case huber(delta: Double)
        case hinge(atKink: KinkValue)
        case registered(RegisteredLoss)
    }
    let kind: Kind

    /// Whether there is a derivative to declare, which ``atKinks(_:)`` changes.
    var hasKink: Bool {
        switch kind {
        case .absoluteError, .hinge: true
        default: false
        }
    }

    /// The same with another derivative at its kink: `share` of the way from the inactive side to the active one. A
    /// loss of one's own keeps what its formula declares.
    func atKinks(_ share: KinkValue) -> Loss {
        switch kind {
        case .absoluteError: .absoluteError(atKink: share.map { 2 * $0 - 1 })
        case .hinge: .hinge(atKink: share)
        default: self
        }
    }

    /// Throws for a derivative at the kink that is no subgradient and does not say so, and for a loss that is not one
    /// number for each sample.
    func validate() throws {
        let output = Formula.input(Network.inputName, shape: [Shape.batch, 1])
        for formula in topologicalOrder(of: [try self(output, .input(Network.targetName, shape: output.shape))]) {
            do {
                try checkKinkValues(of: formula)
            } catch let error as RectifierError {
                throw error.prefixed(by: "loss")
            }
        }
    }

    /// Throws where a recipe's loss is not for its targets: classes are rows of 0 with a 1, numbers are standardized.
    func check(_ targets: Dataset.Targets) throws {
        switch (targets, kind) {
        case (_, .registered): break
        case (.classes, .softmaxCrossEntropy), (.classes, .sigmoidCrossEntropy): break
        case (.classes, _):
            throw RectifierError(
                .setting, "the loss \(self) is not for classes; take softmax-cross-entropy or sigmoid-cross-entropy")
        case (_, .softmaxCrossEntropy), (_, .sigmoidCrossEntropy), (_, .hinge):
            throw RectifierError(
                .setting, "the loss \(self) is not for numbers; take squared-error, absolute-error or huber:1")
        default: break
        }
    }

    /// One loss for each sample: `[batch, n]` twice gives `[batch, 1]`.
    public func callAsFunction(_ output: Formula, _ target: Formula) throws -> Formula {
        guard output.shape == target.shape, output.shape.rank == 2 else {
            throw RectifierError(.shape, "loss: outputs \(output.shape) and targets \(target.shape) must both be [batch, n]")
        }
        let losses: Formula
        switch kind {
        case .softmaxCrossEntropy: return try RectifierCore.softmaxCrossEntropy(output, target)
        // Both terms are positive, so that nothing cancels for outputs that are surely right.
        case .sigmoidCrossEntropy: losses = try target * softplus(-output) + (1 - target) * softplus(output)
        case .squaredError: losses = try squaredDifference(output, target)
        case .halfSquaredError: losses = try 0.5 * squaredDifference(output, target)
        case .absoluteError(let value): losses = abs(try output - target, atZero: value)
        case .huber(let delta):
            let difference = try output - target
            let held = clip(difference, -delta, delta, atBounds: 1)
            losses = try held * (difference - 0.5 * held)
        case .hinge(let value): losses = relu(try 1 - output * target, atZero: value)
        case .registered(let own):
            losses = try own.formula(output, target)
            if losses.shape == [Shape.batch, 1] { return losses }
            guard losses.shape == output.shape else {
                throw RectifierError(
                    .shape, "loss: \(self) gives \(losses.shape) for outputs \(output.shape); it must give that or [batch, 1]")
            }
        }
        return try losses.mean(over: [1], keepingAxes: true)
    }

    private func squaredDifference(_ output: Formula, _ target: Formula) throws -> Formula {
        let difference = try output - target
        return try difference * difference
    }

    /// What outputs mean: probabilities for the cross-entropies, what it says for a loss of one's own, themselves for
    /// the others.
    func prediction(_ output: Formula) throws -> Formula {
        switch kind {
        case .softmaxCrossEntropy: try softmax(output)
        case .sigmoidCrossEntropy: sigmoid(output)
        case .registered(let own): try own.prediction(output)
        default: output
        }
    }
}
