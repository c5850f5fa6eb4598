import CRectifierKernels
import Foundation
import Rectifier
import RectifierInstruments

/// A network, an optimizer and data whose training step is timed.
struct StepWorkload {
    enum Activation { case relu, tanh }
    enum Update { case sgd, momentum, adam }

    /// Extents from the input to the output.
    var widths: [Int]
    var activation = Activation.relu
    var batchSize: Int
    var update: Update
    /// Ten classes and cross-entropy, or numbers and squared error.
    var classifies = false
    /// The share of zeros in the inputs; images have as many bytes, other inputs are normal.
    var inputZeros = 0.0
    var takesBytes = false
    /// The share of zeros in hidden layers, which biases bring about; nil for biases of 0, with which ReLU gives a
    /// half.
    var hiddenZeros: Double?
    /// So many that an epoch, which is what is timed, takes some milliseconds: its first steps wake threads, and find
    /// other runs in the caches.
    var stepsPerEpoch: Int
    /// Takes seconds to measure.
    var isLarge = false

    static let all = [
        StepWorkload(widths: [2, 8, 8, 1], batchSize: 10, update: .momentum, stepsPerEpoch: 1000),
        StepWorkload(widths: [4, 32, 16, 4], activation: .tanh, batchSize: 64, update: .adam, stepsPerEpoch: 100),
        StepWorkload(widths: [32, 128, 128, 1], batchSize: 64, update: .adam, stepsPerEpoch: 200),
        StepWorkload(
            widths: [Int](repeating: 64, count: 101) + [10], batchSize: 32, update: .momentum, classifies: true, stepsPerEpoch: 20),
        StepWorkload(
            widths: [784, 512, 512, 10], batchSize: 128, update: .adam, classifies: true, inputZeros: 0.5, takesBytes: true,
            stepsPerEpoch: 50),
        StepWorkload(
            widths: [1024, 4096, 4096, 10], batchSize: 256, update: .sgd, classifies: true, inputZeros: 0.75, hiddenZeros: 0.75,
            stepsPerEpoch: 4, isLarge: true),
        StepWorkload(
            widths: [1024, 4096, 4096, 10], activation: .tanh, batchSize: 256, update: .sgd, classifies: true, stepsPerEpoch: 4,
            isLarge: true),
    ]

    /// `784-512-512-10`, `64-(100×64)-10`
    var network: String {
        let hidden = widths.dropFirst().dropLast()
        guard hidden.count > 4, let width = hidden.first, hidden.allSatisfy({ $0 == width }) else {
            return widths.map(String.init).joined(separator: "-")
        }
        return "\(widths[0])-(\(hidden.count)×\(width))-\(widths.last!)"
    }

    var activationName: String { activation == .relu ? "relu" : "tanh" }

    var optimizerName: String {
        switch update {
        case .sgd: "sgd"
        case .momentum: "sgd, momentum"
        case .adam: "adam"
        }
    }

    /// Multiplications and additions of a dense step's products: forward, weight gradient, and input gradient of all
    /// layers but the first.
    var flops: Double {
        let products = zip(widths, widths.dropFirst()).map { Double($0 * $1) }
        return 2 * Double(batchSize) * (3 * products.reduce(0, +) - products[0])
    }

    // MARK: The run

    func trainer(type: ElementType, threads: Int) throws -> Trainer {
        let data = try dataset()
        var settings = TrainingSettings()
        settings.optimizer =
            switch update {
            case .sgd: .sgd()
            case .momentum: .sgd(momentum: 0.9)
            case .adam: .adam()
            }
        // So small that the network stays what it is, zeros included, however long it is measured.
        settings.learningRate = 1e-7
        settings.schedule = .constant
        settings.weightDecay = 0
        settings.batchSize = .samples(batchSize)
        settings.epochs = 1_000_000
        settings.threads = threads
        settings.precision = type
        return try Trainer(
            try Network(input: [widths[0]], layers: layers), data: data, settings: settings, probes: [KinkProbe()])
    }

    var layers: [any Layer] {
        // What He's initializer makes of inputs with this mean square.
        var meanSquare = takesBytes ? (1 - inputZeros) / 3 : 1 - inputZeros
        return widths.indices.dropFirst().flatMap { index -> [any Layer] in
            let isLast = index == widths.count - 1
            guard !isLast, activation == .relu, let hiddenZeros else {
                let dense = Dense(widths[index], initializer: activation == .relu && !isLast ? .he : .glorot)
                return isLast ? [dense] : [dense, activation == .relu ? ReLU() as any Layer : Tanh()]
            }
            // z is normal with this deviation; relu(z - t) is 0 where z < t.
            let deviation = (2 * meanSquare).squareRoot(), quantile = normalQuantile(hiddenZeros)
            let density = exp(-quantile * quantile / 2) / (2 * Double.pi).squareRoot()
            meanSquare = deviation * deviation * ((1 + quantile * quantile) * (1 - hiddenZeros) - quantile * density)
            return [BiasedDense(units: widths[index], bias: -quantile * deviation), ReLU()]
        }
    }

    func dataset() throws -> Dataset {
        let count = batchSize * stepsPerEpoch, width = widths[0]
        func uniform(_ purpose: UInt64, _ index: Int) -> Double { Double(rk_draw(rk_stream(0, purpose, 0), UInt64(index)) >> 11) * 0x1p-53 }
        func isZero(_ index: Int) -> Bool { inputZeros > 0 && uniform(1, index) < inputZeros }
        func normal(_ purpose: UInt64, _ index: Int) -> Double {
            (-2 * log(1 - uniform(purpose, 2 * index))).squareRoot() * cos(2 * .pi * uniform(purpose, 2 * index + 1))
        }
        let features: Dataset.Features =
            takesBytes
            ? .bytes((0..<count * width).map { isZero($0) ? 0 : UInt8(1 + uniform(2, $0) * 255) })
            : .floats((0..<count * width).map { isZero($0) ? 0 : Float(normal(2, $0)) })
        let outputs = widths.last!
        let targets: Dataset.Targets =
            classifies
            ? .classes((0..<count).map { Int32(uniform(3, $0) * Double(outputs)) }, names: (0..<outputs).map(String.init))
            : .values((0..<count * outputs).map { Float(normal(3, $0)) }, width: outputs)
        return try Dataset(count: count, sampleShape: [width], features: features, targets: targets)
    }

    /// The share of zeros among the outputs of a model's hidden layers, on a batch; nil where there are none to speak
    /// of.
    func hiddenZeros(of model: Model, on data: Dataset) throws -> Double? {
        guard activation == .relu else { return nil }
        var batch = try data.selecting((0..<Int32(min(data.count, batchSize))).map { $0 })
        var zeros = 0, all = 0
        for (index, width) in widths.enumerated().dropFirst().dropLast() {
            // Layer by layer, each from the outputs of the one before.
            let layer = try Network(input: batch.sampleShape) {
                Dense(width)
                ReLU()
            }
            var parameters = Parameters()
            for name in ["weights", "bias"] { parameters["dense1.\(name)"] = model.parameters["dense\(index).\(name)"] }
            let outputs = try Model(network: layer, loss: .squaredError, parameters: parameters, precision: model.precision)
                .predictions(for: batch).outputs
            zeros += outputs.count { $0 == 0 }
            all += outputs.count
            batch = try Dataset(count: batch.count, sampleShape: [width], features: .floats(outputs), targets: .none)
        }
        return Double(zeros) / Double(all)
    }
}

/// A dense layer whose biases begin at another number than 0.
private struct BiasedDense: Layer {
    var units: Int
    var bias: Double
    var name: String { "dense" }

    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let weights = try build.parameter("weights", shape: [x.shape[1], units], initializer: .he)
        return try matmul(x, weights) + build.parameter("bias", shape: [units], initializer: .constant(bias), decays: false)
    }
}

/// The number below which a standard normal one lies with probability `p`, by bisection.
private func normalQuantile(_ p: Double) -> Double {
    var low = -8.0, high = 8.0
    for _ in 0..<60 {
        let middle = (low + high) / 2
        if erfc(-middle / 2.0.squareRoot()) / 2 < p { low = middle } else { high = middle }
    }
    return low
}
