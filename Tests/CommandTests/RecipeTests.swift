import Foundation
import Rectifier
import Testing

@Suite("Recipes")
struct RecipeTests {
    private func recipe(_ json: String) throws -> Recipe { try Recipe(json: Data(json.utf8)) }

    @Test func `An empty recipe is the default one`() throws {
        #expect(try recipe("{}") == Recipe())
        #expect(try recipe(#"{"data": {}, "network": {}, "training": null}"#) == Recipe())
    }

    @Test func `Comments, trailing commas and short spellings are read`() throws {
        let read = try recipe(
            """
            // what is learned
            {
                "data": {"source": "houses.csv", "target": 3, "validation": "houses-2.csv", /* or a share */ },
                "network": {"layers": [64, 32]},
                "training": {"optimizer": "rmsprop", "schedule": "step:10:0.5", "batchSize": "full", "earlyStopping": 7, "seed": 18446744073709551615},
            }
            """)
        #expect(read.data.target == "3")
        #expect(read.data.validation == .source("houses-2.csv"))
        #expect(read.network.layers == [64, 32])
        #expect(read.training.optimizer == .rmsProp())
        // As it was once called.
        #expect(read.training.schedule == .staircase(every: 10, factor: 0.5))
        #expect(read.training.batchSize == .full)
        #expect(read.training.earlyStopping == EarlyStopping(patience: 7))
        #expect(read.training.seed == .max)
    }

    static let optimizers: [Optimizer] = [
        .sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.5, nesterov: true), .adam(), .adam(beta1: 0.8, epsilon: 1e-7), .adamW(),
        .adamW(beta2: 0.99),
        .rmsProp(), .rmsProp(decay: 0.9, momentum: 0.1),
    ]
    static let schedules: [Schedule?] = [
        nil, .constant, .staircase(every: 3, factor: 0.25), .cosine(), .cosine(warmUp: 1.5, floor: 0.01), .warmUp(2), .oneCycle,
    ]

    @Test(arguments: optimizers, schedules)
    func `What is written is read back, and written the same`(optimizer: Optimizer, schedule: Schedule?) throws {
        var recipe = Recipe()
        recipe.data.source = "some/path \"quoted\".csv"
        recipe.data.test = "test.csv"
        recipe.data.target = "price"
        recipe.data.task = .regression
        recipe.data.missing = .drop
        recipe.data.validation = .share(0.1)
        recipe.data.header = true
        recipe.data.separator = ";"
        recipe.network.layers = []
        recipe.network.initializer = .orthogonal(gain: 2)
        recipe.network.atZero = schedule == nil ? .unsound(2) : 0.25
        recipe.training.optimizer = optimizer
        recipe.training.schedule = schedule
        recipe.training.learningRate = 0.1 + 0.2
        recipe.training.batchSize = .samples(17)
        recipe.training.clipNorm = 1e-300
        recipe.training.precision = .bfloat16
        let json = try recipe.json
        let read = try Recipe(json: json)
        #expect(read == recipe)
        #expect(try read.json == json)
    }

    static let refused: [(json: String, says: [String])] = [
        (#"{"traning": {}}"#, ["traning", "did you mean 'training'?"]),
        (#"{"training": {"learningrate": 1}}"#, ["training.learningrate", "'learningRate'"]),
        (#"{"training": {"frobnicate": 1}}"#, ["training.frobnicate", "epochs"]),
        (#"{"training": {"epochs": "three"}}"#, ["training.epochs", "whole number", "three"]),
        (#"{"training": {"epochs": 1.5}}"#, ["training.epochs", "whole number"]),
        (#"{"training": {"seed": -1}}"#, ["training.seed"]),
        (#"{"training": {"shuffle": 1}}"#, ["training.shuffle", "true or false"]),
        (#"{"training": {"optimizer": "adm"}}"#, ["training.optimizer", "adam"]),
        (#"{"training": {"optimizer": {"momentum": 0.9}}}"#, ["training.optimizer", "name"]),
        (#"{"training": {"optimizer": {"name": "adam", "momentum": 0.9}}}"#, ["training.optimizer.momentum", "adam"]),
        (#"{"training": {"optimizer": {"name": "sgd", "momentum": "much"}}}"#, ["training.optimizer.momentum", "a number"]),
        (#"{"training": {"schedule": {"name": "step"}}}"#, ["training.schedule", "every"]),
        (#"{"training": {"schedule": "cosine:x"}}"#, ["training.schedule", "cosine:x"]),
        (#"{"training": {"batchSize": "half"}}"#, ["training.batchSize", "full"]),
        (#"{"training": {"precision": "float8"}}"#, ["training.precision", "float32", "float8"]),
        (#"{"training": 3}"#, ["training", "object"]),
        (#"{"network": {"layers": [8, "x"]}}"#, ["network.layers"]),
        (#"{"network": {"layers": 8}}"#, ["network.layers", "list", "in quotes"]),
        (#"{"network": 8}"#, ["network", "object", "in quotes"]),
        (#"{"network": "dense 8, rely"}"#, ["network", "character 10", "'rely'", "did you mean 'relu'?"]),
        (#"{"network": {"layers": "dense x"}}"#, ["network.layers", "character 7", "UNITS", "'x'"]),
        (#"{"network": {"activation": "guess"}}"#, ["network.activation", "guess", "relu"]),
        (#"{"network": {"activation": "dense 8"}}"#, ["network.activation", "dense", "relu"]),
        (#"{"network": {"initializer": "guess"}}"#, ["network.initializer", "guess", "glorot"]),
        (#"{"network": {"initializer": 2}}"#, ["network.initializer", "in quotes"]),
        (#"{"network": {"loss": "hinges"}}"#, ["network.loss", "hinges", "'hinge'"]),
        (#"{"network": {"atZero": "half"}}"#, ["network.atZero", "0 to 1", "unsound:NUMBER", "half"]),
        (#"{"network": {"atZero": [0]}}"#, ["network.atZero", "0 to 1"]),
        (#"{"network": {"atzero": 0}}"#, ["network.atzero", "'atZero'"]),
        (#"{"data": {"task": "guessing"}}"#, ["data.task", "classification", "guessing"]),
        ("[1]", ["object"]),
        ("{", ["JSON"]),
        ("", ["JSON"]),
    ]

    @Test(arguments: refused.indices)
    func `What no recipe can say is refused with its place`(index: Int) throws {
        let (json, says) = Self.refused[index]
        let error = try #require(throws: RectifierError.self) { try recipe(json) }
        for text in says { #expect(error.description.contains(text), "\(json): \(error.description)") }
        #expect(!error.description.contains("\n"))
    }

    private static let gelu: NetworkSettings = {
        var settings = NetworkSettings()
        settings.activation = try! Activation("gelu")
        return settings
    }()

    static let outOfRange: [(String, @Sendable (inout Recipe) -> Void)] = [
        ("source", { $0.data.source = "" }),
        ("noise", { $0.data.noise = .nan }),
        ("samples", { $0.data.samples = -1 }),
        ("target", { $0.data.target = "price" }),
        (
            "noise",
            {
                $0.data.source = "table.csv"
                $0.data.noise = 0.1
            }
        ),
        ("validation", { $0.data.validation = .share(1) }),
        ("separator", { $0.data.separator = "\"" }),
        ("units", { $0.network.layers = [8, 0] }),
        ("from 0 to 1, where it is a subgradient, not 2; if it is meant, write unsound:2", { $0.network.atZero = 2 }),
        ("at zero", { $0.network.atZero = KinkValue(.nan) }),
        ("at zero", { $0.network.atZero = .unsound(.infinity) }),
        (
            "gelu has none",
            {
                $0.network = gelu
                $0.network.atZero = 0.5
            }
        ),
        ("dropout", { $0.network.dropout = -0.1 }),
        ("learning rate", { $0.training.learningRate = .infinity }),
        ("momentum", { $0.training.optimizer = .sgd(momentum: 1) }),
        ("beta2", { $0.training.optimizer = .adam(beta2: 1) }),
        ("epsilon", { $0.training.optimizer = .adamW(epsilon: 0) }),
        ("decay", { $0.training.optimizer = .rmsProp(decay: -1) }),
        ("floor", { $0.training.schedule = .cosine(floor: 2) }),
        ("every", { $0.training.schedule = .staircase(every: 0, factor: 0.1) }),
        ("weight decay", { $0.training.weightDecay = -1 }),
        ("l1", { $0.training.l1 = .nan }),
        ("l2", { $0.training.l2 = -.infinity }),
        ("clipping", { $0.training.clipNorm = 0 }),
        ("batch size", { $0.training.batchSize = .samples(0) }),
        ("epochs", { $0.training.epochs = 0 }),
        ("threads", { $0.training.threads = 100_000 }),
        ("patience", { $0.training.earlyStopping = EarlyStopping(patience: 0) }),
    ]

    @Test(arguments: outOfRange.indices)
    func `A setting out of its range is named`(index: Int) throws {
        let (name, change) = Self.outOfRange[index]
        var recipe = Recipe()
        try recipe.validate()
        change(&recipe)
        let error = try #require(throws: RectifierError.self) { try recipe.validate() }
        #expect(error.description.contains(name))
    }
}
