import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct NetworkTests {
    /// Values for inputs and parameters of a program, and its outputs.
    private func evaluate(
        _ outputs: [Formula], _ parameters: Parameters, _ inputs: [String: [Double]], batch: Int, _ type: ElementType
    ) throws -> [[Double]] {
        let program = try Program(outputs, batchSize: batch, parameters: parameters, elementType: type)
        for (name, values) in inputs { try program.setInput(name, to: values) }
        program.run()
        return outputs.indices.map { program.values(ofOutput: $0) }
    }

    /// z · relu'(z) = relu(z), at 0 too, so without biases ⟨W, ∂L/∂W⟩ is the same number for every layer and any
    /// derivative at 0.
    @Test(arguments: [(ElementType.float32, 1e-4), (.float64, 1e-12)], [0.0, 0.5, 1.0])
    func homogeneity(_ precision: (type: ElementType, tolerance: Double), _ atZero: Double) throws {
        var numbers = Numbers(seed: 3)
        let network = try Network(input: [20]) {
            for units in [40, 30, 30, 20] { Dense(units, hasBias: false); ReLU(atZero: KinkValue(atZero)) }
            Dense(5, hasBias: false)
        }
        let built = try network.built(isTraining: true)
        let loss = try Loss.softmaxCrossEntropy(built.output, .input("targets", shape: [Shape.batch, 5])).mean()
        let derivatives = try gradients(of: loss, withRespectTo: built.parameters)
        let products = try zip(built.parameters, derivatives).map { try ($0 * $1).sum() }
        let batch = 16
        // The first samples are blank, so that every pre-activation of theirs is exactly 0.
        let features = (0..<batch * 20).map { $0 < 40 ? 0 : numbers.uniform() }
        let targets = (0..<batch * 5).map { $0 % 5 == $0 / 5 % 5 ? 1.0 : 0 }
        let values = try evaluate(
            products, network.initialParameters(seed: 1, precision: precision.type), ["features": features, "targets": targets],
            batch: batch, precision.type
        ).map { $0[0] }
        #expect(Swift.abs(values[0]) > 0.01)
        for value in values { #expect(Swift.abs(value - values[0]) <= precision.tolerance * Swift.abs(values[0])) }
    }

    /// Every layer in one network, and in some that are wired otherwise: the derivative along one random direction
    /// against the difference along it.
    @Test(arguments: 0..<12) func gradientAlongOneDirection(_ index: Int) throws {
        let activations: [any Layer] = [
            ReLU(), LeakyReLU(), PReLU(), ReLU6(), ELU(), GELU(), SiLU(), Softplus(), Sigmoid(), Tanh(), HardSigmoid(), HardTanh(),
        ]
        let network = try Network(input: [3, 2]) {
            Flatten()
            Dense(9)
            activations[index]
            Residual {
                Dense(7); activations[index]; Dense(9, hasBias: false)
            }
            Function("twoWays") { x, build in
                let left = try build.apply(Dense(4), to: x), right = try build.apply(Dense(4), to: x)
                return try concatenated([left * sigmoid(right), Rectifier.tanh(x)], axis: 1)
            }
            Dense(3)
        }
        let built = try network.built(isTraining: true)
        let loss = try Loss.softmaxCrossEntropy(built.output, .input("targets", shape: [Shape.batch, 3])).mean()
        let derivatives = try gradients(of: loss, withRespectTo: built.parameters)
        let parameters = try network.initialParameters(seed: 7, precision: .float64)
        var numbers = Numbers(seed: index)
        let batch = 5
        let inputs = [
            "features": (0..<batch * 6).map { _ in numbers.uniform() }, "targets": (0..<batch * 3).map { $0 % 3 == $0 / 3 % 3 ? 1.0 : 0 },
        ]

        var direction = Parameters()
        for (name, tensor) in parameters {
            direction[name] = Tensor(shape: tensor.shape, (0..<tensor.count).map { _ in numbers.uniform() })
        }
        func moved(_ h: Double) -> Parameters {
            var result = Parameters()
            for (name, tensor) in parameters {
                result[name] = Tensor(shape: tensor.shape, zip(tensor.doubles, direction[name]!.doubles).map { $0 + h * $1 })
            }
            return result
        }
        let exact = try evaluate(derivatives, parameters, inputs, batch: batch, .float64)
        let slope = zip(parameters.names, exact).reduce(0) { sum, pair in
            sum + zip(pair.1, direction[pair.0]!.doubles).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let h = 1e-6
        let up = try evaluate([loss], moved(h), inputs, batch: batch, .float64)[0][0]
        let down = try evaluate([loss], moved(-h), inputs, batch: batch, .float64)[0][0]
        #expect(Swift.abs(slope - (up - down) / (2 * h)) < 1e-7 * max(1, Swift.abs(slope)))
    }

    @Test func mistakesAreNamedWhereTheNetworkIsBuilt() {
        func message(_ layers: [any Layer], input: [Int] = [4]) -> String {
            do { return "made \(try Network(input: input, layers: layers).outputShape)" } catch { return "\(error)" }
        }
        #expect(message([Dense(3)], input: [28, 28]) == "dense1: takes the shape [batch, n], not [batch, 28, 28]; put Flatten() before it")
        #expect(message([Dense(3), Residual { Dense(4) }]) == "residual1: adds [batch, 4] to [batch, 3]; both must be one shape")
        #expect(message([Residual { Dense(0) }]) == "residual1.dense1: needs at least 1 unit, not 0")
        #expect(message([Dense(3)], input: []) == "the input shape must have extents of at least 1, not []")
    }

    @Test func summaryCounts() throws {
        let network = try Network(input: [28, 28]) {
            Flatten(); Dense(512); ReLU(); Residual { Dense(512) }; Dense(10)
        }
        #expect(network.summary.parameterCount == 669_706)
        #expect(network.summary.multiplyAdds == 784 * 512 + 512 * 512 + 512 * 10)
        #expect(network.summary.rows.map(\.name) == ["flatten1", "dense1", "relu1", "residual1.dense1", "dense2"])
        #expect(network.summary.description.hasSuffix("total                                           669,706        668,672"))
    }

    @Test(arguments: [
        Initializer.he, .heUniform, .glorot, .glorotUniform, .lecun, .lecunUniform, .uniform(0.3), .orthogonal(gain: 1), .zeros,
    ])
    func initializersHaveTheirVariance(_ initializer: Initializer) throws {
        let (rows, columns) = (60, 90)
        let values = initializer.values(shape: [rows, columns], stream: RandomStream(seed: 5, purpose: 1))
        let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        let expected: Double =
            switch initializer {
            case .he, .heUniform: 2 / 60
            case .glorot, .glorotUniform: 2 / 150
            case .lecun, .lecunUniform: 1 / 60
            case .uniform(let limit): limit * limit / 3
            case .orthogonal: 1 / 90
            case .constant(let value): value * value
            }
        #expect(Swift.abs(variance - expected) <= 0.06 * expected)
        #expect(try Initializer(initializer.description) == initializer)
        if case .orthogonal = initializer {
            for a in 0..<rows {
                let dot = (0..<columns).reduce(0) { $0 + values[a * columns + $1] * values[7 * columns + $1] }
                #expect(Swift.abs(dot - (a == 7 ? 1 : 0)) < 1e-12)
            }
        }
    }

    /// A graph of 20,000 operations is differentiated, compiled and released without recursion.
    @Test func deepNetworks() throws {
        let network = try Network(input: [2], layers: (0..<1000).flatMap { _ in [Dense(2), ReLU()] as [any Layer] })
        let built = try network.built(isTraining: true)
        let derivative = try gradients(of: built.output.sum(), withRespectTo: [built.parameters[0]])
        let program = try Program(derivative, batchSize: 1, parameters: network.initialParameters(seed: 0))
        program.run()
        #expect(program.values(ofOutput: 0).count == 4)
    }
}
