import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments

/// Layers that normalize, and the states that a run keeps for them.
@Suite struct NormalizationTests {
    private func settings(_ edit: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.batchSize, settings.threads) = (2, .samples(32), 1)
        (settings.optimizer, settings.learningRate, settings.schedule) = (.adam(), 0.01, .constant)
        edit(&settings)
        return settings
    }

    private func network() throws -> Network {
        try Network(input: [8], layers: LayerList("dense 12, batchnorm, relu, dense 6, batchnorm momentum=0.3, tanh, dense 3").layers)
    }

    private func model(_ layers: String, input: [Int], precision: ElementType = .float32, seed: Int = 3) throws -> Model {
        let network = try Network(input: input, layers: LayerList(layers).layers)
        var parameters = try network.initialParameters(seed: UInt64(seed), precision: precision), numbers = Numbers(seed: seed)
        // Statistics, scales and shifts of all sizes.
        for (name, tensor) in parameters where !name.hasSuffix(".weights") {
            parameters[name] = Tensor(shape: tensor.shape, (0..<tensor.count).map { _ in numbers.uniform(in: 0.25...2) })
        }
        return Model(network: network, loss: .squaredError, parameters: parameters, precision: precision)
    }

    /// Features far from 0 and of different spread.
    private func batch(_ count: Int, _ width: Int, seed: Int = 5) -> [Double] {
        var numbers = Numbers(seed: seed)
        return (0..<count * width).map { Double($0 % width) + (1 + Double($0 % 3)) * numbers.uniform() }
    }

    // MARK: What is computed

    /// Running statistics as PyTorch documents them, in plain Swift: mean and unbiased variance of the batches, each
    /// taken in by the momentum.
    @Test(arguments: [(ElementType.float64, 1e-12), (.float32, 2e-6), (.bfloat16, 0.02)], [[3], [2, 2, 3]])
    func runningStatistics(_ precision: (type: ElementType, tolerance: Double), _ shape: [Int]) throws {
        let layers: [any Layer] = [BatchNorm(momentum: 0.3)] + (shape.count > 1 ? [Flatten()] : []) + [Dense(1)]
        let network = try Network(input: shape, layers: layers)
        let width = shape.reduce(1, *), features = batch(20, width)
        let data = try Dataset(
            count: 20, sampleShape: shape, features: .floats(features.map(Float.init)),
            targets: .values([Float](repeating: 1, count: 20), width: 1))
        let session = try TrainingSession(
            Trainer(
                network, data: data,
                settings: settings {
                    ($0.precision, $0.shuffle, $0.batchSize, $0.weightDecay, $0.clipNorm) = (precision.type, false, .samples(8), 0.5, 1e-3)
                }))
        var mean = [0.0, 0, 0], variance = [1.0, 1, 1]
        let seen = features.map { Double(Float($0)) }
        for start in [0, 8, 16] {
            try session.step()
            for channel in 0..<3 {
                let own = stride(from: start * width + channel, to: min(start + 8, 20) * width, by: 3).map { seen[$0] }
                let average = own.reduce(0, +) / Double(own.count)
                let square = own.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(own.count - 1)
                mean[channel] = 0.7 * mean[channel] + 0.3 * average
                variance[channel] = 0.7 * variance[channel] + 0.3 * square
            }
            let parameters = session.model().parameters
            for (name, expected) in [("mean", mean), ("variance", variance)] {
                let own = try #require(parameters["batchnorm1.\(name)"]).doubles
                for (own, expected) in zip(own, expected) {
                    #expect(abs(own - expected) <= precision.tolerance * (1 + abs(expected)), "\(name): \(own), not \(expected)")
                }
            }
        }
    }

    /// What a step normalizes by is the batch's in training, and the running statistics in use.
    @Test func statisticsOfTheBatchAndRunningOnes() throws {
        let model = try model("batchnorm epsilon=0.001", input: [3], precision: .float64), features = batch(4, 3)
        func outputs(isTraining: Bool) throws -> [Double] {
            let program = try Program(
                [model.network.built(isTraining: isTraining).output], batchSize: 4, parameters: model.parameters, elementType: .float64)
            try program.setInput("features", to: features)
            program.run()
            return program.values(ofOutput: 0)
        }
        func parameter(_ name: String) -> [Double] { model.parameters["batchnorm1." + name]!.doubles }
        let columns = (0..<3).map { channel in (0..<4).map { features[$0 * 3 + channel] } }
        let means = columns.map { $0.reduce(0, +) / 4 }
        let variances = zip(columns, means).map { column, mean in column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4 }
        for (isTraining, mean, variance) in [(true, means, variances), (false, parameter("mean"), parameter("variance"))] {
            for (place, value) in try outputs(isTraining: isTraining).enumerated() {
                let channel = place % 3
                let expected =
                    (features[place] - mean[channel]) / (variance[channel] + 0.001).squareRoot() * parameter("scale")[channel]
                    + parameter("shift")[channel]
                #expect(abs(value - expected) < 1e-12)
            }
        }
    }

    /// A mean that is large against the spread takes no digits from the variance.
    @Test func doesNotCancel() throws {
        let network = try Network(input: [1]) { BatchNorm() }
        let built = try network.built(isTraining: true)
        let program = try Program([built.output], batchSize: 4, parameters: network.initialParameters(seed: 0))
        try program.setInput("features", to: [4096, 4097, 4098, 4099])
        program.run()
        for (value, expected) in zip(program.values(ofOutput: 0), [-1.5, -0.5, 0.5, 1.5]) {
            #expect(abs(value - expected / (1.25 + 1e-5).squareRoot()) < 1e-6)
        }
    }

    /// A batch of one sample has no variance: it is treated as in use, and moves nothing.
    @Test(arguments: [ElementType.float32, .float64, .bfloat16]) func batchesOfOne(_ precision: ElementType) throws {
        let network = try network(), data = try TrainerTests.blobs(33)
        let session = try TrainingSession(Trainer(network, data: data, settings: settings { $0.precision = precision }))
        try session.step()
        let before = session.model(), states = before.parameters.filter { $0.name.hasSuffix("mean") || $0.name.hasSuffix("variance") }
        #expect(states.count == 4)
        let step = try #require(try session.step())
        #expect(step.loss.isFinite)
        let after = session.model()
        for (name, tensor) in states { #expect(after.parameters[name] == tensor, "\(name)") }
        #expect(after.parameters["dense1.weights"] != before.parameters["dense1.weights"])
        #expect(try network.gradientCheck(loss: .softmaxCrossEntropy, samples: 1).passes)
        // A channel of an image has many numbers.
        let built = try Network(input: [2, 2, 3]) { BatchNorm() }.built(isTraining: true)
        let program = try Program([built.output], batchSize: 1, parameters: model("batchnorm", input: [2, 2, 3]).parameters)
        try program.setInput("features", to: batch(4, 3))
        program.run()
        let values = program.values(ofOutput: 0), shift = try model("batchnorm", input: [2, 2, 3]).parameters["batchnorm1.shift"]!.doubles
        for channel in 0..<3 {
            let mean = stride(from: channel, to: 12, by: 3).reduce(0) { $0 + values[$1] } / 4
            #expect(abs(mean - shift[channel]) < 1e-6)
        }
    }

    // MARK: States

    /// Neither trained nor counted, decayed, clipped or frozen; saved, and checked when they are read.
    @Test func statesAreNotTrained() throws {
        let network = try network()
        #expect(network.summary.rows.first { $0.name == "batchnorm1" }?.parameters == 24)
        #expect(try network.built(isTraining: true).trained.count == 10)
        let gradients = try LossGradients(network, loss: .softmaxCrossEntropy, threads: 1)
        let parameters = try network.initialParameters(seed: 1), data = try TrainerTests.blobs(64)
        let names = try gradients(parameters, on: data).gradients.names
        #expect(names == parameters.names.filter { !$0.hasSuffix("mean") && !$0.hasSuffix("variance") })
        #expect(gradients.states.names == parameters.names.filter { !names.contains($0) })

        func states(_ edit: (inout TrainingSettings) -> Void) throws -> [[Double]] {
            var settings = settings(edit)
            settings.epochs = 1
            let session = try TrainingSession(Trainer(network, data: data, settings: settings))
            try session.step()
            return ["mean", "variance"].map { session.model().parameters["batchnorm1." + $0]!.doubles }
        }
        let plain = try states { _ in }
        #expect(plain[0].contains { $0 != 0 } && plain[1].contains { $0 != 1 })
        #expect(try states { ($0.weightDecay, $0.l1, $0.l2) = (0.5, 0.5, 0.5) } == plain)
        #expect(try states { $0.clipNorm = 1e-6 } == plain)
        #expect(try states { $0.layerRates = ["batchnorm1": 0, "dense1": 0] } == plain)
        // A clipped gradient's length is that of what is trained.
        func norm(_ momentum: Double) throws -> Parameters {
            let network = try Network(input: [8]) {
                BatchNorm(momentum: momentum); Dense(3)
            }
            let trainer = try Trainer(
                network, data: data, settings: settings { ($0.clipNorm, $0.epochs, $0.optimizer) = (0.01, 1, .sgd()) })
            return try trainer.run().model.parameters
        }
        #expect(try norm(0.1)["dense1.weights"] == norm(0.9)["dense1.weights"])
    }

    /// In 16-bit types, too, states are kept in the computing type: small steps add up.
    @Test func statesKeepTheirDigits() throws {
        let network = try Network(input: [1]) {
            BatchNorm(momentum: 0.001); Dense(1)
        }
        let features = (0..<64).map { Float($0 % 2 == 0 ? 0.5 : 1.5) }
        let data = try Dataset(count: 64, sampleShape: [1], features: .floats(features), targets: .values(features, width: 1))
        let model = try Trainer(
            network, data: data, settings: settings { ($0.precision, $0.batchSize, $0.epochs) = (.bfloat16, .samples(2), 20) }
        ).run().model
        let mean = try #require(model.parameters["batchnorm1.mean"]).doubles[0], expected = 1 - pow(0.999, 640.0)
        // The order is shuffled, so a batch's mean is 1 only on average.
        #expect(abs(mean - expected) < 0.05)
    }

    @Test(arguments: [ElementType.float32, .bfloat16]) func isTheSameForAnyNumberOfThreadsAndResumed(_ precision: ElementType) throws {
        let data = try madeData(1100, features: 6, seed: 4, heldOut: 50) { x, _ in abs(x[0]) }
        // The last batch has 76 samples.
        func trainer(_ threads: Int, _ probes: [any TrainingProbe] = []) throws -> Trainer {
            let layers = try LayerList("dense 192, batchnorm, relu, dense 192, layernorm, dropout 0.1 channels, relu, batchnorm, dense 1")
            return try Trainer(
                Network(input: [6], layers: layers.layers), data: data,
                settings: settings { ($0.threads, $0.batchSize, $0.precision) = (threads, .samples(256), precision) }, probes: probes)
        }
        let one = try trainer(1).run().model
        for threads in 2...3 { #expect(try trainer(threads).run().model.weightsSHA256 == one.weightsSHA256, "\(threads) threads") }
        #expect(try trainer(2, [KinkProbe(), HealthProbe()]).run().model.weightsSHA256 == one.weightsSHA256)

        let session = try TrainingSession(trainer(2))
        for _ in 0..<3 { try session.step() }
        let snapshot = try session.snapshot()
        try session.step()
        try session.restore(snapshot)
        _ = try session.repeat(to: 6)
        try session.restore(snapshot)
        while try session.step() != nil {}
        #expect(session.model().weightsSHA256 == one.weightsSHA256)

        let folder = try TemporaryFolder(), first = try TrainingSession(trainer(1))
        for _ in 0..<4 { try first.step() }
        try first.snapshot().write(to: folder.url("model"))
        let resumed = try TrainingSession(Trainer(resuming: Checkpoint(contentsOf: folder.url("model")), data: data))
        while try resumed.step() != nil {}
        #expect(resumed.model().weightsSHA256 == one.weightsSHA256)
    }

    /// A loop of one's own takes the new states from the gradients, and gives the bits of a session.
    @Test(arguments: [ElementType.float32, .float64, .bfloat16]) func aLoopOfOnesOwn(_ precision: ElementType) throws {
        let network = try network(), data = try TrainerTests.blobs(100)
        let settings = settings { ($0.precision, $0.shuffle, $0.clipNorm, $0.weightDecay) = (precision, false, 1, 0.1) }
        let expected = try Trainer(network, data: data, settings: settings).run().model.parameters
        let gradients = try LossGradients(network, loss: .softmaxCrossEntropy, precision: precision, threads: 1)
        let own = try OptimizerState(.adam(), for: network, precision: precision, penalties: Penalties(weightDecay: 0.1), clipNorm: 1)
        var parameters = try network.initialParameters(seed: 0, precision: precision)
        for _ in 0..<2 {
            for start in stride(from: 0, to: 100, by: 32) {
                let derivatives = try gradients(parameters, on: data, rows: (start..<min(start + 32, 100)).map { Int32($0) }).gradients
                try own.update(&parameters, with: derivatives, learningRate: 0.01)
                for (name, state) in gradients.states { parameters[name] = state }
            }
        }
        #expect(parameters == expected)
    }

    // MARK: In use

    /// Whatever a sample shares its batch with, by every way to use a model.
    @Test(arguments: ElementType.allCases) func givesTheSameBitsInUse(_ precision: ElementType) throws {
        let model = try model("dense 37, batchnorm, relu, dense 20, layernorm, tanh, dense 2", input: [6], precision: precision)
        let compiled = try CompiledModel(model), features = batch(33, 6).map(Float.init)
        let data = try Dataset(
            count: 33, sampleShape: [6], features: .floats(features), targets: .values([Float](repeating: 0, count: 66), width: 2))
        let all = try model.predictions(for: data, threads: 2).outputs
        #expect(try compiled.predictions(for: data).outputs == all)
        #expect(try (0..<33).flatMap { try compiled(Array(features[$0 * 6..<($0 + 1) * 6])) } == all)
        let loss = all.reduce(0) { $0 + Double($1) * Double($1) } / 66
        #expect(abs(try model.evaluate(on: data).loss - loss) <= 1e-2 * loss)
    }

    /// What a normalization makes of a product in use is that product's epilogue: no pass of its own over the samples.
    @Test func isPartOfTheProductInUse() throws {
        let model = try model("dense 64, batchnorm, relu, dense 2", input: [8])
        let program = try Program([model.network.built(isTraining: false).output], batchSize: 16, parameters: model.parameters)
        #expect(program.listing == ["map add sqrt divide", "product 16×8×64", "product 16×64×2"])
    }

    // MARK: Instruments

    @Test(arguments: [
        "dense 6, batchnorm, relu, dense 3", "dense 6, layernorm, gelu, dense 3", "residual(dense 5, batchnorm, tanh), batchnorm, dense 3",
        "dense 6, dropout 0.4 channels, relu, batchnorm momentum=1 epsilon=0.5, dense 3",
    ])
    func gradientsAreRight(_ layers: String) throws {
        let network = try Network(input: [5], layers: LayerList(layers).layers)
        for isTraining in [true, false] {
            let check = try GradientCheck(network, loss: .softmaxCrossEntropy, samples: 6, isTraining: isTraining)
            let report = try check.run(parameters: Model.normalized(network), seed: 2)
            #expect(report.passes, "\(report)")
        }
        let images = try Network(input: [3, 2, 4]) {
            BatchNorm(); ReLU(); LayerNorm(); Dropout(0.5, channels: true); Flatten(); Dense(2)
        }
        #expect(try images.gradientCheck(samples: 3).passes)
    }

    /// The check finds a mistake in the derivative of a mean, and names it.
    @Test func faultsAreFound() throws {
        for (normalization, axes) in [(BatchNorm() as any Layer, 0..<1), (LayerNorm(), 1..<2)] {
            let network = try Network(input: [4]) {
                Dense(4)
                Function("planted") { x, build in
                    let y = try build.apply(normalization, to: x)
                    return try rebuilt([y]) { original, operands in
                        guard let mean = original.operation as? Reduction, mean.axes == axes else { return nil }
                        return try Formula(PlantedOperation(base: mean, fault: PlantedFault.missingFactor), operands)
                    }[0]
                }
                Dense(2)
            }
            let report = try network.gradientCheck(samples: 5)
            #expect(!report.passes && report.faults.contains { $0.operation == "mean" }, "\(report)")
        }
    }

    /// Samples depend on one another, so no certificate speaks for a kink; but nothing is claimed to be at one.
    @Test func theVerdictLeavesCoupledSamplesOpen() throws {
        let data = try TrainerTests.blobs(64)
        func report(_ layers: String) throws -> KinkReport {
            let network = try Network(input: [8], layers: LayerList(layers).layers)
            return try #require(try Trainer(network, data: data, settings: settings(), probes: [KinkProbe()]).run().kinks)
        }
        let untouched = try report("dense 12, batchnorm, relu, dense 3")
        #expect(untouched.exact == 4 && untouched.kinks.map(\.name) == ["relu"])
        // Without weights before it a unit is at 0 for every sample.
        let touched = try report("dense 12 init=zeros, batchnorm, relu, dense 3")
        #expect(touched.notGuaranteed > 0 && touched.clarke == 0)
        #expect(touched.reason?.contains("mixes samples") == true, "\(touched)")
        #expect(try report("dense 12 init=zeros, layernorm, relu, dense 3").notGuaranteed == 0)
    }

    /// Health looks through a normalization: the weights of a unit are those before it, its pre-activation is behind.
    @Test func healthSitesSeeThroughThem() throws {
        let network = try Network(input: [8], layers: LayerList("dense 12, batchnorm, relu, dense 6, layernorm, tanh, dense 3").layers)
        for isTraining in [true, false] {
            let built = try network.built(isTraining: isTraining), sites = built.healthSites
            #expect(sites.map(\.layer) == ["relu1", "tanh1"])
            #expect(sites.map { $0.dense?.name } == ["dense1", "dense2"])
            #expect(sites[0].input == built.layerOutputs[1] && sites[0].dense?.isNormalized == true)
        }
        #expect(network.layers.compactMap { ($0 as? Dense)?.initializer } == [.he, .glorot, .glorot])

        // A shift far below 0 closes a unit, and it dies.
        let data = try TrainerTests.blobs(128)
        var parameters = try network.initialParameters(seed: 1), shift = [Float](repeating: 0, count: 12)
        shift[5] = -20
        parameters["batchnorm1.shift"] = Tensor(shape: [12], shift)
        let trainer = try Trainer(network, data: data, settings: settings(), initialParameters: parameters, probes: [HealthProbe()])
        let health = try #require(try trainer.run().health), dead = health.units.first { $0.layer == "relu1" }?.dead.map(\.unit)
        #expect(dead == [5])
    }

    /// In use a normalization is affine, unit by unit: the network's pieces are those of one whose weights and biases
    /// have it in them.
    @Test func piecesAreThoseOfTheFoldedNetwork() throws {
        let model = try model("dense 6, batchnorm, relu, dense 2", input: [2], precision: .float64)
        func parameter(_ name: String) throws -> [Double] { try #require(model.parameters[name]).doubles }
        let mean = try parameter("batchnorm1.mean"), variance = try parameter("batchnorm1.variance")
        let scale = try zip(parameter("batchnorm1.scale"), variance).map { $0 / ($1 + 1e-5).squareRoot() }
        let weights = try parameter("dense1.weights"), bias = try parameter("dense1.bias"), shift = try parameter("batchnorm1.shift")
        var folded = Parameters()
        folded["dense1.weights"] = Tensor(shape: [2, 6], weights.indices.map { weights[$0] * scale[$0 % 6] })
        folded["dense1.bias"] = Tensor(shape: [6], (0..<6).map { (bias[$0] - mean[$0]) * scale[$0] + shift[$0] })
        for name in ["dense2.weights", "dense2.bias"] { folded[name] = model.parameters[name] }
        let plain = try Network(input: [2], layers: LayerList("dense 6, relu, dense 2").layers)
        let own = try LinearPieces(of: model.network, model.parameters), other = try LinearPieces(of: plain, folded)
        for x in [[0.3, -0.2], [2, 1], [-4, 0.5]] {
            let (a, b) = (try own.piece(at: x), try other.piece(at: x))
            let distances = try [a, b].map { try #require($0.nearestKink(in: .l2)).distance }
            #expect(abs(distances[0] - distances[1]) < 1e-10 * (1 + distances[1]))
        }
    }

    /// Dead units leave with their statistics, scales and shifts.
    @Test func deadUnitsArePruned() throws {
        var model = try model("dense 12, batchnorm, relu, dense 6, relu, dense 2", input: [4], seed: 8)
        var shift = model.parameters["batchnorm1.shift"]!.doubles
        for unit in [2, 3, 9] { shift[unit] = -1000 }
        model.parameters["batchnorm1.shift"] = Tensor(shape: [12], shift.map(Float.init))
        let pruned = try model.pruned(on: InputBox(low: [0, 0, 0, 0], high: [1, 1, 1, 1]), multiple: 1)
        #expect(pruned.report.onBox.differing == 0 && pruned.report.removed >= 3, "\(pruned.report.layers)")
        #expect(try #require(pruned.model.parameters["batchnorm1.variance"]).count == 12 - pruned.report.layers[0].removed)
    }

    // MARK: Dropout by channel

    @Test func wholeChannelsAreDropped() throws {
        let network = try Network(input: [3, 2, 16]) { Dropout(0.5, channels: true) }
        let cursor = BatchCursor(seed: 4)
        func values(position: Int) throws -> [Double] {
            let program = try Program(
                [network.built(isTraining: true).output], batchSize: 8, parameters: ParameterMemory(parameters: [], elementType: .float32),
                cursor: cursor)
            cursor.position.pointee = UInt64(position)
            try program.setInput("features", to: [Double](repeating: 1, count: 8 * 96))
            program.run()
            return program.values(ofOutput: 0)
        }
        let all = try values(position: 0)
        for (place, value) in all.enumerated() { #expect(value == all[place / 96 * 96 + place % 16] && [0, 2].contains(value)) }
        let dropped = (0..<128).count { all[$0 / 16 * 96 + $0 % 16] == 0 }
        #expect(40...88 ~= dropped)
        // A sample has its draws wherever its batch begins.
        #expect(try values(position: 3).prefix(5 * 96) == all.dropFirst(3 * 96))
        let plain = try Network(input: [3, 2, 16]) { Dropout(0.5) }
        #expect(try String(decoding: JSONEncoder().encode(plain), as: UTF8.self).contains("dropsChannels") == false)
        let read = try JSONDecoder().decode(Network.self, from: JSONEncoder().encode(network))
        #expect((read.layers[0] as? Dropout)?.dropsChannels == true)
    }

    @Test func mistakesAreNamed() {
        func message(_ layer: any Layer, input: [Int] = [4]) -> String {
            do { return "made \(try Network(input: input, layers: [layer]).outputShape)" } catch { return "\(error)" }
        }
        #expect(message(BatchNorm(momentum: 2)) == "the momentum must be from 0 to 1, not 2.0")
        #expect(message(BatchNorm(epsilon: 0)) == "epsilon must be above 0 and at most 1, not 0.0")
        #expect(message(LayerNorm(epsilon: -1)) == "epsilon must be above 0 and at most 1, not -1.0")
        #expect(
            message(LayerNorm(), input: [3, 3, 1])
                == "layernorm1: normalizes each sample over one channel, which leaves 0 of any; put it behind more channels")
        let wrong = Function("wrong") { x, build in
            _ = try build.state("average", shape: [2], initializer: .zeros, share: 0.1) { _ in try x.mean(over: [0]) }
            return x
        }
        do {
            _ = try Network(input: [4], layers: [wrong]).built(isTraining: true)
            Issue.record("built")
        } catch {
            #expect("\(error)" == "wrong1.average has the shape [2], what it moves towards [4]")
        }
    }
}

extension Model {
    /// Parameters whose running statistics are not those of the start.
    fileprivate static func normalized(_ network: Network) throws -> Parameters {
        var parameters = try network.initialParameters(seed: 2, precision: .float64), numbers = Numbers(seed: 9)
        for (name, tensor) in parameters where name.hasSuffix("mean") || name.hasSuffix("variance") {
            parameters[name] = Tensor(shape: tensor.shape, (0..<tensor.count).map { _ in numbers.uniform(in: 0.5...2) })
        }
        return parameters
    }
}
