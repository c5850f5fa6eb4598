import RectifierInstruments
import Synchronization

extension DeadStudy {
    private func recipe(_ training: Training, _ data: LoadedData, activation: Activation) -> Recipe {
        var recipe = Recipe()
        recipe.data = data.settings
        recipe.network.layers = training.hiddenUnits
        recipe.network.activation = activation
        recipe.training.schedule = .constant
        recipe.training.batchSize = .samples(training.batchSize)
        recipe.training.epochs = training.epochs
        recipe.training.threads = 1
        return recipe
    }

    /// A training step of the narrowest network takes so much at least, for a sample, in multiply-adds.
    private static let leastWork = 100_000

    /// Multiply-adds of all trainings of a seed, forward and twice backward.
    func work(of training: Training, _ data: LoadedData) throws -> Double {
        let sizes = [data.training.width] + training.hiddenUnits + [data.training.outputCount]
        let weights = zip(sizes, sizes.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
        return Double(training.runs * training.epochs) * Double(data.training.count) * Double(max(3 * weights, Self.leastWork))
    }

    /// Trains from each seed with every rate and activation. Each run has a thread of its own; its bits are those of
    /// any number of threads.
    func trained(
        _ training: Training, _ data: LoadedData, work: Double, _ stop: StopSignal, _ meter: StudyMeter
    ) throws -> [DeadStudyReport.TrainingRow] {
        guard !stop.isStopped else { return [] }
        let activations = training.activations, count = training.runs * training.seeds
        let usualRate = try TrainingPlan(recipe: recipe(training, data, activation: .relu), data: data).learningRate
        meter.begin("training \(DeadStudyReport.name(of: training.hiddenUnits))", count: count, work: work)
        let outcomes = Mutex([DeadStudyReport.Run?](repeating: nil, count: count))
        try inParallel(count, threads: settings.threads) { next in
            // All runs of a seed one after another, so that a study that is stopped has whole seeds.
            while !stop.isStopped, let index = next() {
                let kind = index % training.runs
                var recipe = recipe(training, data, activation: activations[kind % activations.count])
                recipe.training.learningRate = usualRate * training.rates[kind / activations.count]
                recipe.training.seed = RandomStream(seed: settings.seed, purpose: RandomPurpose.deadStudy)[index / training.runs]
                guard let run = try run(recipe, data, stop) else { return }
                outcomes.withLock { $0[index] = run }
                meter.did()
            }
        }
        let finished = outcomes.withLock { outcomes in
            (0..<training.seeds).map { seed in (0..<training.runs).compactMap { outcomes[seed * training.runs + $0] } }
        }.filter { $0.count == training.runs }
        guard !finished.isEmpty else { return [] }
        return activations.indices.flatMap { activation in
            training.rates.indices.map { rate in
                DeadStudyReport.TrainingRow(
                    hiddenUnits: training.hiddenUnits, activation: activations[activation].nameWithSlope, isRectifier: activation == 0,
                    rate: training.rates[rate],
                    learningRate: usualRate * training.rates[rate],
                    runs: finished.map { $0[rate * activations.count + activation] })
            }
        }
    }

    /// One training; `nil` where it was stopped.
    private func run(_ recipe: Recipe, _ data: LoadedData, _ stop: StopSignal) throws -> DeadStudyReport.Run? {
        let trainer = try Trainer(recipe: recipe, data: data, probes: [HealthProbe()])
        let network = trainer.plan.network
        func census(_ parameters: Parameters) throws -> [DeadStudyReport.Run.Layer] {
            try UnitCensus(network, parameters: parameters, data: data.training, threads: 1).layers.map {
                DeadStudyReport.Run.Layer(units: $0.units, neverOpen: $0.active.count { $0 == 0 })
            }
        }
        var run = DeadStudyReport.Run()
        let seed = recipe.training.seed
        run.layersAtStart = try census(try network.initialParameters(seed: seed, precision: recipe.training.precision))
        do {
            let outcome = try trainer.run(stop: stop) { event in
                if case .noticed(let report) = event, let diagnosis = report as? Diagnosis {
                    run.diagnoses.append(
                        DeadStudyReport.Run.Found(
                            name: diagnosis.name, layer: diagnosis.layer, step: diagnosis.step, epoch: diagnosis.epoch))
                }
            }
            guard outcome.reason == .completed else { return nil }
            run.layers = try census(outcome.model.parameters)
            run.accuracy = try (outcome.heldOut ?? outcome.model.evaluate(on: data.training, threads: 1)).accuracy
        } catch let error as RectifierError where error.kind == .divergence {
            // Diagnosed by the probe; there are no weights left to look at.
        }
        return run
    }
}

extension Activation {
    /// `leaky-relu 0.01` for the usual slope too.
    fileprivate var nameWithSlope: String { spelling == "leaky-relu" ? "leaky-relu 0.01" : spelling }
}
