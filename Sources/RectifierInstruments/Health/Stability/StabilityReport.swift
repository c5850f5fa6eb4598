import Rectifier
import RectifierText

/// How steep the loss curves, and how large a learning rate it stands.
///
/// Along an eigenvector of the Hessian with the eigenvalue λ, a step of gradient descent multiplies what is left of the
/// way to the minimum by 1 - ηλ. Beyond λ = 2/η, the edge, it overshoots by more than was left. Training on the whole
/// set at a fixed rate often drives the sharpness up to the edge and hovers there (Cohen et al. 2021): that is no
/// fault.
///
/// A network of ReLUs is a piece of a smooth function between kinks. The Hessian is that of the present piece: how the
/// slope jumps at kinks is not in it.
public struct StabilityReport: Sendable, Codable, Equatable {
    /// The largest eigenvalue of the Hessian of what is made small, by the parameters that are trained: the mean loss,
    /// with L2 and with the weight decay that is added to the gradient. Negative where no direction curves upwards.
    public var sharpness: Double
    /// The same of P^-½ H P^-½, where a step is the gradient divided by P and multiplied by the learning rate: P is
    /// Adam's or RMSProp's √v + ε, divided by the layer's own rate. `nil` where P is 1, or not known yet.
    public var preconditionedSharpness: Double?
    /// Of the step, schedule included; `nil` where none was given.
    public var learningRate: Double?
    /// Where steps of this learning rate cease to settle; it is held against the preconditioned sharpness, where there
    /// is one. `nil` without a learning rate above 0.
    public var edge: Double?
    /// The learning rate whose edge is at the sharpness. `nil` where no direction curves upwards, and where Adam or
    /// RMSProp have made no step yet, so that P is not known.
    public var largestStableRate: Double?
    /// Of the mean loss.
    public var samples: Int
    /// Products of the Hessian with a vector that it took: 5 to 20 for each sharpness of most networks. In float64,
    /// each takes as long as five to seven steps on the same samples in float32.
    public var iterations: Int
    /// Whether the eigenvalues were found. Otherwise they are lower bounds.
    public var isConverged: Bool

    /// What is held against the edge.
    var comparedSharpness: Double { preconditionedSharpness ?? sharpness }

    /// `sharpness 12.3, below the edge of 20 at rate 0.1; stable up to rate 0.163`
    public var summary: String {
        func text(_ value: Double) -> String { Format.significant(value, 3) }
        let compared = comparedSharpness
        var words = "sharpness \(text(compared))"
        if preconditionedSharpness != nil { words += " as the optimizer scales it (\(text(sharpness)) unscaled)" }
        if let edge, let learningRate, largestStableRate != nil {
            let place = compared < 0.9 * edge ? "below" : compared <= 1.1 * edge ? "at" : "above"
            words += ", \(place) the edge of \(text(edge)) at rate \(text(learningRate))"
        }
        if let rate = largestStableRate {
            words += "; stable up to rate \(text(rate))"
        } else if compared <= 0 {
            words += ": no direction curves upwards, so that no rate is too large for it"
        }
        return words + (isConverged ? "" : " (not settled after \(Format.count(iterations, "product")): the sharpness is at least that)")
    }
}

extension StabilityReport: ProbeReport {}
