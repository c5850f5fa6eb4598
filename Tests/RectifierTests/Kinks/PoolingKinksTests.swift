import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// What census, verdict, gradient check and linear pieces make of max pooling.
struct PoolingKinksTests {
    /// Four pixels, a filter of one number, ReLU, and the largest of all.
    private func network(_ atZero: KinkValue = 0, ties: Ties = .first) throws -> Network {
        try Network(input: [2, 2, 1]) {
            Conv2D(1, window: 1)
            ReLU(atZero: atZero)
            MaxPool2D(2, ties: ties)
            Flatten()
            Dense(1)
        }
    }

    private func report(_ network: Network, _ features: [Double], bias: Double) throws -> KinkReport {
        var parameters = try network.initialParameters(seed: 1)
        parameters["conv1.weights"] = Tensor(shape: [1, 1, 1, 1], [1.0])
        parameters["conv1.bias"] = Tensor(shape: [1], [bias])
        return try network.kinkReport(loss: .squaredError, parameters: parameters, features: features, targets: [0])
    }

    private func touched(_ report: KinkReport, _ layer: String) -> Int {
        report.kinks.filter { $0.layer == layer }.reduce(0) { $0 + $1.touched }
    }

    @Test func tiesAreCountedAndJudged() throws {
        let network = try network()
        // One pixel is the largest; two of those below are equal.
        let plain = try report(network, [3, 1, 1, 2], bias: 0)
        #expect(plain.exact == 1 && touched(plain, "maxpool1") == 0)
        // All units are closed: their zeros are equal, and no derivative passes them.
        let closed = try report(network, [1, 2, 3, 4], bias: -5)
        #expect(closed.exact == 1 && touched(closed, "maxpool1") == 0)
        // Three are the largest: two ties.
        let tied = try report(network, [3, 1, 3, 3], bias: 0)
        #expect(tied.notGuaranteed == 1 && touched(tied, "maxpool1") == 2)
        #expect(tied.reason == "maxpool1: it has neither a bias nor weights of its own")
        #expect(tied.details.contains { $0.hasPrefix("maxpool1: 2 exactly at the kink of maxpool") })
        #expect(try report(self.network(ties: .split), [3, 1, 3, 3], bias: 0).reason == "maxpool1: maxpool has ties there")
    }

    /// With another derivative at 0 it matters which of the closed units the pooling picks.
    @Test func zerosOfUnitsAtTheirKinkCountWhereTheirDerivativeIsNotZero() throws {
        let half = try report(network(0.5), [1, 2, 2, 1], bias: -2)
        #expect(touched(half, "maxpool1") == 3 && half.notGuaranteed == 1)
        #expect(touched(try report(network(), [1, 2, 2, 1], bias: -2), "maxpool1") == 0)
    }

    /// A window's largest of three inputs is one of three affine pieces; comparisons among the others are kinks as
    /// well, as they are of a maximum of two and one more.
    @Test func linearPieces() throws {
        let network = try Network(input: [1, 3, 1]) {
            MaxPool2D(Extent(1, 3)); Flatten(); Dense(1)
        }
        var parameters = try network.initialParameters(seed: 1)
        parameters["dense1.weights"] = Tensor(shape: [1, 1], [2.0])
        parameters["dense1.bias"] = Tensor(shape: [1], [1.0])
        let pieces = try LinearPieces(of: network, parameters)
        #expect(pieces.unitCount == 2)
        let piece = try pieces.piece(at: [5, 1, 2])
        #expect(piece.matrix.doubles == [2, 0, 0] && piece.offset.doubles == [1])
        let nearest = try #require(piece.nearestKink(in: .l2))
        #expect(Swift.abs(nearest.distance - 3 / 2.squareRoot()) < 1e-12)
        let kinks = try pieces.kinks(from: [5, 1, 2], to: [1, 5, 2])
        #expect(kinks.crossings.map(\.position) == [0.5])
        #expect(try pieces.regions().count == 4)
    }

    /// Convolution, rectifier and pooling with padding: affine on the piece around each of some points.
    @Test func piecesOfANetwork() throws {
        let network = try Network(input: [4, 4, 1]) {
            Conv2D(2); ReLU(); MaxPool2D(3, stride: 2, padding: .same); AveragePool2D(2); Flatten(); Dense(2)
        }
        var numbers = Numbers(seed: 9)
        let parameters = try network.initialParameters(seed: 3, precision: .float64)
        let pieces = try LinearPieces(of: network, parameters)
        let built = try network.built(isTraining: false)
        let program = try Program([built.output], batchSize: 1, parameters: parameters, elementType: .float64)
        for _ in 0..<10 {
            let x = (0..<16).map { _ in numbers.uniform() }, piece = try pieces.piece(at: x)
            let distance = try #require(piece.nearestKink(in: .l2)).distance
            let direction = (0..<16).map { _ in numbers.uniform() }, length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let near = zip(x, direction).map { $0 + $1 * 0.9 * distance / length }
            try program.setInput(Network.inputName, to: near)
            program.run()
            for (row, value) in program.values(ofOutput: 0).enumerated() {
                let weights = piece.matrix.doubles[16 * row..<16 * row + 16]
                let affine = zip(weights, near).reduce(piece.offset.doubles[row]) { $0 + $1.0 * $1.1 }
                #expect(Swift.abs(affine - value) < 1e-12)
            }
        }
    }

    /// A gradient that goes to the last of the largest, to all of them, or to a neighbour.
    @Test func faultsAreCaught() throws {
        let windows = try Windows(image: Windows.Pair(2, 4), kernel: Windows.Pair(2, 2), stride: Windows.Pair(2, 2))
        let network = try Network(input: [2, 4, 1]) {
            Function("planted") { x, _ in try Formula(ShiftedPick(base: WindowPick(windows: windows, ties: .first)), [x, x]) }
            Flatten()
            Dense(2)
        }
        for seed in 0..<20 as Range<UInt64> {
            let report = try network.gradientCheck(samples: 3, seed: seed)
            #expect(!report.passes && report.faults.contains { $0.operation == "maxpool" }, "\(report)")
        }
    }

    /// Equal pixels: the check takes the declared one's line.
    @Test(arguments: [Ties.first, .second, .split]) func checksOnTies(_ ties: Ties) throws {
        let network = try Network(input: [2, 4, 1]) {
            MaxPool2D(2, ties: ties); Flatten(); Dense(2)
        }
        let report = try GradientCheck(network, samples: 2).run(features: [1, 0, 3, 3, 1, 1, 3, 0, 2, 2, 0, 0, 2, 2, -1, 0])
        #expect(report.count(.wrong) == 0, "\(report)")
    }
}

/// Hands the derivative to the pixel beside.
private struct ShiftedPick: Rectifier.Operation {
    var base: WindowPick
    var name: String { base.name }
    func shape(of operands: [Shape]) throws -> Shape { try base.shape(of: operands) }
    func kinks(of x: [Formula]) -> [Kink] { base.kinks(of: x) }
    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let right = try base.gradient(upstream: g, operands: x, result: y)[1]!, axis = 2, count = right.shape[2]
        return [nil, try concatenated([right.sliced(axis: axis, 1..<count), right.sliced(axis: axis, 0..<1)], axis: axis)]
    }
    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? { try base.rounding(of: y, batchSize: batchSize) }
    func lower(_ result: Formula, in lowering: inout Lowering) throws { base.lower(result, in: &lowering) }
}
