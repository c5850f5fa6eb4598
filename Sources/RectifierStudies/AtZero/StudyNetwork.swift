import RectifierInstruments

/// A dense layer as PyTorch draws it by default: weights and biases uniform between ±1 / √fan-in. That is what the
/// networks of Bertoin et al. were.
struct UniformDense: Layer {
    var units: Int
    var biases = StudyBiases.uniform
    var name = "hidden"

    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let limit = 1 / Double(x.shape[1]).squareRoot()
        let weights = try build.parameter("weights", shape: [x.shape[1], units], initializer: .uniform(limit))
        let bias = try build.parameter("bias", shape: [units], initializer: biases == .zero ? .zeros : .uniform(limit), decays: false)
        return try matmul(x, weights) + bias
    }
}

/// How the networks of the study draw their biases.
enum StudyBiases: Sendable, Hashable {
    /// As PyTorch does.
    case uniform
    case zero
}

/// Networks of some depths whose hidden layers are the same ones: a network of three layers is the first three of the
/// one of six, with an output layer of its own. Layers are drawn independently, so each depth sees what a network drawn
/// for it alone would, and one pass through the deepest finds the ties of all.
struct StudyFamily: Sendable, Hashable {
    var input: [Int]
    var classes: Int
    /// Of each hidden layer.
    var units: Int
    /// Numbers of hidden layers, ascending.
    var depths: [Int]
    var biases = StudyBiases.uniform

    static let firstWeights = "hidden1.weights"

    /// The network with so many hidden layers.
    func network(depth: Int, activation: any Layer = ReLU()) throws -> Network {
        var layers: [any Layer] = [Flatten()]
        for _ in 0..<depth { layers += [UniformDense(units: units, biases: biases), activation] as [any Layer] }
        layers.append(UniformDense(units: classes, biases: biases, name: "depth\(depth)output"))
        return try Network(input: input, layers: layers)
    }

    /// The pre-activations of the hidden layers of a network, first to last.
    func preActivations(of built: Network.Built, depth: Int) -> [Formula] { (0..<depth).map { built.layerOutputs[1 + 2 * $0] } }

    /// The parameters of all depths, each once.
    func parameters() throws -> [(formula: Formula, stream: Int)] {
        var seen = Set<String>()
        var result: [(formula: Formula, stream: Int)] = []
        for depth in depths {
            for (index, formula) in try network(depth: depth).built(isTraining: false).parameters.enumerated()
            where seen.insert(formula.operation.name).inserted {
                result.append((formula, index))
            }
        }
        return result
    }

    /// Multiply-adds of the hidden layers up to a depth, for one sample.
    func multiplyAdds(depth: Int) -> Int { units * (input.reduce(1, *) + (depth - 1) * units) }

    /// The seed of network number `index`. Widths have seeds of their own, so that their networks are independent;
    /// precisions and biases share them.
    func seed(of index: Int, seed: UInt64) -> UInt64 {
        RandomStream(seed: seed, purpose: RandomPurpose.zeroStudy, epoch: UInt64(units))[index]
    }
}

extension RandomPurpose {
    static let zeroStudy: UInt64 = 64
}
