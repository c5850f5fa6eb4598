import struct Foundation.URL

/// A run that cures change: its recipe and its data, from the beginning or from where it ended.
struct CurableRun {
    var recipe: Recipe
    var data: LoadedData
    /// Where it goes on from; `nil`: it begins anew.
    var end: Checkpoint?
    /// What changes there.
    var change: TrainingChange?

    init(_ trainer: Trainer) { (recipe, data) = (trainer.plan.recipe, trainer.data) }

    /// The run going on from its end for as many epochs again; `nil` where a recipe cannot say so: the run stopped
    /// early, or returned to its best weights.
    init?(_ trainer: Trainer, goingOnFrom end: Checkpoint?) {
        guard let end, end.position.stopReason == nil, trainer.plan.settings.earlyStopping == nil else { return nil }
        self.init(trainer)
        self.end = end.withoutProbes
        change = TrainingChange(afterStep: end.position.steps, epochs: end.position.epochsDone + trainer.plan.epochs)
    }

    func trainer(probes: [any TrainingProbe] = [], output: URL? = nil) throws -> Trainer {
        if let end { return try Trainer(resuming: end, change: change, data: data, probes: probes, output: output) }
        return try Trainer(recipe: recipe, data: data, probes: probes, output: output)
    }
}

extension Cure {
    /// Whether it goes on from where the sick run ended, and does not begin anew.
    var goesOn: Bool { self == .biasLift || self == .redraw }

    /// The run with the change; `nil` where there is nothing to change, or no program can.
    ///
    /// - Parameters:
    ///   - end: Where the run ended; `nil` leaves out cures that treat single units.
    ///   - sick: What was found in the run's units last.
    func applied(to trainer: Trainer, end: Checkpoint?, sick: [UnitReport]) throws -> CurableRun? {
        let run = CurableRun(trainer)
        var cured = run
        switch self {
        case .learningRate(let rate): cured.recipe.training.learningRate = rate
        case .clipping(let limit):
            guard run.recipe.training.clipNorm.map({ $0 > limit }) ?? true else { return nil }
            cured.recipe.training.clipNorm = limit
        case .weightDecay(let decay): cured.recipe.training.weightDecay = decay
        case .seed(let seed): cured.recipe.training.seed = seed
        case .earlyStopping(let patience):
            guard run.data.heldOut != nil || run.data.validation != nil else { return nil }
            cured.recipe.training.earlyStopping = EarlyStopping(patience: patience)
        case .scaledInputs:
            guard let data = try run.data.standardized else { return nil }
            cured.data = data
        case .leakyReLU(let slope):
            try cured.replaceActivations { $0 is ReLU ? LeakyReLU(slope: slope) : nil }
        case .relu:
            try cured.replaceActivations { $0 is Sigmoid || $0 is Tanh || $0 is HardSigmoid || $0 is HardTanh ? ReLU() : nil }
            guard cured.recipe != run.recipe else { return nil }
            try cured.drawWeightsAsUsual()
        case .usualInitializer: try cured.drawWeightsAsUsual()
        case .residualSums: try cured.sumPairs()
        case .biasLift, .redraw:
            guard var goingOn = CurableRun(trainer, goingOnFrom: end), let end else { return nil }
            let units = self == .redraw ? try trainer.plan.redrawing(sick) : try trainer.lifting(sick, at: end.model)
            guard !units.isEmpty else { return nil }
            goingOn.change?.units = units
            return goingOn
        case .checkData: return nil
        }
        return cured.recipe != run.recipe || cured.data.preparation != run.data.preparation ? cured : nil
    }
}

extension CurableRun {
    var network: Network {
        get throws { try Network(recipe.network, input: data.training.sampleShape, outputs: data.training.outputCount) }
    }

    /// The layers as a list, whose weights are drawn as they are now.
    private func layers() throws -> [any Layer] { try network.layers }

    private mutating func set(_ layers: [any Layer]) throws {
        recipe.network.allLayers = try LayerList(layers)
        (recipe.network.layers, recipe.network.initializer, recipe.network.dropout) = (nil, nil, 0)
        recipe.network.activation = .relu
    }

    fileprivate mutating func replaceActivations(_ replacement: (any Layer) -> (any Layer)?) throws {
        let old = try layers(), new = try old.replacing(replacement)
        if try LayerCatalog.spelling(of: new) != LayerCatalog.spelling(of: old) { try set(new) }
    }

    /// Weights drawn by what the activation behind them needs.
    fileprivate mutating func drawWeightsAsUsual() throws {
        let old = try layers(), new = LayerCatalog.drawnAsUsual(old)
        if try LayerCatalog.spelling(of: new) != LayerCatalog.spelling(of: old) { try set(new) }
    }

    /// `dense 64, relu, dense 64, relu` becomes `residual(dense 64, relu, dense 64 init=zeros)` wherever what goes in
    /// is as wide as what comes out: such a pair begins as the identity, however many there are.
    fileprivate mutating func sumPairs() throws {
        let old = try layers()
        var new: [any Layer] = [], width: Int?, place = 0, pairs = 0
        func dense(_ place: Int) -> Dense? { old.indices.contains(place) ? old[place] as? Dense : nil }
        func isActivation(_ place: Int) -> Bool { old.indices.contains(place) && (try? Activation(old[place])) != nil }
        while place < old.count {
            if let first = dense(place), let second = dense(place + 2), isActivation(place + 1), isActivation(place + 3),
                second.units == width, first.units == width
            {
                var zeros = second
                zeros.initializer = .zeros
                new.append(Residual(layers: [first, old[place + 1], zeros]))
                (place, pairs) = (place + 4, pairs + 1)
                continue
            }
            if let own = dense(place) { width = own.units }
            new.append(old[place])
            place += 1
        }
        if pairs > 0 { try set(new) }
    }
}

extension [any Layer] {
    /// The same with some layers replaced, those in branches too.
    fileprivate func replacing(_ replacement: (any Layer) -> (any Layer)?) throws -> [any Layer] {
        try map { layer in
            if let new = replacement(layer) { return new }
            guard let layer = layer as? any LayerOfLayers else { return layer }
            return try type(of: layer).init(branches: layer.branches.map { try $0.replacing(replacement) })
        }
    }
}

extension LoadedData {
    /// The data with what a network is fed shifted and scaled to mean 0 and standard deviation 1, by the training data;
    /// `nil` where they are so already, or are no plain numbers.
    fileprivate var standardized: LoadedData? {
        get throws {
            guard case .numbers(let shape, let mean, let deviation) = preparation.input else { return nil }
            let values = (0..<training.features.count).lazy.map { training.features[$0] }
            let count = Double(training.features.count), average = values.reduce(0, +) / count
            let spread = (values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / count).squareRoot()
            guard spread > 0, abs(average) > 0.1 || abs(spread - 1) > 0.1 else { return nil }
            let preparation = try Preparation(
                input: .numbers(shape: shape, mean: mean + average * deviation, deviation: deviation * spread),
                target: preparation.target, missing: preparation.missing)
            func scaled(_ set: Dataset?) throws -> Dataset? {
                try set.map {
                    let features = (0..<$0.features.count).map { [own = $0.features] in Float((own[$0] - average) / spread) }
                    return try Dataset(count: $0.count, sampleShape: $0.sampleShape, features: .floats(features), targets: $0.targets)
                }
            }
            return try LoadedData(
                training: try scaled(training)!, heldOut: try scaled(heldOut), validation: try scaled(validation),
                preparation: preparation)
        }
    }
}

extension Trainer {
    /// The biases of dead units raised so far that the sample nearest to opening one opens it.
    fileprivate func lifting(_ sick: [UnitReport], at model: Model) throws -> [UnitChange] {
        let census = try UnitCensus(
            plan.network, parameters: model.parameters, data: data.training, precision: plan.settings.precision,
            threads: plan.settings.threads)
        return try plan.sick(sick).compactMap { report, dense, _ in
            // A normalization takes away what is added to a bias.
            guard !dense.isNormalized, model.parameters[dense.name + ".bias"] != nil,
                let layer = census.layers.first(where: { $0.layer == report.layer })
            else { return nil }
            let units = report.dead.map(\.unit).filter { layer.largest[$0] <= 0 }
            let lift = units.map { 1.1 * -layer.largest[$0] + 0.01 }
            return units.isEmpty ? nil : UnitChange(layer: dense.name, units: units, lift: lift)
        }
    }
}

extension TrainingPlan {
    /// The weights of dead units drawn anew; those behind them 0, so that what the network computes is not disturbed.
    fileprivate func redrawing(_ sick: [UnitReport]) throws -> [UnitChange] {
        try self.sick(sick).map { report, dense, reader in
            UnitChange(layer: dense.name, units: report.dead.map(\.unit), seed: settings.seed &+ 1, reader: reader)
        }
    }

    /// The layers with dead units behind a dense layer, that layer, and the dense layer that takes what they give.
    fileprivate func sick(_ units: [UnitReport]) throws -> [(report: UnitReport, dense: HealthSite.DenseLayer, reader: String?)] {
        let built = try network.built(isTraining: false), sites = built.healthSites
        let widths = Dictionary(built.parameters.map { ($0.parameter!.name, $0.shape[0]) }, uniquingKeysWith: { $1 })
        return units.compactMap { report in
            guard !report.dead.isEmpty, let site = sites.first(where: { $0.layer == report.layer }), let dense = site.dense
            else { return nil }
            let reader = zip(built.rows, built.layerInputs).first { row, input in
                input.id == site.output.id && widths[row.name + ".weights"] == site.units
            }
            return (report, dense, reader?.0.name)
        }
    }
}
