import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// A network after a short training on a generated set, in float64.
func trained(_ set: String, samples: Int, epochs: Int, layers: [Int]) throws -> (network: Network, parameters: Parameters, test: [[Double]])
{
    let (training, test) = try GeneratedData.make(set, samples: samples, noise: nil, seed: 1)
    var settings = NetworkSettings()
    settings.layers = layers
    let network = try Network(settings, input: training.sampleShape, outputs: training.outputCount)
    var run = TrainingSettings()
    run.precision = .float64
    run.epochs = epochs
    run.batchSize = .samples(20)
    run.learningRate = 0.003
    run.schedule = .constant
    run.weightDecay = 0
    let width = test.width
    let features: [Double] =
        switch test.features {
        case .bytes(let bytes): bytes.map { Double($0) * Dataset.byteScale }
        case .floats(let values): values.map(Double.init)
        case .doubles(let values): values
        }
    let points = (0..<test.count).map { Array(features[$0 * width..<($0 + 1) * width]) }
    return (network, try Trainer(network, data: training, settings: run).run().model.parameters, points)
}

/// The pre-activations of a network of dense layers with ReLU between them, written here without the library's layers.
func preActivations(_ x: Formula, _ parameters: Parameters) throws -> [Formula] {
    var value = x
    var result: [Formula] = []
    var layer = 1
    while let weights = parameters["dense\(layer).weights"], let bias = parameters["dense\(layer).bias"] {
        let sum =
            try matmul(value, .parameter("dense\(layer).weights", shape: Shape(weights.shape), initializer: .zeros))
            + .parameter("dense\(layer).bias", shape: Shape(bias.shape), initializer: .zeros)
        result.append(sum)
        value = relu(sum)
        layer += 1
    }
    return result
}

/// Every kinked layer, and values that are wired in several ways.
func variousLayers() throws -> Network {
    try Network(input: [2, 3]) {
        Dropout(0.5)
        Flatten()
        Dense(8)
        ReLU(atZero: 0.5)
        Residual {
            Dense(6); LeakyReLU(slope: 0.2); Dense(8, hasBias: false)
        }
        PReLU()
        Dense(7)
        ReLU6()
        Dense(7)
        HardTanh()
        Dense(6)
        Absolute()
        Function("wired") { x, build in
            let left = try build.apply(Dense(4), to: x), right = try build.apply(Dense(4), to: x)
            let square = try maximum(left, right).reshaped(to: [Shape.batch, 2, 2]).transposed([0, 2, 1])
            let ends = try concatenated([square.sum(over: [1]), minimum(left, 0.1).sliced(axis: 1, 1..<3)], axis: 1)
            return try ends.mean(over: [1], keepingAxes: true) + ends / 2 - select(left > right, left, right).sliced(axis: 1, 0..<4)
        }
        HardSigmoid()
        Dense(3)
    }
}

/// Parameters with random biases.
func randomParameters(_ network: Network, seed: UInt64, scale: Double = 1) throws -> Parameters {
    var parameters = try network.initialParameters(seed: seed, precision: .float64)
    var numbers = Numbers(seed: seed)
    for (name, tensor) in parameters where name.hasSuffix("bias") {
        parameters[name] = Tensor(shape: tensor.shape, (0..<tensor.count).map { _ in numbers.uniform(in: -scale...scale) })
    }
    return parameters
}

struct KinkDistanceTests {
    /// At 0.999 of the distance no random direction changes the pattern; at 1.001 along the named one exactly the named
    /// unit does.
    @Test func holdsOnATrainedNetwork() throws {
        let (network, parameters, test) = try trained("digits", samples: 1200, epochs: 2, layers: [64, 64])
        let pieces = try LinearPieces(of: network, parameters)
        try #require(pieces.unitCount == 128 && test.count >= 200)

        // How many gates at 1,000 points on the sphere around x differ from those at x.
        let count = 1000, width = 784
        let x = Formula.input("x", shape: [1, width]), directions = Formula.input("directions", shape: [count, width])
        let radius = Formula.input("radius", shape: [1, 1]), gates = Formula.input("gates", shape: [1, 128])
        let sums = try preActivations(x + radius * directions, parameters)
        let changes = try 1 - equal(concatenated([sums[0], sums[1]], axis: 1) > 0, gates)
        let lengths: [Norm: Formula] = [
            .l1: try abs(directions).sum(over: [1], keepingAxes: true),
            .l2: try sqrt((directions * directions).sum(over: [1], keepingAxes: true)),
            .maximum: try abs(directions).maximum(over: [1], keepingAxes: true),
        ]
        var numbers = Numbers(seed: 4)
        let drawn = (0..<count * width).map { _ in numbers.uniform() }
        let programs = try lengths.mapValues { length in
            let scaling = try Program([directions / length], batchSize: 1, elementType: .float64)
            try scaling.setInput("directions", to: drawn)
            scaling.run()
            let program = try Program([changes.sum()], batchSize: 1, parameters: parameters, elementType: .float64)
            try program.setInput("directions", to: scaling.values(ofOutput: 0))
            return program
        }

        var flips = 0
        for (index, point) in test.prefix(200).enumerated() {
            let piece = try pieces.piece(at: point)
            for norm in Norm.allCases {
                let kink = try #require(piece.nearestKink(in: norm))
                #expect(kink.distance > 0)
                #expect(try pieces.piece(at: self.point(point, kink.point, 0.999)).pattern == piece.pattern)
                let beyond = try pieces.piece(at: self.point(point, kink.point, 1.001)).pattern
                let changed = beyond.isActive.indices.filter { beyond.isActive[$0] != piece.pattern.isActive[$0] }
                #expect(changed.map(pieces.unit) == [kink.unit], "sample \(index), \(norm)")
                flips += changed.count

                // The other two on every fourth sample, which is where the time goes.
                guard norm == .l2 || index.isMultiple(of: 4) else { continue }
                let program = programs[norm]!
                try program.setInput("x", to: point)
                try program.setInput("radius", to: [0.999 * kink.distance])
                try program.setInput("gates", to: piece.pattern.isActive.map { $0 ? 1 : 0 })
                program.run()
                #expect(program.values(ofOutput: 0) == [0], "sample \(index), \(norm)")
            }
        }
        #expect(flips == 600)
    }

    private func point(_ a: [Double], _ b: [Double], _ share: Double) -> [Double] { zip(a, b).map { $0 + share * ($1 - $0) } }

    /// The map of a piece gives what the network gives, as far as the distance says, and no farther.
    @Test func mapIsValidInside() throws {
        let network = try variousLayers()
        let built = try network.built(isTraining: false)
        var numbers = Numbers(seed: 8)
        for seed in 0..<20 as Range<UInt64> {
            let parameters = try randomParameters(network, seed: seed)
            let pieces = try LinearPieces(of: network, parameters)
            let program = try Program([built.output], batchSize: 1, parameters: parameters, elementType: .float64)
            func output(_ x: [Double]) throws -> [Double] {
                try program.setInput(Network.inputName, to: x)
                program.run()
                return program.values(ofOutput: 0)
            }
            let x = (0..<6).map { _ in numbers.uniform() }
            let piece = try pieces.piece(at: x)
            let kink = try #require(piece.nearestKink(in: .maximum))
            #expect(piece.output == (try output(x)))
            let matrix = piece.matrix.doubles, offset = piece.offset.doubles
            for _ in 0..<20 {
                let y = x.map { $0 + 0.999 * kink.distance * numbers.uniform() }
                for (row, value) in try output(y).enumerated() {
                    let affine = zip(matrix[row * 6..<(row + 1) * 6], y).reduce(offset[row]) { $0 + $1.0 * $1.1 }
                    #expect(Swift.abs(affine - value) < 1e-12 * max(1, Swift.abs(value)))
                }
            }
            // A kink is where its margin is 0.
            let change = zip(kink.gradient, zip(kink.point, x)).reduce(0) { $0 + $1.0 * ($1.1.0 - $1.1.1) }
            #expect(Swift.abs(kink.margin + change) < 1e-12 * max(1, Swift.abs(kink.margin)))
        }
    }

    @Test func distancesByHand() throws {
        // Margins 3 x - 4 y + 10 and x, and a unit that sees nothing.
        let network = try Network(input: [2]) {
            Dense(3); ReLU(); Dense(1)
        }
        var parameters = try network.initialParameters(seed: 0, precision: .float64)
        parameters["dense1.weights"] = Tensor(shape: [2, 3], [3.0, 1, 0, -4, 0, 0])
        parameters["dense1.bias"] = Tensor(shape: [3], [10.0, 0, 0])
        parameters["dense2.weights"] = Tensor(shape: [3, 1], [1.0, 2, 5])
        let pieces = try LinearPieces(of: network, parameters)
        let piece = try pieces.piece(at: [10, 0])
        let first = KinkUnit(layer: "relu1", index: 0)
        for (norm, distance, point) in [
            (Norm.l2, 8.0, [5.2, 6.4]), (.l1, 10, [10, 10]), (.maximum, 40 / 7.0, [10 - 40 / 7.0, 40 / 7.0]),
        ] {
            let kink = try #require(piece.nearestKink(in: norm))
            #expect(kink.unit == first && Swift.abs(kink.distance - distance) < 1e-14 && kink.margin == 40 && kink.gradient == [3, -4])
            for (ours, theirs) in zip(kink.point, point) { #expect(Swift.abs(ours - theirs) < 1e-14) }
        }
        #expect(piece.matrix == Tensor(shape: [1, 2], [5.0, -4]) && piece.offset == Tensor(shape: [1], [10.0]) && piece.output == [60])
        #expect(piece.pattern == ActivationPattern([true, true, false]))
        #expect(largestStep(margins: [40, 10, 0], derivatives: [-20, 1, 0]) == 2)
        #expect(largestStep(margins: [40], derivatives: [0]) == .infinity)

        // On a kink.
        for norm in Norm.allCases {
            let kink = try #require(try pieces.piece(at: [0, 7]).nearestKink(in: norm))
            #expect(kink.distance == 0 && kink.unit == KinkUnit(layer: "relu1", index: 1) && kink.point == [0, 7])
        }
    }

    /// The two halves of PReLU are one kink, the bounds of a clip are two.
    @Test func unitsAreNamed() throws {
        let network = try Network(input: [3]) {
            PReLU(); Dense(2); ReLU6(); Dense(1)
        }
        let pieces = try LinearPieces(of: network, network.initialParameters(seed: 0))
        #expect(
            (0..<pieces.unitCount).map { pieces.unit($0).description } == [
                "prelu1[0]", "prelu1[1]", "prelu1[2]", "reLU61[0]", "reLU61[1]", "reLU61[0].1", "reLU61[1].1",
            ])
        let linear = try Network(input: [3]) { Dense(2) }
        let piece = try LinearPieces(of: linear, linear.initialParameters(seed: 0)).piece(at: [1, 2, 3])
        #expect(piece.nearestKink(in: .l2) == nil && piece.pattern.isActive.isEmpty && piece.matrix.shape == [2, 3])
    }

    /// Hanin and Rolnick 2019: the distance falls as 1 / units, and kinks on a line grow as units.
    @Test func distanceAndKinksScaleWithUnits() throws {
        let sizes = [16, 32, 64, 128, 256, 512]
        var numbers = Numbers(seed: 2)
        var distances: [Double] = [], crossings: [Double] = []
        for size in sizes {
            let network = try Network(input: [10]) {
                Dense(size); ReLU(); Dense(1)
            }
            let pieces = try LinearPieces(of: network, randomParameters(network, seed: UInt64(size)))
            func point() -> [Double] { (0..<10).map { _ in numbers.uniform(in: -2...2) } }
            let samples = 60
            distances.append(try (0..<samples).reduce(0.0) { sum, _ in try sum + pieces.piece(at: point()).nearestKink(in: .l2)!.distance })
            crossings.append(
                try (0..<samples).reduce(0.0) { sum, _ in try sum + Double(pieces.kinks(from: point(), to: point()).crossings.count) })
        }
        func fit(_ x: [Double], _ y: [Double]) -> (slope: Double, r2: Double) {
            let n = Double(x.count), mx = x.reduce(0, +) / n, my = y.reduce(0, +) / n
            let xx = x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }, yy = y.reduce(0) { $0 + ($1 - my) * ($1 - my) }
            let xy = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
            return (xy / xx, xy * xy / (xx * yy))
        }
        let line = fit(sizes.map(Double.init), crossings)
        #expect(line.r2 > 0.98 && line.slope > 0)
        let power = fit(sizes.map { logarithm(of: Double($0)) }, distances.map(logarithm(of:)))
        #expect((-1.2 ... -0.8).contains(power.slope))
    }

    @Test func mistakesAreNamed() throws {
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "nothing"
        }
        func message(_ layers: [any Layer]) -> String {
            message {
                let network = try Network(input: [4], layers: layers)
                _ = try LinearPieces(of: network, network.initialParameters(seed: 0))
            }
        }
        #expect(message([Dense(3), Sigmoid(), Dense(1)]).hasPrefix("sigmoid1: sigmoid is not piecewise linear; "))
        #expect(message([Dense(3), Residual { ELU() }]).hasPrefix("residual1.elu1: "))
        #expect(message([Dense(3), Function("square") { x, _ in try x * x }]).hasPrefix("square1: multiply is not piecewise linear; "))
        #expect(
            message([Function("largest") { x, _ in try x.maximum(over: [1], keepingAxes: true) }]).hasPrefix("largest1: maximum is not "))
        #expect(message([Function("gated") { x, _ in try x * heaviside(x, below: 1, atZero: 0, above: 3) }]) == "nothing")

        let network = try Network(input: [2, 2]) {
            Flatten(); Dense(3); ReLU(); Dense(1)
        }
        let pieces = try LinearPieces(of: network, network.initialParameters(seed: 0))
        #expect(message { _ = try pieces.piece(at: [1]) } == "the point has 1 numbers; the network takes 4, of shape [2, 2]")
        #expect(message { _ = try pieces.piece(at: [1, 2, .nan, 3]) } == "the point holds nan at place 2")
        #expect(message { _ = try pieces.kinks(from: [1, 2, 3, 4], to: [1]) }.hasPrefix("the end has 1 numbers"))
        #expect(message { _ = try pieces.regions(in: [0...1]) }.hasPrefix("the box has 1 ranges"))
        #expect(message { _ = try pieces.regions(in: [0...1, 0...1, 0...1, 1...1]) }.hasPrefix("range 3 of the box must have a length"))
        #expect(message { _ = try pieces.regions(in: PlaneWindow(x: 0...1, y: 0...1)) }.hasPrefix("the origin of the window has 2 numbers"))
        #expect(message { _ = try pieces.regions(limit: 3) }.hasPrefix("there are more than 3 linear regions"))
        #expect(message { _ = try LinearPieces(of: network, Parameters()) } == "there is no parameter dense1.weights")
        var broken = try network.initialParameters(seed: 0)
        broken["dense1.bias"] = Tensor(shape: [3], [0, Double.nan, 0])
        #expect(
            message { _ = try LinearPieces(of: network, broken).piece(at: [1, 2, 3, 4]) }.hasPrefix("relu1[1]: its pre-activation is nan"))
        broken["dense1.bias"] = Tensor(shape: [3], [0, 0.0, 0])
        broken["dense1.weights"] = Tensor(shape: [4, 3], [Double](repeating: 1e308, count: 12))
        #expect(message { _ = try LinearPieces(of: network, broken).piece(at: [0, 0, 0, 0]) }.hasPrefix("relu1[0]: its gradient is inf"))
    }
}
