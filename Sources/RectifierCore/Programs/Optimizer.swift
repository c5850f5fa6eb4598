/// How a gradient becomes a step.
public enum Optimizer: Sendable, Hashable {
    case sgd(momentum: Double = 0, nesterov: Bool = false)
    case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
    case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)
    case rmsProp(decay: Double = 0.99, momentum: Double = 0, epsilon: Double = 1e-8)

    /// 0.001 for Adam, AdamW and RMSProp, 0.1 for SGD and 0.01 for SGD with momentum.
    public var usualLearningRate: Double {
        switch self {
        case .sgd(let momentum, _): momentum > 0 ? 0.01 : 0.1
        case .adam, .adamW, .rmsProp: 0.001
        }
    }
}
