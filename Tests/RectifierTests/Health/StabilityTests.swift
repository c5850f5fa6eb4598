import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// The largest eigenvalue against dense matrices, and what the report says and leaves alone.
@Suite struct StabilityTests {
    // MARK: Eigenvalues

    static func data(_ count: Int = 12, width: Int = 3, classes: Bool, seed: Int = 1) throws -> Dataset {
        var numbers = Numbers(seed: seed)
        let features = (0..<count * width).map { _ in numbers.uniform() }
        let targets: Dataset.Targets =
            classes
            ? .classes((0..<count).map { _ in Int32(numbers.integer(below: 2)) }, names: ["a", "b"])
            : .doubleValues((0..<count * 2).map { _ in numbers.uniform() }, width: 2)
        return try Dataset(count: count, sampleShape: [width], features: .doubles(features), targets: targets)
    }

    static func network(_ activation: any Layer) throws -> Network {
        try Network(input: [3]) {
            Dense(4); activation; Dense(3); activation; Dense(2)
        }
    }

    static let activations: [any Layer] = [Tanh(), ReLU(), Softplus(), Sigmoid(), GELU(), LeakyReLU(slope: 0.1)]

    static let plain = Stepping(optimizer: .sgd(), learningRate: 0.1)

    private func largest(
        _ network: Network, _ loss: Loss, _ parameters: Parameters, _ data: Dataset, _ stepping: Stepping = plain,
        blockSize: Int = 500
    ) throws -> StabilityReport {
        try #require(
            try network.stability(loss, parameters, on: data, stepping, blockSize: blockSize, tolerance: 1e-8, limit: 400, pool: nil))
    }

    /// Drawn with biases, without which samples whose units are all closed would lie exactly on the kinks that follow.
    private func parameters(_ network: Network, seed: Int) throws -> Parameters {
        var numbers = Numbers(seed: seed), result = try network.initialParameters(seed: UInt64(seed), precision: .float64)
        for (name, tensor) in result where name.hasSuffix("bias") {
            result[name] = Tensor(shape: tensor.shape, tensor.doubles.map { _ in numbers.uniform(in: -0.5...0.5) })
        }
        return result
    }

    private func isNear(_ a: Double, _ b: Double, _ share: Double = 1e-6) -> Bool { abs(a - b) <= share * abs(b) }

    @Test(arguments: activations.indices, [false, true]) func sharpnessIsTheLargestEigenvalue(_ activation: Int, classes: Bool) throws {
        for seed in 1...3 {
            let network = try Self.network(Self.activations[activation]), data = try Self.data(classes: classes, seed: seed)
            let loss = data.usualLoss, parameters = try parameters(network, seed: seed)
            let eigenvalues = try DenseHessian(network, loss, parameters, on: data).eigenvalues
            let report = try largest(network, loss, parameters, data)
            #expect(report.isConverged)
            #expect(isNear(report.sharpness, eigenvalues.last!), "\(report.sharpness) for \(eigenvalues.last!)")
            #expect(report.preconditionedSharpness == nil && report.samples == 12)
            // In blocks of 5, 5 and 2.
            #expect(isNear(try largest(network, loss, parameters, data, blockSize: 5).sharpness, report.sharpness, 1e-9))
        }
    }

    /// Near the bottom of a wave, with targets above it, the eigenvalue of the largest size is negative.
    @Test func aNegativeEigenvalueOfAnySizeHidesNothing() throws {
        let network = try Network(input: [3]) {
            Dense(2); SineActivation()
        }
        let data = try Self.data(classes: false)
        var parameters = try network.initialParameters(seed: 1, precision: .float64)
        parameters["dense1.bias"] = Tensor(shape: [2], [-1.2, -1.4])
        let eigenvalues = try DenseHessian(network, .squaredError, parameters, on: data).eigenvalues
        #expect(-eigenvalues.first! > 5 * eigenvalues.last!)
        #expect(isNear(try largest(network, .squaredError, parameters, data).sharpness, eigenvalues.last!))
    }

    @Test func whatIsNotFiniteHasNoReport() throws {
        let network = try Self.network(ReLU()), data = try Self.data(classes: false)
        var parameters = try network.initialParameters(seed: 1, precision: .float64)
        for (name, tensor) in parameters { parameters[name] = Tensor(shape: tensor.shape, tensor.doubles.map { $0 * 1e160 }) }
        #expect(try network.stability(.squaredError, parameters, on: data, Self.plain, pool: nil) == nil)
    }

    @Test func scalesAndPenaltiesCount() throws {
        let network = try Self.network(Tanh()), data = try Self.data(classes: true)
        let parameters = try network.initialParameters(seed: 5, precision: .float64)
        var numbers = Numbers(seed: 3)
        var squares = Parameters()
        for (name, tensor) in parameters {
            squares[name] = Tensor(shape: tensor.shape, tensor.doubles.map { _ in numbers.uniform(in: 1e-6...1e-2) })
        }
        let rates = { @Sendable (name: String) in name.hasPrefix("dense2") ? 0.5 : 1.0 }
        let penalties = Penalties(weightDecay: 0.03, l2: 0.01)
        var hessian = try DenseHessian(network, data.usualLoss, parameters, on: data)
        var place = 0
        for (name, tensor) in parameters {
            for _ in tensor.doubles {
                if name.hasSuffix("weights") { hessian.rows[place][place] += 0.04 }
                place += 1
            }
        }
        let plain = hessian.eigenvalues.last!
        for (optimizer, factor) in [
            (Optimizer.adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-3), 1 / (1 - powerOf(0.99, 7))), (.rmsProp(decay: 0.9, epsilon: 1e-3), 1),
        ] {
            var scaled = hessian
            scaled.scale(
                parameters.flatMap { name, _ in
                    squares[name]!.doubles.map { (rates(name) / (($0 * factor).squareRoot() + 1e-3)).squareRoot() }
                })
            let stepping = Stepping(
                optimizer: optimizer, learningRate: 0.1, penalties: penalties, layerRate: rates, states: [squares, squares], updates: 7)
            let report = try largest(network, data.usualLoss, parameters, data, stepping)
            let preconditioned = try #require(report.preconditionedSharpness)
            #expect(isNear(report.sharpness, plain) && isNear(preconditioned, scaled.eigenvalues.last!))
            #expect(report.edge == optimizer.edgeProduct / 0.1 && report.largestStableRate == optimizer.edgeProduct / preconditioned)
        }
        // Before the first step there is no scale.
        let fresh = try largest(
            network, data.usualLoss, parameters, data, Stepping(optimizer: .adam(), learningRate: 0.1, states: [squares, squares]))
        #expect(fresh.preconditionedSharpness == nil && fresh.largestStableRate == nil && isNear(fresh.edge!, 380))
        // Rates of layers alone are a scale as well.
        hessian.scale(parameters.flatMap { name, tensor in tensor.doubles.map { _ in rates(name).squareRoot() } })
        let rated = try largest(
            network, data.usualLoss, parameters, data,
            Stepping(optimizer: .sgd(), learningRate: 0.1, penalties: penalties, layerRate: rates))
        #expect(isNear(try #require(rated.preconditionedSharpness), hessian.eigenvalues.last!))
    }

    @Test func tridiagonalMatrices() {
        let (values, ends) = eigenvalues(ofTridiagonal: [2, 2, 2], [-1, -1])
        let expected = [2 - 2.0.squareRoot(), 2, 2 + 2.0.squareRoot()]
        for (i, place) in [0, 1, 2].sorted(by: { values[$0] < values[$1] }).enumerated() {
            #expect(abs(values[place] - expected[i]) < 1e-14 && abs(abs(ends[place]) - [0.5, 0.5.squareRoot(), 0.5][i]) < 1e-14)
        }
        #expect(eigenvalues(ofTridiagonal: [3], []).values == [3])
        let zero = LargestEigenvalue.find(count: 4, tolerance: 1e-3, limit: 9) { $0.map { _ in 0 } }
        #expect(zero == LargestEigenvalue(value: 0, products: 1, isConverged: true))
        #expect(LargestEigenvalue.find(count: 4, tolerance: 1e-3, limit: 9) { $0.map { _ in .nan } } == nil)
        // Many of one size, one above; a limit says that it is not found.
        let spread = { (x: [Double]) in x.indices.map { x[$0] * ($0 == 3 ? 2 : -5 - Double($0) / 1000) } }
        #expect(abs(LargestEigenvalue.find(count: 300, tolerance: 1e-6, limit: 100, product: spread)!.value - 2) < 1e-6)
        #expect(LargestEigenvalue.find(count: 300, tolerance: 1e-6, limit: 1, product: spread)?.isConverged == false)
    }

    /// Each formula at the edge against the steps themselves, on one direction of curvature 1.
    @Test(arguments: [
        Optimizer.sgd(), .sgd(momentum: 0.5), .sgd(momentum: 0.9), .sgd(nesterov: true), .sgd(momentum: 0.5, nesterov: true),
        .sgd(momentum: 0.9, nesterov: true), .rmsProp(), .rmsProp(momentum: 0.9), .adam(), .adam(beta1: 0.5),
    ]) func theEdgeIsWhereStepsCeaseToSettle(_ optimizer: Optimizer) {
        func settles(_ rate: Double) -> Bool {
            var (e, m) = (1.0, 0.0)
            for _ in 0..<20_000 {
                switch optimizer {
                case .sgd(let momentum, let nesterov):
                    m = momentum * m + e
                    e -= rate * (nesterov ? e + momentum * m : m)
                case .adam(let beta1, _, _), .adamW(let beta1, _, _):
                    m = beta1 * m + (1 - beta1) * e
                    e -= rate * m
                case .rmsProp(_, let momentum, _):
                    m = momentum * m + e
                    e -= rate * m
                }
                if abs(e) > 1e6 { return false }
            }
            return abs(e) < 1
        }
        #expect(settles(0.999 * optimizer.edgeProduct) && !settles(1.001 * optimizer.edgeProduct))
    }

    // MARK: Words

    @Test func wordsSayWhereTheEdgeIs() throws {
        func words(_ sharpness: Double, _ edit: (inout StabilityReport) -> Void = { _ in }) -> String {
            var report = StabilityReport(
                sharpness: sharpness, learningRate: 0.1, edge: 20, largestStableRate: sharpness > 0 ? 2 / sharpness : nil, samples: 9,
                iterations: 12, isConverged: true)
            edit(&report)
            return report.summary
        }
        #expect(words(12.3) == "sharpness 12.3, below the edge of 20 at rate 0.1; stable up to rate 0.163")
        #expect(words(20.7) == "sharpness 20.7, at the edge of 20 at rate 0.1; stable up to rate 0.0966")
        let unsettled = " (not settled after 12 products: the sharpness is at least that)"
        #expect(
            words(40) { $0.isConverged = false } == "sharpness 40, above the edge of 20 at rate 0.1; stable up to rate 0.05" + unsettled)
        #expect(words(-3) == "sharpness -3: no direction curves upwards, so that no rate is too large for it")
        #expect(
            words(5) { ($0.preconditionedSharpness, $0.edge) = (1234, 3800) }
                == "sharpness 1.23e+03 as the optimizer scales it (5 unscaled), below the edge of 3.8e+03 at rate 0.1; "
                + "stable up to rate 0.4")
        #expect(words(5) { ($0.edge, $0.learningRate) = (nil, nil) } == "sharpness 5; stable up to rate 0.4")
    }

    // MARK: In a run

    /// Looks before and after each fifth step.
    private struct Watcher: TrainingProbe {
        struct Reports: ProbeReport { var all: [StabilityReport] = [] }
        var name: String { "stability" }
        func observer(of run: ProbedRun) throws -> any ProbeObserver { Observer(stability: BatchStability(run)) }
        final class Observer: ProbeObserver {
            let stability: BatchStability
            var state = Reports()
            init(stability: BatchStability) { self.stability = stability }
            func looks(atStep step: Int) -> Bool { step % 5 == 0 }
            func looksBack(atStep step: Int) -> Bool { step % 5 == 0 }
            func look(at step: ProbedStep) throws { if let report = try stability.report(at: step) { state.all.append(report) } }
            func lookBack(at step: ProbedStep) throws { try look(at: step) }
            func endEpoch() -> Reports { state }
            var report: Reports { state }
        }
    }

    @Test(arguments: [Optimizer.sgd(momentum: 0.5), .adam(), .rmsProp()], [ElementType.float32, .bfloat16])
    func aRunIsMeasuredAndNotChanged(_ optimizer: Optimizer, _ precision: ElementType) throws {
        func run(_ probes: [any TrainingProbe], threads: Int = 1) throws -> TrainingEvent.Outcome {
            let settings = TrainerTests.settings {
                ($0.optimizer, $0.precision, $0.threads, $0.epochs, $0.layerRates) = (optimizer, precision, threads, 2, ["dense1": 0])
            }
            return try Trainer(TrainerTests.network(), data: TrainerTests.blobs(), settings: settings, probes: probes).run()
        }
        let plain = try run([]), probed = try run([Watcher()]), split = try run([Watcher()], threads: 2)
        #expect(plain.model.weightsSHA256 == probed.model.weightsSHA256)
        let reports = try #require(probed.measurements[Watcher.Reports.self])
        #expect(reports.all.count == 8 && reports == split.measurements[Watcher.Reports.self])
        let isScaled = optimizer.stateCount == 2
        #expect(reports.all.allSatisfy { $0.isConverged && $0.sharpness > 0 && ($0.preconditionedSharpness != nil) == isScaled })
        #expect(reports.all[0].samples == 32 && reports.all[0].learningRate! > reports.all[7].learningRate!)
    }

    /// A session with the whole set as its batch, the session between steps, and a model and its data say the same.
    @Test func threeWaysSayTheSame() throws {
        var settings = TrainerTests.settings { ($0.optimizer, $0.batchSize, $0.shuffle, $0.epochs) = (.sgd(), .full, false, 9) }
        settings.schedule = .constant
        let network = try Self.network(Tanh()), data = try Self.data(classes: true)
        let session = try TrainingSession(Trainer(network, data: data, settings: settings, probes: [Watcher()]))
        for _ in 0..<5 { try session.step() }
        let seen = try #require(session.measurements[Watcher.Reports.self]?.all.last), now = try #require(try session.stability())
        let model = try #require(try session.model().stability(on: data, learningRate: 0.01, penalties: session.plan.penalties))
        #expect(seen == now && now == model)
        #expect(try JSONDecoder().decode(StabilityReport.self, from: JSONEncoder().encode(now)) == now)
    }
}
