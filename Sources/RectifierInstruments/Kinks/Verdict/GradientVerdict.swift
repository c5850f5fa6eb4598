/// What is known of the gradient that backpropagation gave for one batch.
///
/// A kink counts as touched where the computed value is exactly at it. The verdict is about the function of real
/// numbers at the computed point: rounding on the way there is not looked at. It is about the gradient of the loss;
/// penalties on weights are added by the optimizer later.
///
/// Sound above all: `notGuaranteed` may be said of a gradient that is a subgradient, never the other way round.
public enum GradientVerdict: Sendable, Hashable {
    /// No kink was touched: it is the gradient.
    case exact
    /// Kinks were touched, and it lies in the Clarke subdifferential: every unit that touched one has a bias of its
    /// own, and takes one value at its kink (Park, Chun and Lee, ICLR 2024, theorem 4).
    case clarke
    /// As `clarke`, where a unit without a bias touched a kink at samples whose inputs to the layer are linearly
    /// independent (theorem 5, for the samples that matter). Independent means: each input has, beside the others, a
    /// part longer than ``GradientCertificate/rankTolerance`` of its length.
    case clarkeByRank
    /// Neither is known, for the reason given.
    case notGuaranteed(String)
}

extension GradientVerdict: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exact: "exact"
        case .clarke: "clarke"
        case .clarkeByRank: "clarke by rank"
        case .notGuaranteed(let reason): "not guaranteed: \(reason)"
        }
    }
}
