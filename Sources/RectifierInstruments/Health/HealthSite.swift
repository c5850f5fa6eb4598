/// An activation of a network, as health looks at it: what goes in, what comes out, and the weights before it.
struct HealthSite {
    /// As in ``NetworkSummary``: `relu1`.
    var layer: String
    /// The pre-activations, `[batch, …]`.
    var input: Formula
    var output: Formula
    /// Whether it is 0 for pre-activations up to 0 and passes no gradient there, as ReLU: only then can a unit die.
    var isGate: Bool
    /// Whether it is made of straight pieces, so that only a derivative of exactly 0 is saturation.
    var isPiecewiseLinear: Bool
    /// The largest derivative of a function that flattens out on both sides; `nil` for others.
    var largestSlope: Double?
    /// The dense layer whose sums are its pre-activations, or become them once they are normalized.
    var dense: DenseLayer?

    struct DenseLayer {
        var name: String
        /// What it takes, `[batch, inputs]`.
        var input: Formula
        var initializer: Initializer
        var inputs: Int
        var units: Int
        /// The number of the activation whose output it takes, where that is all it takes.
        var follows: Int?
        /// Whether a normalization stands between its sums and the activation.
        var isNormalized: Bool
    }

    /// Elements of a sample.
    var elements: Int { input.shape.extents.dropFirst().reduce(1, *) }
    /// What lives or dies as one: an element, or a channel of images, which has the same weights at every position.
    var units: Int { isOfImages ? input.shape[3] : elements }
    /// Where each unit stands in a sample.
    var positions: Int { elements / max(1, units) }
    private var isOfImages: Bool { input.shape.rank == 4 }
}

extension Network.Built {
    /// The network's activations, in order.
    var healthSites: [HealthSite] {
        var sites: [HealthSite] = []
        var siteOfOutput: [Int: Int] = [:]
        let parametersByName = Dictionary(parameters.map { ($0.parameter!.name, $0) }, uniquingKeysWith: { $1 })
        // The layer that made it, and not one that hands it on as it is: dropout, where nothing is trained.
        let rowOfOutput = Dictionary(
            zip(layerInputs, layerOutputs).enumerated().filter { $1.0 != $1.1 }.map { ($1.1.id, $0) },
            uniquingKeysWith: { first, _ in first })
        for (row, (input, output)) in zip(layerInputs, layerOutputs).enumerated() where isActivation(from: input, to: output) {
            let operation = output.operation
            var site = HealthSite(
                layer: rows[row].name, input: input, output: output,
                isGate: operation.keepsPositivity && output.operands[0] == input,
                isPiecewiseLinear: operation.response(to: 0) == .affine,
                largestSlope: output.operands[0] == input ? operation.largestSlope : nil)
            var sums = input
            while let row = rowOfOutput[sums.id], normalizations.contains(row) { sums = layerInputs[row] }
            if let dense = rowOfOutput[sums.id], let weights = parametersByName[rows[dense].name + ".weights"],
                weights.shape.rank == 2
            {
                // What passes a signal on as it is, but for its shape and for dropout, may stand between.
                var source = layerInputs[dense]
                while siteOfOutput[source.id] == nil, let between = rowOfOutput[source.id], rows[between].parameters == 0,
                    rows[between].multiplyAdds == 0
                {
                    source = layerInputs[between]
                }
                site.dense = HealthSite.DenseLayer(
                    name: rows[dense].name, input: layerInputs[dense], initializer: weights.parameter!.initializer,
                    inputs: weights.shape[0], units: weights.shape[1],
                    follows: siteOfOutput[source.id], isNormalized: sums != input)
            }
            siteOfOutput[output.id] = sites.count
            sites.append(site)
        }
        return sites
    }

    /// Whether a layer works element by element, with nothing but numbers and trained parameters of its own.
    private func isActivation(from input: Formula, to output: Formula) -> Bool {
        guard output != input, output.shape == input.shape, output.shape.rank > 1, !output.operands.isEmpty else { return false }
        let made = topologicalOrder(of: [output], after: input)
        let areElementwise = made.allSatisfy { $0.operation is any Elementwise || $0.parameter?.role == .bias }
        return areElementwise && made.allSatisfy { $0.operands.allSatisfy { $0 == input || made.contains($0) } }
    }
}

extension Initializer {
    /// The variance of a weight, for a matrix `[inputs, units]`; `nil` where all are one number.
    func variance(inputs: Int, units: Int) -> Double? {
        let inputs = Double(inputs), units = Double(units)
        return switch self {
        case .he, .heUniform: 2 / inputs
        case .glorot, .glorotUniform: 2 / (inputs + units)
        case .lecun, .lecunUniform: 1 / inputs
        case .orthogonal(let gain): gain * gain / max(inputs, units)
        case .uniform(let limit): limit * limit / 3
        case .constant: nil
        }
    }
}
