import RectifierText

/// A change that may help a sick run.
public enum Cure: Sendable, Codable, Hashable {
    /// Another step size.
    case learningRate(Double)
    /// Leaky ReLU in the place of ReLU, which passes `slope` of the gradient where ReLU passes none.
    case leakyReLU(slope: Double)
    /// ReLU in the place of activations that flatten out.
    case relu
    /// Weights drawn in the usual way of the activation behind them.
    case usualInitializer
    /// Other random numbers.
    case seed(UInt64)
    /// The whole gradient scaled down to this length.
    case clipping(Double)
    /// Inputs shifted and scaled to mean 0 and standard deviation 1.
    case scaledInputs
    /// The hidden layers in pairs with a sum around each, so that signals pass by them.
    case residualSums
    /// The weights of the best epoch, by the loss on held-out data.
    case earlyStopping(patience: Int)
    /// Shrinking weights.
    case weightDecay(Double)
    /// The biases of dead units raised until a sample opens them.
    case biasLift
    /// The weights of dormant units drawn anew, those behind them 0 and their optimizer's state forgotten (Sokar et al.
    /// 2023).
    case redraw
    /// A look at the data, which no program can take.
    case checkData(String)

    /// `learning rate 0.003`, for people.
    public var words: String {
        switch self {
        case .learningRate(let rate): "learning rate \(Format.significant(rate, 3))"
        case .leakyReLU(let slope): "leaky ReLU with slope \(Format.significant(slope, 3)) instead of ReLU"
        case .relu: "ReLU instead of an activation that flattens out"
        case .usualInitializer: "weights drawn in the usual way of the activation (He's for ReLU)"
        case .seed(let seed): "seed \(seed)"
        case .clipping(let limit): "gradient clipped at \(Format.significant(limit, 3))"
        case .scaledInputs: "inputs standardized"
        case .residualSums: "residual sums around the hidden layers"
        case .earlyStopping(let patience): "early stopping after \(Format.count(patience, "epoch")) without progress"
        case .weightDecay(let decay): "weight decay \(Format.significant(decay, 3))"
        case .biasLift: "the biases of dead units lifted until they open"
        case .redraw: "dormant units drawn anew"
        case .checkData(let what): what
        }
    }
}
