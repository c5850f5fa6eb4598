import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

/// Runs that are sick, each in one way, and some that are well.
struct Patient: Sendable, CustomTestStringConvertible {
    var name: String
    /// What is to be found, in one of some layers; `nil`: any. Several names where one sickness has several faces.
    var names: [Diagnosis.Name]
    var layer: String?
    /// To be found by this step.
    var latest: Int?
    var trainer: @Sendable (_ seed: UInt64) throws -> Trainer

    var testDescription: String { name }

    init(
        _ name: String, _ names: [Diagnosis.Name], layer: String? = nil, by latest: Int? = nil,
        trainer: @escaping @Sendable (_ seed: UInt64) throws -> Trainer
    ) {
        (self.name, self.names, self.layer, self.latest, self.trainer) = (name, names, layer, latest, trainer)
    }

    /// A recipe as a person would write it, with `SEED` for the seed.
    init(_ name: String, _ names: [Diagnosis.Name], layer: String? = nil, by latest: Int? = nil, recipe json: String) {
        self.init(name, names, layer: layer, by: latest) { seed in
            var recipe = try Recipe(json: Data(json.utf8))
            recipe.training.seed = seed
            recipe.training.threads = 1
            let data = try LoadedData(recipe.data, seed: seed, precision: recipe.training.precision)
            return try Trainer(recipe: recipe, data: data, probes: [HealthProbe()])
        }
    }

    /// What was found, and how the run ended.
    func examine(seed: UInt64 = 0) throws -> (health: HealthReport, outcome: TrainingEvent.Outcome?) {
        let trainer = try trainer(seed)
        var health: HealthReport?
        do {
            let outcome = try trainer.run { if case .diverged(let measurements) = $0 { health = measurements[HealthReport.self] } }
            return (outcome.health!, outcome)
        } catch let error as RectifierError where error.kind == .divergence {
            return (health!, nil)
        }
    }
}

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

enum Ward {
    static let sick: [Patient] = [
        Patient(
            "rate ×30 on digits", [.deadUnits],
            recipe: """
                {"data": {"source": "digits", "samples": 4000}, "network": {"layers": [128, 128]},
                 "training": {"learningRate": 0.03, "epochs": 2}}
                """),
        Patient(
            "circle, 8×6, rate 1", [.deadUnits],
            recipe: """
                {"data": {"source": "circle"}, "network": {"layers": [8, 8, 8, 8, 8, 8]},
                 "training": {"optimizer": "sgd", "learningRate": 1, "batchSize": 10, "epochs": 40, "schedule": "constant"}}
                """),
        Patient("|x|, ten layers of two", [.bornDead, .deadUnits, .rankCollapse, .notLearning]) { seed in
            let data = try madeData(3000, features: 1, seed: seed) { x, _ in abs(x[0]) }
            return try madeTrainer(deep(10, 2, "relu") + ", dense 1", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(64), 10)
            }
        },
        Patient("50 layers of sigmoid", [.vanishing], layer: "dense1", by: 100) { seed in
            let data = try madeData(1000, features: 8, seed: seed) { x, _ in x[0] * x[1] }.asClasses()
            return try madeTrainer(deep(50, 32, "sigmoid") + ", dense 2", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(32), 5)
            }
        },
        Patient("50 layers of ReLU, weights drawn too small", [.vanishing], layer: "dense1", by: 100) { seed in
            let data = try madeData(1000, features: 8, seed: seed) { x, _ in x[0] + x[1] }.asClasses()
            return try madeTrainer(deep(50, 32, "relu", options: " init=lecun") + ", dense 2", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(32), 5)
            }
        },
        Patient("50 layers of ReLU, weights doubled", [.exploding], layer: "dense1", by: 100) { seed in
            let data = try madeData(1000, features: 8, seed: seed) { x, _ in x[0] + x[1] }.asClasses()
            // He's standard deviation is 0.25, that of a uniform law its limit over √3.
            return try madeTrainer(deep(50, 32, "relu", options: " init=uniform:0.866") + ", dense 2", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(32), 5)
            }
        },
        Patient("tanh on inputs times 1,000", [.unscaledInputs, .saturated], layer: "tanh1") { seed in
            let data = try madeData(1000, features: 4, seed: seed, scale: 1000) { x, _ in x[0] * x[1] }.asClasses()
            return try madeTrainer("dense 32, tanh, dense 32, tanh, dense 2", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(32), 10)
            }
        },
        Patient("rate 100", [.diverged]) { seed in
            let data = try madeData(1000, features: 4, seed: seed) { x, _ in x[0] + x[1] * x[2] }
            return try madeTrainer("dense 32, relu, dense 32, relu, dense 1", data, seed: seed) {
                ($0.optimizer, $0.learningRate, $0.batchSize, $0.epochs) = (.sgd(), 100, .samples(32), 10)
            }
        },
        Patient("shuffled labels", [.labelTrouble]) { seed in
            var recipe = Recipe()
            (recipe.data.source, recipe.data.samples) = ("digits", 2000)
            let loaded = try LoadedData(recipe.data, seed: seed)
            guard case .classes(var labels, let names) = loaded.training.targets else { fatalError() }
            var random = Numbers(seed: seed)
            labels.shuffle(using: &random)
            let training = try Dataset(
                count: labels.count, sampleShape: loaded.training.sampleShape, features: loaded.training.features,
                targets: .classes(labels, names: names))
            let data = try LoadedData(training: training, heldOut: loaded.heldOut)
            return try madeTrainer("dense 64, relu, dense 10", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.001, .samples(64), 8)
            }
        },
        Patient("constant column", [.constantInputs]) { seed in
            let made = try madeData(500, features: 4, seed: seed) { x, _ in x[0] - x[3] }
            guard case .floats(var features) = made.training.features else { fatalError() }
            for row in 0..<500 { features[row * 4 + 2] = 0.5 }
            let data = try LoadedData(
                training: Dataset(count: 500, sampleShape: [4], features: .floats(features), targets: made.training.targets))
            return try madeTrainer("dense 16, relu, dense 1", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.003, .samples(32), 5)
            }
        },
        Patient("dead output layer", [.bornDead], layer: "relu2") { seed in
            let data = try madeData(1000, features: 4, seed: seed) { x, _ in abs(x[0]) + 1 }
            // Weights and inputs are positive or 0 where the last ReLU subtracts.
            var trainer = try madeTrainer("dense 16, relu, dense 1 init=constant:-0.1, relu", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.003, .samples(32), 10)
            }
            trainer = try Trainer(recipe: trainer.plan.recipe, data: data, probes: [HealthProbe()])
            return trainer
        },
        Patient("a small table with noise", [.overfitting]) { seed in
            let data = try madeData(60, features: 10, seed: seed, heldOut: 200) { x, random in x[0] + random.uniform(in: -1.5...1.5) }
            return try madeTrainer("dense 128, relu, dense 128, relu, dense 1", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.003, .samples(16), 120)
            }
        },
    ]

    static let healthy: [Patient] = [
        Patient(
            "digits", [],
            recipe: #"{"data": {"source": "digits", "samples": 4000}, "network": {"layers": [128, 128]}, "training": {"epochs": 4}}"#),
        Patient(
            "spiral, leaky ReLU", [],
            recipe: """
                {"data": {"source": "spiral"}, "network": {"layers": [16, 16, 16], "activation": "leaky-relu 0.1"},
                 "training": {"learningRate": 0.01, "epochs": 100}}
                """),
        Patient("30 layers of He", []) { seed in
            let data = try madeData(1000, features: 8, seed: seed) { x, _ in x[0] + x[1] }.asClasses()
            return try madeTrainer(deep(30, 64, "relu") + ", dense 2", data, seed: seed) {
                ($0.learningRate, $0.batchSize, $0.epochs) = (0.0003, .samples(32), 5)
            }
        },
    ]
}
