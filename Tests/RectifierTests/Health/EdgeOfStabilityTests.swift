import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// What the sharpness predicts, against what training does: the largest stable rate, and the edge that runs settle at.
@Suite struct EdgeOfStabilityTests {
    // MARK: Data

    /// Chebyshev's polynomial of a degree on 40 points of [-1, 1], with noise: as Cohen et al. have it.
    static func wave(_ degree: Double, noise: Double = 0) throws -> Dataset {
        var numbers = Numbers(seed: 7)
        let x = (0..<40).map { -1 + 2 * Double($0) / 39 }
        let y = x.map { Foundation.cos(degree * Foundation.acos($0)) + noise * (numbers.uniform() + numbers.uniform()) }
        return try Dataset(count: 40, sampleShape: [1], features: .doubles(x), targets: .doubleValues(y, width: 1))
    }

    /// Two overlapping clouds, or three, in the plane.
    static func clouds(_ classes: Int, apart: Double = 1) throws -> Dataset {
        var numbers = Numbers(seed: 9)
        var features: [Double] = [], labels: [Int32] = []
        for i in 0..<48 {
            let label = i % classes, angle = 2 * Double.pi * Double(label) / Double(classes)
            features += [apart * Foundation.cos(angle) + 1.5 * numbers.uniform(), apart * Foundation.sin(angle) + 1.5 * numbers.uniform()]
            labels.append(Int32(label))
        }
        return try Dataset(
            count: 48, sampleShape: [2], features: .doubles(features),
            targets: .classes(labels, names: (0..<classes).map { "\($0)" }))
    }

    static func network(_ data: Dataset, _ hidden: [Int], _ activation: any Layer) throws -> Network {
        try Network(input: data.sampleShape, layers: hidden.flatMap { [Dense($0), activation] } + [Dense(data.outputCount)])
    }

    // MARK: Runs

    /// The squared length of the gradient in each step.
    struct Lengths: TrainingProbe {
        struct Squares: ProbeReport { var last = 0.0 }
        var name: String { "lengths" }
        func observer(of run: ProbedRun) throws -> any ProbeObserver {
            let derivatives = try gradients(of: run.losses.mean(), withRespectTo: run.trained)
            return Observer([try derivatives.map { try ($0 * $0).sum() }.reduce(0) { try $0 + $1 }])
        }
        final class Observer: ProbeObserver {
            let formulas: [Formula]
            var state = Squares()
            init(_ formulas: [Formula]) { self.formulas = formulas }
            func looks(atStep step: Int) -> Bool { true }
            func look(at step: ProbedStep) throws { state.last = try step.values(ofFormula: 0)[0] }
            func endEpoch() -> Squares { state }
            var report: Squares { state }
        }
    }

    static func session(
        _ network: Network, _ data: Dataset, _ optimizer: Optimizer, loss: Loss? = nil, rate: Double, l2: Double = 0, seed: UInt64 = 1,
        probes: [any TrainingProbe] = []
    ) throws -> TrainingSession {
        let settings = TrainerTests.settings {
            ($0.optimizer, $0.learningRate, $0.batchSize, $0.schedule) = (optimizer, rate, .full, .constant)
            ($0.l2, $0.seed, $0.epochs, $0.weightDecay) = (l2, seed, 1_000_000_000, 0)
        }
        return try TrainingSession(
            Trainer(network, loss: loss, data: LoadedData(training: data), settings: settings, probes: probes))
    }

    // MARK: The largest stable rate

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var data: Dataset
        var hidden: [Int]
        var activation: any Layer
        var loss: Loss?
        var optimizer: Optimizer
        var rate: Double
        var l2 = 0.0
        var steps = 6000
        var testDescription: String { name }
    }

    static let cases: [Case] = {
        do {
            let wave2 = try wave(2, noise: 0.2), wave3 = try wave(3, noise: 0.2), wave4 = try wave(4)
            let two = try clouds(2), three = try clouds(3)
            let adam = Optimizer.adam(), heavy = Optimizer.sgd(momentum: 0.9), nesterov = Optimizer.sgd(momentum: 0.9, nesterov: true)
            return [
                Case(name: "1 gd tanh 8", data: wave2, hidden: [8], activation: Tanh(), optimizer: .sgd(), rate: 0.1),
                Case(name: "2 gd relu 16", data: wave2, hidden: [16], activation: ReLU(), optimizer: .sgd(), rate: 0.1),
                Case(name: "3 gd softplus 8-8", data: wave3, hidden: [8, 8], activation: Softplus(), optimizer: .sgd(), rate: 0.02),
                Case(name: "4 gd linear", data: wave3, hidden: [], activation: Tanh(), optimizer: .sgd(), rate: 0.05),
                Case(name: "5 gd clouds tanh", data: two, hidden: [6], activation: Tanh(), optimizer: .sgd(), rate: 1.5),
                Case(name: "6 gd clouds relu 8-8 l2", data: three, hidden: [8, 8], activation: ReLU(), optimizer: .sgd(), rate: 0.3, l2: 0.01),
                Case(name: "7 heavy tanh 12", data: wave3, hidden: [12], activation: Tanh(), optimizer: heavy, rate: 0.04),
                Case(name: "8 heavy relu 8-8", data: wave2, hidden: [8, 8], activation: ReLU(), optimizer: heavy, rate: 0.1),
                Case(name: "9 heavy 0.5 clouds", data: three, hidden: [5], activation: Sigmoid(), optimizer: .sgd(momentum: 0.5), rate: 2),
                Case(name: "10 heavy deep tanh", data: wave2, hidden: [6, 6, 6], activation: Tanh(), optimizer: heavy, rate: 0.05),
                Case(name: "11 nesterov tanh 8", data: wave2, hidden: [8], activation: Tanh(), optimizer: nesterov, rate: 0.06),
                Case(name: "12 nesterov gelu 12", data: wave4, hidden: [12], activation: GELU(), optimizer: nesterov, rate: 0.01),
                Case(name: "13 nesterov 0.5 clouds", data: two, hidden: [8], activation: Softplus(), optimizer: .sgd(momentum: 0.5, nesterov: true), rate: 0.5, l2: 0.003),
                Case(name: "14 huber tanh", data: wave3, hidden: [10], activation: Tanh(), loss: .huber(delta: 1), optimizer: .sgd(), rate: 0.1),
                Case(name: "15 adam tanh 8", data: wave2, hidden: [8], activation: Tanh(), optimizer: adam, rate: 0.003),
                Case(name: "16 adam relu 8-8", data: wave2, hidden: [8, 8], activation: ReLU(), optimizer: adam, rate: 0.003),
                Case(name: "17 adam clouds l2", data: three, hidden: [8], activation: Tanh(), optimizer: adam, rate: 0.01, l2: 0.003),
                Case(name: "18 adam 0.5 softplus", data: wave3, hidden: [8], activation: Softplus(), optimizer: .adam(beta1: 0.5), rate: 0.003),
                Case(name: "19 adamw linear", data: wave3, hidden: [], activation: Tanh(), optimizer: .adamW(), rate: 0.001),
                Case(name: "20 rmsprop tanh", data: wave2, hidden: [8], activation: Tanh(), optimizer: .rmsProp(decay: 0.999), rate: 0.0005),
            ]
        } catch { fatalError("\(error)") }
    }()

    /// From weights near a minimum, where a small rate has led: training at a rate stays there, or the gradient grows.
    @Test(arguments: cases) func theLargestStableRateIsPredicted(_ one: Case) throws {
        let session = try Self.session(
            Self.network(one.data, one.hidden, one.activation), one.data, one.optimizer, loss: one.loss, rate: one.rate, l2: one.l2,
            probes: [Lengths()])
        var first = 0.0
        for _ in 0..<one.steps { first = try #require(try session.step()).loss }
        let snapshot = try session.snapshot(), report = try #require(try session.stability())
        let predicted = try #require(report.largestStableRate)
        func length() -> Double { session.measurements[Lengths.Squares.self]?.last ?? 0 }
        let start = length()
        func stays(_ rate: Double) throws -> Bool {
            try session.restore(snapshot)
            try session.change { $0.learningRate = rate }
            do {
                for _ in 0..<200 {
                    try session.step()
                    if !(length() <= 100 * start) { return false }
                }
            } catch let error as RectifierError where error.kind == .divergence { return false }
            return true
        }
        var (low, high) = (predicted / 8, predicted * 8)
        for _ in 0..<8 {
            let middle = (low * high).squareRoot()
            if try stays(middle) { low = middle } else { high = middle }
        }
        let measured = (low * high).squareRoot(), ratio = predicted / measured
        print("\(one.name): loss \(first) gradient \(start.squareRoot()) predicted \(predicted) measured \(measured) ratio \(ratio); \(report.summary) [\(report.iterations)]")
        #expect(1 / 1.2...1.2 ~= ratio, "predicted \(predicted), measured \(measured)")
    }

    // MARK: The edge

    /// The median over the run's second half of the sharpness by the edge.
    private func settled(_ optimizer: Optimizer, rate: Double, steps: Int, _ data: Dataset) throws -> Double {
        let session = try Self.session(Self.network(data, [20, 20], Tanh()), data, optimizer, rate: rate)
        var shares: [Double] = [], products = 0
        for number in 1...steps {
            try session.step()
            guard number > steps / 2, number % (steps / 100) == 0 else { continue }
            let report = try #require(try session.stability())
            products += report.iterations
            shares.append(report.comparedSharpness / report.edge!)
        }
        let median = shares.sorted()[shares.count / 2]
        print("\(optimizer) \(rate): median \(median) mean \(shares.reduce(0, +) / Double(shares.count)) from \(shares.min()!) to \(shares.max()!); \(products / shares.count) products each")
        return median
    }

    @Test(arguments: [0.1, 0.2]) func gradientDescentSettlesAtTheEdge(_ rate: Double) throws {
        #expect(0.95...1.05 ~= (try settled(.sgd(), rate: rate, steps: 4000, Self.wave(4))))
    }

    @Test(arguments: [0.001, 0.002, 0.003], [0, 0.3]) func adamSettlesAtItsEdge(_ rate: Double, _ noise: Double) throws {
        #expect(0.95...1.05 ~= (try settled(.adam(), rate: rate, steps: 4000, Self.wave(4, noise: noise))))
    }
}
