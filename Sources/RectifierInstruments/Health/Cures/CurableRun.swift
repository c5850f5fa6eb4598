/// A run that cures change: its recipe and its data, from the beginning or from weights that it has.
struct CurableRun {
    var recipe: Recipe
    var data: LoadedData
    /// `nil`: drawn anew.
    var parameters: Parameters?

    func trainer(probes: [any TrainingProbe] = []) throws -> Trainer {
        try Trainer(recipe: recipe, data: data, initialParameters: parameters, probes: probes)
    }
}

extension Cure {
    /// The run with the change; `nil` where there is nothing to change, or no program can.
    ///
    /// - Parameter sick: What was found in the run's units last, for the cures that treat single units.
    func applied(to run: CurableRun, sick: [UnitReport] = []) throws -> CurableRun? {
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
        case .biasLift:
            guard let parameters = run.parameters else { return nil }
            let census = try UnitCensus(
                run.network, parameters: parameters, data: run.data.training, precision: run.recipe.training.precision)
            guard let lifted = parameters.lifting(sick, census, of: try run.network) else { return nil }
            cured.parameters = lifted
        case .redraw:
            guard let parameters = run.parameters,
                let drawn = parameters.redrawing(sick, of: try run.network, seed: run.recipe.training.seed)
            else { return nil }
            cured.parameters = drawn
        case .checkData: return nil
        }
        let isOther =
            cured.recipe != run.recipe || cured.parameters != run.parameters || cured.data.preparation != run.data.preparation
        return isOther ? cured : nil
    }

    /// Whether it goes on from the weights of the sick run, and does not begin anew.
    var goesOn: Bool { self == .biasLift || self == .redraw }
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

extension Parameters {
    /// The biases of dead units raised so that the sample nearest to opening one opens it.
    fileprivate func lifting(_ sick: [UnitReport], _ census: UnitCensus, of network: Network) -> Parameters? {
        changingDead(sick, of: network) { result, dense, unit, report in
            guard var bias = result[dense + ".bias"]?.doubles, let layer = census.layers.first(where: { $0.layer == report.layer }),
                layer.largest[unit] <= 0
            else { return false }
            bias[unit] += 1.1 * -layer.largest[unit] + 0.01
            result.set(dense + ".bias", bias)
            return true
        }
    }

    /// The weights of dead units drawn anew, their biases and the weights behind them 0.
    fileprivate func redrawing(_ sick: [UnitReport], of network: Network, seed: UInt64) -> Parameters? {
        guard let fresh = try? network.initialParameters(seed: seed &+ 1) else { return nil }
        return changingDead(sick, of: network) { result, dense, unit, _ in
            let name = dense + ".weights"
            guard var weights = result[name]?.doubles, let new = fresh[name]?.doubles, let units = result[name]?.shape.last else {
                return false
            }
            for place in stride(from: unit, to: weights.count, by: units) { weights[place] = new[place] }
            result.set(name, weights)
            if var bias = result[dense + ".bias"]?.doubles {
                bias[unit] = 0
                result.set(dense + ".bias", bias)
            }
            return true
        }
    }

    private func changingDead(
        _ sick: [UnitReport], of network: Network, _ change: (inout Parameters, String, Int, UnitReport) -> Bool
    ) -> Parameters? {
        guard let sites = try? network.built(isTraining: false).healthSites else { return nil }
        var result = self, changed = false
        for report in sick {
            guard let dense = sites.first(where: { $0.layer == report.layer })?.dense?.name else { continue }
            for dead in report.dead where change(&result, dense, dead.unit, report) { changed = true }
        }
        return changed ? result : nil
    }

    private mutating func set(_ name: String, _ values: [Double]) {
        guard let old = self[name] else { return }
        switch old.storage {
        case .float32: self[name] = Tensor(shape: old.shape, values.map(Float.init))
        case .float64: self[name] = Tensor(shape: old.shape, values)
        }
    }
}
