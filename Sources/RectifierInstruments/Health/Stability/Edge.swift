import Rectifier
import RectifierCore

extension Optimizer {
    /// Learning rate times sharpness at the edge: beyond it steps on a quadratic function do not settle.
    ///
    /// With x = ηλ and e what is left of the way, a step is linear in (e, m), m being the momentum. It settles while
    /// the product of the two eigenvalues is below 1 and their sum above -(1 + product). The second fails first:
    ///
    /// - Heavy ball, m ← μm + λe, e ← e - ηm: sum 1 + μ - x, product μ, so x < 2 + 2μ. Without momentum that is 2.
    /// - Nesterov, e ← e - η(λe + μm): sum 1 + μ - x(1 + μ), product μ(1 - x), so x < (2 + 2μ) / (1 + 2μ).
    /// - Adam's m ← β₁m + (1 - β₁)λe is 1 - β₁ times a heavy ball's, so x < (2 + 2β₁) / (1 - β₁).
    /// - RMSProp is a heavy ball in its own scale.
    ///
    /// Adam's and RMSProp's scale is taken as it stands, for it changes slowly. What Adam's first steps correct of the
    /// momentum, AdamW's decay and clipping are left out.
    var edgeProduct: Double {
        switch self {
        case .sgd(let momentum, let nesterov): (2 + 2 * momentum) / (nesterov ? 1 + 2 * momentum : 1)
        case .adam(let beta1, _, _), .adamW(let beta1, _, _): (2 + 2 * beta1) / (1 - beta1)
        case .rmsProp(_, let momentum, _): 2 + 2 * momentum
        }
    }

    /// What the square root of the second block of numbers is taken of and what is added to it, after so many updates;
    /// `nil` for an optimizer that does not scale derivatives.
    fileprivate func scaling(after updates: Int) -> (factor: Double, epsilon: Double)? {
        switch self {
        case .sgd: nil
        case .adam(_, let beta2, let epsilon), .adamW(_, let beta2, let epsilon): (1 / (1 - powerOf(beta2, Double(updates))), epsilon)
        case .rmsProp(_, _, let epsilon): (1, epsilon)
        }
    }

    /// What is added to the Hessian's diagonal where penalties apply.
    func curvature(of penalties: Penalties) -> Double {
        if case .adamW = self { penalties.l2 } else { penalties.l2 + penalties.weightDecay }
    }
}

extension Stepping {
    /// The roots of what each derivative is multiplied by before the learning rate, for some parameters one after
    /// another.
    enum Scales: Equatable {
        /// All are 1.
        case none
        /// The optimizer's scale is of steps that it has not made.
        case unknown
        case roots([Double])
    }

    func scales(of variables: [SharpnessProgram.Variable]) -> Scales {
        let rates = variables.map { layerRate($0.name) }
        guard let (factor, epsilon) = optimizer.scaling(after: updates) else {
            if rates.allSatisfy({ $0 == 1 }) { return .none }
            return .roots(zip(variables, rates).flatMap { [Double](repeating: $1.squareRoot(), count: $0.place.count) })
        }
        guard updates > 0, states.count > 1 else { return .unknown }
        var roots: [Double] = []
        for (variable, rate) in zip(variables, rates) {
            guard let squares = states[1][variable.name]?.doubles, squares.count == variable.place.count else { return .unknown }
            roots += squares.map { (rate / (($0 * factor).squareRoot() + epsilon)).squareRoot() }
        }
        return .roots(roots)
    }
}
