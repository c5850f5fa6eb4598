import Foundation
import Rectifier
import RectifierInstruments
import TestSupport
import Testing

/// A layer of a user's own, with a parameter.
private struct Scaled: Layer, Codable, Hashable {
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        try x * build.parameter("scale", shape: [x.shape[1]], initializer: .constant(1))
    }
}

/// A probe of a user's own: the squared lengths of gradients.
private struct SquareSums: TrainingProbe {
    struct Sums: ProbeReport { var squares: [Double] = [] }
    var name: String { "square-sums" }
    func observer(of run: ProbedRun) -> any ProbeObserver { Observer(run.losses) }

    final class Observer: ProbeObserver {
        let formulas: [Formula]
        var state = Sums()
        init(_ losses: Formula) { formulas = [losses] }
        func looks(atStep step: Int) -> Bool { step % 3 == 0 }
        func look(at step: ProbedStep) throws {
            let losses = try step.values(ofFormula: 0), again = try step.compute(formulas)[0]
            guard losses == again, losses.count == step.batchSize else { return }
            state.squares.append(step.gradients.reduce(0) { $0 + $1.tensor.doubles.reduce(0) { $0 + $1 * $1 } })
        }
        func endEpoch() -> Sums { state }
        var report: Sums { state }
    }
}

/// What a user of the library does, through public symbols only. Comments say what the code before this target did.
@Suite struct RunTests {
    private let folder: TemporaryFolder

    /// A loss of a user's own, registered once.
    private static let pinball = Result {
        try Loss.register("pinball") { output, target, _ in
            let difference = try target - output
            return try maximum(0.9 * difference, -0.1 * difference).mean(over: [1], keepingAxes: true)
        }
    }

    init() throws {
        folder = try TemporaryFolder()
        try LayerCatalog.register(Scaled.self, name: "scaled")
        _ = try Self.pinball.get()
    }

    private func samples(_ count: Int = 120) throws -> Dataset {
        var features: [Float] = [], targets: [Float] = []
        for place in 0..<count * 3 { features.append(Float((place * 37) % 19) / 9 - 1) }
        for row in 0..<count { targets.append(features[row * 3] - features[row * 3 + 1] / 2) }
        return try Dataset(count: count, sampleShape: [3], features: .floats(features), targets: .values(targets, width: 1))
    }

    private func network() throws -> Network {
        try Network(input: [3]) {
            Dense(8)
            ReLU()
            Scaled()
            Residual {
                Dense(8); ReLU()
            }
            Dense(1, initializer: .glorot)
        }
    }

    private func settings(_ edit: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.epochs = 4
        settings.batchSize = .samples(16)
        settings.threads = 1
        edit(&settings)
        return settings
    }

    /// One run from beginning to end: trained by session with a rate changed midway, written, read, asked, resumed,
    /// replayed.
    @Test func aWholeRun() throws {
        let data = try LoadedData(training: samples(), heldOut: samples(40)), place = folder.url("model")
        func trainer() throws -> Trainer {
            try Trainer(
                network(), loss: Loss("pinball"), data: data, settings: settings(), probes: [SquareSums(), KinkProbe()])
        }
        let session = try TrainingSession(trainer())
        while let step = try session.step() {
            if step.number == 10 { try session.change { $0.learningRate = 0.002 } }
            if step.number == 13 { try session.change { $0.batchSize = .samples(40) } }
            if step.number == 14 { try session.snapshot().write(to: place) }
        }
        let weights = session.model().weightsSHA256, report = try #require(session.measurements[SquareSums.Sums.self])
        #expect(report.squares.count == session.position.steps / 3)

        // Killed after step 14 and resumed: the same bits, weights and reports.
        let checkpoint = try Checkpoint(contentsOf: place)
        #expect(checkpoint.position.steps == 14)
        let resumed = try Trainer(resuming: checkpoint, data: data, probes: [SquareSums(), KinkProbe()], output: place).run()
        #expect(resumed.model.weightsSHA256 == weights)
        #expect(resumed.measurements[SquareSums.Sums.self] == report)
        #expect(resumed.kinks == session.measurements[KinkReport.self])

        // The recipe alone repeats the changes.
        let recipe = try Recipe(contentsOf: place)
        #expect(recipe.training.changes.count == 2)
        #expect(try Trainer(recipe: recipe, data: data).run().model.weightsSHA256 == weights)

        let model = try Model(contentsOf: place)
        #expect(model.weightsSHA256 == weights && resumed.savedWeightsSHA256 == weights)
        #expect(try model.evaluate(on: samples(40)) == session.evaluate(on: samples(40)))
        #expect(try model.predictions(for: samples(5)).outputs.count == 5)
    }

    /// Back to a snapshot, and on: the bits of a run that never left.
    @Test func snapshotsAreWhole() throws {
        let data = try LoadedData(training: samples())
        let session = try TrainingSession(Trainer(network(), data: data, settings: settings(), probes: [KinkProbe()]))
        for _ in 0..<11 { try session.step() }
        let snapshot = try session.snapshot()
        while try session.step() != nil {}
        let end = session.model().weightsSHA256, kinks = session.measurements[KinkReport.self]
        try session.restore(snapshot)
        while try session.step() != nil {}
        #expect(session.model().weightsSHA256 == end && session.measurements[KinkReport.self] == kinks)
    }

    /// The loop of one's own gives the bits of a session.
    @Test(arguments: [Optimizer.sgd(momentum: 0.9), .adam(), .rmsProp()], [ElementType.float32, .float64, .bfloat16])
    func aLoopOfOnesOwn(_ optimizer: Optimizer, _ precision: ElementType) throws {
        let data = try samples(), network = try network()
        let settings = settings {
            $0.optimizer = optimizer
            $0.precision = precision
            $0.schedule = .constant
            $0.learningRate = 0.01
            $0.weightDecay = 0.1
            $0.clipNorm = 1
            // Where numbers are rounded to 16 bits depends on what else is computed, such as a frozen layer's gradient.
            $0.layerRates = precision == .bfloat16 ? [:] : ["dense1": 0, "dense2": 0.5]
        }
        let expected = try Trainer(network, data: data, settings: settings).run().model
        let gradients = try LossGradients(network, loss: .squaredError, precision: precision)
        var parameters = try network.initialParameters(seed: 0, precision: precision)
        #expect((expected.parameters["dense1.weights"] == parameters["dense1.weights"]) == (settings.layerRates["dense1"] == 0))
        #expect(expected.parameters["dense2.weights"] != parameters["dense2.weights"])

        let session = try TrainingSession(Trainer(network, data: data, settings: settings))
        let own = try OptimizerState(
            optimizer, for: network, precision: precision, penalties: Penalties(weightDecay: 0.1), clipNorm: 1,
            layerRates: settings.layerRates)
        for epoch in 0..<2 {
            let order = RandomStream(seed: 0, purpose: RandomPurpose.order, epoch: UInt64(epoch)).permutation(data.count)
            for start in stride(from: 0, to: data.count, by: 16) {
                let rows = Array(order[start..<min(start + 16, data.count)])
                let derivatives = try gradients(parameters, on: data, rows: rows).gradients
                try own.update(&parameters, with: derivatives, learningRate: 0.01)
                try session.step()
            }
        }
        #expect(session.model().parameters == parameters)
    }

    @Test func weightsOfOtherModelsAreTakenByName() throws {
        let network = try network(), other = try network.initialParameters(seed: 5)
        let mixed = try network.initialParameters(seed: 6).taking(["dense1"], from: other)
        #expect(mixed["dense1.weights"] == other["dense1.weights"] && mixed["dense2.weights"] != other["dense2.weights"])
        #expect(throws: RectifierError(.setting, "there is no layer 'dense9' with parameters")) {
            try other.taking(["dense9"], from: other)
        }
        let wide = try Network(input: [4]) { Dense(8) }.initialParameters(seed: 0)
        #expect(throws: RectifierError(.shape, "dense1.weights has shape [3, 8], the other one [4, 8]")) {
            try other.taking(["dense1"], from: wide)
        }
        #expect(throws: RectifierError(.shape, "the other parameters have no dense2.weights")) {
            try other.taking(["dense2"], from: wide)
        }
    }

    /// Half the rate in every layer is half the rate.
    @Test func ratesOfLayersMultiplyTheRate() throws {
        let data = try samples(), layers = ["dense1", "scaled1", "residual1", "dense2"]
        func weights(_ rate: Double, _ layerRates: [String: Double]) throws -> Parameters {
            try Trainer(network(), data: data, settings: settings { ($0.learningRate, $0.layerRates) = (rate, layerRates) }).run().model
                .parameters
        }
        let half = try weights(0.01, [:])
        #expect(try weights(0.02, [String: Double](uniqueKeysWithValues: layers.map { ($0, 0.5) })) == half)
        #expect(try weights(0.02, ["dense1": 0.5]) != half)
        let error = #expect(throws: RectifierError.self) {
            try OptimizerState(.adam(), for: network(), layerRates: ["dense": 0.5])
        }
        #expect(error?.description.hasPrefix("layerRates: there is no layer 'dense' with parameters") == true)
    }

    /// A loop of one's own draws dropout's masks by seed, epoch and place, as a session does.
    @Test func dropoutInALoopOfOnesOwn() throws {
        let data = try samples(96),
            network = try Network(input: [3]) {
                Dense(16); ReLU(); Dropout(0.5); Dense(1)
            }
        let settings = settings {
            ($0.seed, $0.schedule, $0.learningRate, $0.optimizer, $0.weightDecay, $0.epochs) = (3, .constant, 0.05, .sgd(), 0, 2)
        }
        let session = try TrainingSession(Trainer(network, data: data, settings: settings))
        let gradients = try LossGradients(network, loss: .squaredError, seed: 3)
        let own = try OptimizerState(.sgd(), for: network)
        var parameters = try network.initialParameters(seed: 3, precision: .float32)
        for epoch in 0..<2 {
            let order = RandomStream(seed: 3, purpose: RandomPurpose.order, epoch: UInt64(epoch)).permutation(data.count)
            for start in stride(from: 0, to: data.count, by: 16) {
                let rows = Array(order[start..<start + 16])
                let derivatives = try gradients(parameters, on: data, rows: rows, epoch: epoch, position: start).gradients
                #expect(try gradients(parameters, on: data, rows: rows, epoch: epoch + 1, position: start).gradients != derivatives)
                try own.update(&parameters, with: derivatives, learningRate: 0.05)
                try session.step()
            }
        }
        #expect(session.model().parameters == parameters)
    }

    @Test func aLoopOfOnesOwnDoesNotDiverge() throws {
        let network = try network(), own = try OptimizerState(.sgd(), for: network)
        var parameters = try network.initialParameters(seed: 0)
        let before = parameters
        var gradients = try LossGradients(network, loss: .squaredError)(parameters, on: samples()).gradients
        gradients["dense1.bias"] = Tensor(shape: [8], [.infinity, 0, 0, 0, 0, 0, 0, Float.nan])
        let error = #expect(throws: RectifierError.self) { try own.update(&parameters, with: gradients, learningRate: 0.1) }
        #expect(error?.kind == .divergence && error?.description.contains("2 numbers of dense1.bias are not finite") == true)
        #expect(parameters == before && own.steps == 0)
    }

    // MARK: What was wrong

    /// A trainer trained by `settings` and saved `recipe`: two truths, which could differ. It has one plan, and that is
    /// saved.
    @Test func whatIsSavedIsWhatWasRun() throws {
        let data = try LoadedData(training: samples()), place = folder.url("saved")
        let run = try Trainer(network(), data: data, settings: settings { $0.learningRate = 0.02 }, output: place).run()
        let recipe = try Recipe(contentsOf: place)
        #expect(recipe.training.learningRate == 0.02 && recipe == run.model.recipe)
        #expect(try Trainer(recipe: recipe, data: data).run().model.weightsSHA256 == run.model.weightsSHA256)
    }

    /// Stopping one copy of a trainer stopped the other, and every later run.
    @Test func stoppingBelongsToARun() throws {
        let trainer = try Trainer(network(), data: samples(), settings: settings())
        let stop = StopSignal()
        #expect(try trainer.run(stop: stop) { if case .started = $0 { stop.stop() } }.reason == .interrupted)
        let copy = trainer
        #expect(try copy.run().reason == .completed && trainer.run().reason == .completed)
    }

    /// The verdict depended on the clock: a slower machine examined fewer batches.
    @Test(arguments: [1, 2]) func aReportKnowsNoClock(threads: Int) throws {
        func report(_ pause: Bool, _ threads: Int) throws -> KinkReport {
            // Whole numbers, so that kinks are touched at every step.
            let features = (0..<400).map { Float(($0 * 7) % 3 - 1) }
            let data = try Dataset(
                count: 100, sampleShape: [4], features: .floats(features), targets: .values(features.prefix(100).map { $0 }, width: 1))
            let network = try Network(input: [4]) {
                Dense(16, initializer: .constant(0.5), hasBias: false)
                ReLU()
                Dense(1)
            }
            let settings = settings {
                $0.epochs = 30
                $0.threads = threads
            }
            let session = try TrainingSession(Trainer(network, data: data, settings: settings, probes: [KinkProbe()]))
            while let step = try session.step() { if pause, step.number % 50 == 0 { usleep(20_000) } }
            return try #require(session.measurements[KinkReport.self])
        }
        let quick = try report(false, 1)
        #expect(quick.onAKink > 0)
        #expect(try report(true, threads) == quick)
    }

    /// `--resume` with fewer epochs than were trained rewrote the recipe, which then described other weights.
    @Test func fewerEpochsThanWereTrainedAreRefused() throws {
        let data = try LoadedData(training: samples()), place = folder.url("epochs")
        try Trainer(network(), data: data, settings: settings(), output: place).run()
        let before = try Data(contentsOf: place.appendingPathComponent("recipe.json"))
        let error = #expect(throws: RectifierError.self) {
            try Trainer(resuming: Checkpoint(contentsOf: place), data: data, epochs: 2, output: place)
        }
        #expect(try #require(error).description.hasSuffix("already and cannot end after 2; give 4 or more"))
        #expect(try Data(contentsOf: place.appendingPathComponent("recipe.json")) == before)
        // More are a change that the recipe then repeats.
        let longer = try Trainer(resuming: Checkpoint(contentsOf: place), data: data, epochs: 6, output: place).run()
        #expect(longer.epochs == 6)
        #expect(try Trainer(recipe: Recipe(contentsOf: place), data: data).run().model.weightsSHA256 == longer.model.weightsSHA256)
    }

    /// Code trained for 10 epochs at a constant rate where a recipe took 200 and a cosine.
    @Test func oneTableOfDefaults() throws {
        let data = try LoadedData(training: samples())
        var recipe = Recipe()
        recipe.network = try NetworkSettings(network())
        let code = try TrainingPlan(network(), data: data), spelled = try TrainingPlan(recipe: recipe, data: data)
        #expect(code.settings == spelled.settings && code.epochs == spelled.epochs && code.schedule == spelled.schedule)
    }

    /// All of these trained "successfully" in code.
    @Test func settingsInCodeAreChecked() throws {
        for edit: (inout TrainingSettings) -> Void in [
            { $0.optimizer = .sgd(momentum: 5) }, { $0.l1 = -1 }, { $0.clipNorm = -3 }, { $0.optimizer = .adam(beta1: 2) },
            { $0.layerRates = ["dense1": -1] }, { $0.layerRates = ["dense7": 1] }, { $0.changes = [TrainingChange(afterStep: 3)] },
        ] {
            let error = #expect(throws: RectifierError.self) { try Trainer(network(), data: samples(), settings: settings(edit)) }
            #expect(error?.kind == .setting && error?.description.contains("--") == false)
        }
    }

    /// A run in code could not carry its preparation, so its model was refused by every command.
    @Test func aRunInCodeCarriesItsPreparation() throws {
        var source = DataSettings()
        source.source = "spiral"
        let data = try LoadedData(source, seed: 0), place = folder.url("spiral")
        let network = try Network(input: data.training.sampleShape) {
            Dense(8); ReLU(); Dense(data.training.outputCount)
        }
        try Trainer(network, data: data, settings: settings(), output: place).run()
        let model = try Model(contentsOf: place)
        #expect(model.preparation == data.preparation && model.recipe?.data.source == "spiral")
        _ = try Trainer(resuming: Checkpoint(contentsOf: place), data: LoadedData(try #require(model.recipe).data, seed: 0), epochs: 5)
            .run()
    }
}
