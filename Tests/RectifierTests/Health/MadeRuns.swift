import TestSupport

@testable import Rectifier
@testable import RectifierInstruments

/// Samples of a function of some features, which are drawn from -√3 to √3.
func madeData(
    _ count: Int, features width: Int, seed: UInt64, scale: Double = 1, heldOut: Int = 0, _ target: ([Double], inout Numbers) -> Double
) throws -> LoadedData {
    func set(_ count: Int, _ seed: UInt64) throws -> Dataset {
        var random = Numbers(seed: seed)
        var features: [Float] = [], targets: [Float] = []
        for _ in 0..<count {
            let x = (0..<width).map { _ in random.uniform(in: -1.7320508...1.7320508) }
            features += x.map { Float($0 * scale) }
            targets.append(Float(target(x, &random)))
        }
        return try Dataset(count: count, sampleShape: [width], features: .floats(features), targets: .values(targets, width: 1))
    }
    return try LoadedData(training: set(count, 2 * seed), heldOut: heldOut > 0 ? set(heldOut, 2 * seed + 1) : nil)
}

extension LoadedData {
    /// The same for two classes: targets above 0, and others.
    func asClasses() throws -> LoadedData {
        func classes(_ set: Dataset?) throws -> Dataset? {
            guard let set, case .values(let values, _) = set.targets else { return nil }
            return try Dataset(
                count: set.count, sampleShape: set.sampleShape, features: set.features,
                targets: .classes(values.map { $0 > 0 ? 1 : 0 }, names: ["no", "yes"]))
        }
        return try LoadedData(training: classes(training)!, heldOut: classes(heldOut))
    }
}

/// A run of layers as people spell them.
func madeTrainer(_ layers: String, _ data: LoadedData, seed: UInt64, _ edit: (inout TrainingSettings) -> Void) throws -> Trainer {
    var recipe = Recipe()
    recipe.data = data.settings
    recipe.network.allLayers = try LayerList(layers)
    recipe.training.seed = seed
    recipe.training.threads = 1
    recipe.training.schedule = .constant
    recipe.training.weightDecay = 0
    edit(&recipe.training)
    return try Trainer(recipe: recipe, data: data, probes: [HealthProbe()])
}

/// `dense 64 init=…, relu` so many times.
func deep(_ depth: Int, _ width: Int, _ activation: String, options: String = "") -> String {
    Array(repeating: "dense \(width)\(options), \(activation)", count: depth).joined(separator: ", ")
}
