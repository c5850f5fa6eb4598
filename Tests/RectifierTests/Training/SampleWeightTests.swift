import Foundation
import TestSupport
import Testing

@testable import Rectifier

@Suite("Weights of samples and classes")
struct SampleWeightTests {
    /// Five samples of three numbers.
    private static let features = (0..<15).map { Double($0 * 7919 % 23) / 11 - 1 }

    /// Some of the five samples, in this order.
    private static func data(_ loss: Loss, rows: [Int], weights: [Float]? = nil) throws -> Dataset {
        let labels: [Int32] = [0, 1, 1, 0, 1]
        let targets: Dataset.Targets =
            switch loss {
            case .softmaxCrossEntropy, .sigmoidCrossEntropy: .classes(rows.map { labels[$0] }, names: ["no", "yes"])
            default: .doubleValues(rows.flatMap { [labels[$0] == 0 ? -1.0 : 1, labels[$0] == 0 ? 1.0 : -1] }, width: 2)
            }
        return try Dataset(
            count: rows.count, sampleShape: [3], features: .doubles(rows.flatMap { features[3 * $0..<3 * $0 + 3] }), targets: targets,
            weights: weights)
    }

    private static func session(
        _ loss: Loss, _ data: Dataset, epochs: Int = 1, _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> TrainingSession {
        var settings = TrainingSettings()
        (settings.optimizer, settings.learningRate, settings.schedule, settings.weightDecay) = (.sgd(), 0.1, .constant, 0)
        (settings.batchSize, settings.epochs, settings.precision, settings.shuffle) = (.full, epochs, .float64, false)
        change(&settings)
        let network = try Network(input: [3]) {
            Dense(4)
            Tanh()
            Dense(2)
        }
        return try TrainingSession(Trainer(network, loss: loss, data: data, settings: settings))
    }

    private static func numbers(_ parameters: Parameters) -> [Double] {
        parameters.flatMap { pair -> [Double] in
            switch pair.tensor.storage {
            case .float32(let values): values.map(Double.init)
            case .float64(let values): values
            }
        }
    }

    static let losses: [Loss] = [
        .softmaxCrossEntropy, .sigmoidCrossEntropy, .squaredError, .halfSquaredError, .absoluteError, .huber(delta: 0.7), .hinge,
    ]

    @Test(arguments: losses) func `A sample of weight 2 trains and is measured as two equal ones`(loss: Loss) throws {
        let weighted = try Self.session(loss, Self.data(loss, rows: [0, 1, 2, 3], weights: [1, 2, 0, 0.5]), epochs: 3)
        let repeated = try Self.session(loss, Self.data(loss, rows: [0, 0, 1, 1, 1, 1, 3]), epochs: 3)
        while let step = try weighted.step(), let other = try repeated.step() { #expect(abs(step.loss - other.loss) < 1e-6) }
        let (a, b) = (Self.numbers(weighted.model().parameters), Self.numbers(repeated.model().parameters))
        // Weights are kept as floats.
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 })
        let mean = try weighted.evaluate(on: Self.data(loss, rows: [0, 1], weights: [3, 1])).loss
        #expect(try abs(mean - weighted.evaluate(on: Self.data(loss, rows: [0, 0, 0, 1])).loss) < 1e-12)
    }

    /// The step is the rate times the gradient; difference quotients are of the loss that held-out data would have.
    @Test(arguments: losses) func `The gradient is that of the weighted loss`(loss: Loss) throws {
        let data = try Self.data(loss, rows: [0, 1, 2, 3, 4], weights: [0.5, 3, 1, 0, 2])
        let session = try Self.session(loss, data) { if loss == .softmaxCrossEntropy { $0.classWeights = .named(["yes": 4]) } }
        let before = session.model()
        _ = try session.step()
        let steps = zip(Self.numbers(before.parameters), Self.numbers(session.model().parameters)).map { ($0 - $1) / 0.1 }
        var place = 0
        for (name, tensor) in before.parameters {
            guard case .float64(let values) = tensor.storage else { continue }
            for index in values.indices {
                func lossMoved(by distance: Double) throws -> Double {
                    var model = before, moved = values
                    moved[index] += distance
                    model.parameters[name] = Tensor(shape: tensor.shape, moved)
                    return try model.evaluate(on: data, threads: 1).loss
                }
                let quotient = try (lossMoved(by: 1e-5) - lossMoved(by: -1e-5)) / 2e-5
                #expect(abs(quotient - steps[place]) < 1e-5 * max(1, abs(quotient)), "\(name)[\(index)]")
                place += 1
            }
        }
        #expect(place == steps.count)
    }

    @Test func `Any number of threads gives the same bits`() throws {
        let rows = (0..<200).map { $0 % 5 }, weights = (0..<200).map { Float($0 % 7) }
        func weightsAfter(threads: Int) throws -> [Double] {
            let data = try Self.data(.softmaxCrossEntropy, rows: rows, weights: weights)
            let session = try Self.session(.softmaxCrossEntropy, data, epochs: 3) {
                ($0.threads, $0.classWeights, $0.batchSize) = (threads, .balanced, .samples(64))
                ($0.precision, $0.shuffle) = (.float32, true)
            }
            while try session.step() != nil {}
            return Self.numbers(session.model().parameters)
        }
        #expect(try weightsAfter(threads: 1) == weightsAfter(threads: 3))
    }

    // MARK: Of classes

    @Test func `Class weights have the mean 1 over the training samples`() throws {
        let names = ["a", "b", "c"], shares = [0.5, 0.25, 0.25]
        // n / (k n_c), as scikit-learn balances.
        #expect(try ClassWeights.balanced.numbers(names: names, shares: shares) == [1 / 1.5, 1 / 0.75, 1 / 0.75])
        #expect(try ClassWeights.balanced.numbers(names: names, shares: [0.5, 0.5, 0]) == [1, 1, 0])
        #expect(try ClassWeights.named(["a": 4]).numbers(names: names, shares: shares) == [1.6, 0.4, 0.4])
        let unknown = #expect(throws: RectifierError.self) { try ClassWeights.named(["d": 1]).numbers(names: names, shares: shares) }
        #expect(unknown?.description == "classWeights: there is no class \"d\"; the classes are \"a\", \"b\", \"c\"")
        #expect(throws: RectifierError.self) { try ClassWeights.named(["a": -1]).validate() }
        #expect(throws: RectifierError.self) { try ClassWeights.named(["a": 0, "b": 0, "c": 0]).numbers(names: names, shares: shares) }
        #expect(throws: RectifierError.self) {
            try Self.session(.squaredError, Self.data(.squaredError, rows: [0, 1])) { $0.classWeights = .balanced }
        }
    }

    // MARK: Of a table's rows

    private static func loaded(_ table: String, in folder: TemporaryFolder, weights: String = "count") throws -> LoadedData {
        try folder.write(table, to: "table.csv")
        var settings = DataSettings()
        (settings.source, settings.weights, settings.validation) = (folder.path("table.csv"), weights, .share(0))
        return try LoadedData(settings, seed: 0)
    }

    @Test func `A column of weights is no feature, and is read in later files`() throws {
        let folder = try TemporaryFolder()
        let data = try Self.loaded("x,count,y\n1,2,a\n2,0.5,b\n3,1,a\n4,0,b\n", in: folder)
        #expect(data.training.weights == [2, 0.5, 1, 0] && data.training.sampleShape == [1])
        try folder.write("y,count,x\na,3,1\nb,1,2\n", to: "later.csv")
        try folder.write("y,x\na,1\nb,2\n", to: "without.csv")
        let later = try data.preparation.dataset(reading: folder.path("later.csv"), needsTargets: true)
        #expect(later.dataset.weights == [3, 1])
        let without = try data.preparation.dataset(reading: folder.path("without.csv"), needsTargets: true)
        #expect(without.dataset.weights == nil && without.notes.contains { $0.contains("has no column \"count\" with weights") })
    }

    @Test(arguments: [
        ("1,2,a\n2,-1,b\n", "count", "line 3: the weight in column \"count\" is -1.0; weights are numbers of at least 0"),
        ("1,2,a\n2,,b\n", "count", "line 3: the weight in column \"count\" is missing"), ("1,few,a\n2,many,b\n", "count", "holds text"),
        ("1,0,a\n2,0,b\n", "count", "all samples have the weight 0"), ("1,2,a\n2,1,b\n", "counts", "no column \"counts\"; the columns"),
        ("1,2,a\n2,1,b\n", "y", "is the target"),
    ])
    func `Weights that are none are refused`(rows: String, column: String, message: String) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: RectifierError.self) { try Self.loaded("x,count,y\n" + rows, in: folder, weights: column) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    /// Rows 0 and 11 have each other's feature the second time.
    @Test func `In folds a row of weight 0 changes no network and no loss`() throws {
        func run(weight: Double, swaps: Bool) throws -> (weights: [Double], loss: Double) {
            let folder = try TemporaryFolder()
            let rows = (0..<12).map { row in
                let place = swaps && [0, 11].contains(row) ? 11 - row : row, x = Double(place * 7 % 12) / 4
                return "\(x),\([0, 11].contains(row) ? weight : 1 + Double(row % 3)),\(Double(row * 5 % 12) / 7)"
            }
            var settings = DataSettings()
            try folder.write((["x,count,y"] + rows).joined(separator: "\n"), to: "table.csv")
            (settings.source, settings.weights, settings.validation) = (folder.path("table.csv"), "count", .folds(3))
            var recipe = Recipe()
            (recipe.data, recipe.network.layers, recipe.training.epochs) = (settings, [4], 5)
            (recipe.training.threads, recipe.training.precision) = (1, .float64)
            let data = try LoadedData(settings, seed: 0)
            let session = try TrainingSession(Trainer(recipe: recipe, data: data))
            while try session.step() != nil {}
            return (
                Self.numbers(session.model().parameters), try session.model().metrics(on: data.training, folds: data.folds).evaluation.loss
            )
        }
        func distance(_ weight: Double) throws -> (weights: Double, loss: Double) {
            let (a, b) = try (run(weight: weight, swaps: false), run(weight: weight, swaps: true))
            return (zip(a.weights, b.weights).map { abs($0 - $1) }.max()!, abs(a.loss - b.loss))
        }
        let (none, some) = try (distance(0), distance(1))
        #expect(none.weights < 1e-9 && none.loss < 1e-9)
        #expect(some.weights > 1e-6 && some.loss > 1e-6)
    }
}
