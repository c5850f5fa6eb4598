import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore

@Suite("Runs in folds")
struct FoldsTests {
    private static let rows = 50

    /// Three classes, or numbers, of four features; `change` is added to the targets of some rows.
    private static func data(_ seed: UInt64 = 1, areClasses: Bool = true, changing rows: [Int32] = []) throws -> Dataset {
        var random = RandomStream(seed: seed, purpose: RandomPurpose.order)
        let labels = (0..<Self.rows).map { Int32($0 % 10 < 5 ? 0 : $0 % 10 < 8 ? 1 : 2) }
        let features = labels.flatMap { label in (0..<4).map { Float(random.nextUniform(-1, 1)) + Float((Int(label) + $0) % 3) } }
        var values = labels.enumerated().map { Float($1) + features[4 * $0] / 2 }
        for row in rows { values[Int(row)] += 3 }
        return try Dataset(
            count: Self.rows, sampleShape: [4], features: .floats(features),
            targets: areClasses ? .classes(labels, names: ["a", "b", "c"]) : .values(values, width: 1))
    }

    @Test("A few rows are a fold each at most, and many rows come in fewer folds", arguments: [(3, 3), (8, 8), (4999, 8), (5000, 5)])
    func usualCount(rows: Int, folds: Int) { #expect(Folds.usualCount(rows: rows) == folds) }

    private static func network(areClasses: Bool = true) throws -> Network {
        try Network(input: [4]) {
            Dense(6)
            ReLU()
            Dense(areClasses ? 3 : 1)
        }
    }

    private static func trainer(
        _ data: Dataset, areClasses: Bool = true, threads: Int = 1, _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> Trainer {
        var settings = TrainingSettings()
        (settings.epochs, settings.batchSize, settings.threads, settings.learningRate) = (4, .samples(8), threads, 0.02)
        change(&settings)
        return try Trainer(
            network(areClasses: areClasses).repeated(3, votes: areClasses),
            data: LoadedData(training: data, folds: 3, seed: 5), settings: settings)
    }

    @Test func `Folds are of equal sizes, and have equal shares of each class`() throws {
        let data = try Self.data(), folds = try Folds(3, of: data, seed: 5)
        let parts = (0..<3).map { folds.rows(of: $0) }
        #expect(parts.flatMap { $0 }.sorted() == (0..<Int32(Self.rows)).map { $0 })
        #expect(parts.map(\.count).sorted() == [16, 17, 17])
        guard case .classes(let labels, _) = data.targets else { return }
        for (label, least) in [(Int32(0), 8), (1, 5), (2, 3)] {
            for part in parts { #expect(least...least + 1 ~= part.count { labels[Int($0)] == label }) }
        }
        #expect(try Folds(3, of: data, seed: 6).places != folds.places)
    }

    @Test func `A network learns nothing of its own part`() throws {
        let plain = try Self.data(areClasses: false), folds = try Folds(3, of: plain, seed: 5)
        func weights(_ data: Dataset) throws -> Parameters {
            let session = try TrainingSession(Self.trainer(data, areClasses: false))
            for _ in 0..<12 { _ = try session.step() }
            return session.model().parameters
        }
        let first = try weights(plain), second = try weights(Self.data(areClasses: false, changing: folds.rows(of: 1)))
        // Two dense layers each.
        for member in 0..<3 {
            let names = [1, 2].map { "mean1.dense\(2 * member + $0).weights" }
            let areEqual = names.allSatisfy { first[$0]!.floats == second[$0]!.floats }
            #expect(areEqual == (member == 1), "network \(member + 1)")
        }
    }

    @Test func `A network among others is trained as it is alone`() throws {
        // As many rows in each fold, so that a mean over the others is one over as many.
        let data = try Self.data(areClasses: false).selecting((0..<48).map { $0 }), folds = try Folds(3, of: data, seed: 5)
        // One batch, so that each network's has the rows that a run on them alone has.
        func settings(_ settings: inout TrainingSettings) {
            (settings.batchSize, settings.epochs, settings.precision, settings.schedule) = (.full, 5, .float64, .constant)
            (settings.optimizer, settings.weightDecay) = (.sgd(), 0)
        }
        let together = try TrainingSession(Self.trainer(data, areClasses: false, settings))
        let initial = together.model().parameters
        for _ in 0..<5 { _ = try together.step() }
        for member in 0..<3 {
            let others = (0..<3).filter { $0 != member }.flatMap { folds.rows(of: $0) }.sorted()
            let names = [(1, "weights"), (1, "bias"), (2, "weights"), (2, "bias")]
            func ours(_ all: Parameters) -> Parameters {
                Parameters(names.map { ("dense\($0).\($1)", all["mean1.dense\(2 * member + $0).\($1)"]!) })
            }
            var alone = TrainingSettings()
            settings(&alone)
            (alone.threads, alone.learningRate) = (1, 0.02)
            let session = try TrainingSession(
                Trainer(Self.network(areClasses: false), data: data.selecting(others), settings: alone, initialParameters: ours(initial)))
            for _ in 0..<5 { _ = try session.step() }
            for (name, tensor) in ours(together.model().parameters) {
                for (a, b) in zip(tensor.doubles, session.model().parameters[name]!.doubles) { #expect(abs(a - b) < 1e-6, "\(name)") }
            }
        }
    }

    @Test func `Each row is judged by the network that has not seen it`() throws {
        let data = try Self.data(), folds = try Folds(3, of: data, seed: 5)
        let model = try Self.trainer(data).run().model
        let report = try model.metrics(on: data, folds: folds)
        var right = 0
        for member in 0..<3 {
            let names = [(1, "weights"), (1, "bias"), (2, "weights"), (2, "bias")]
            let own = Model(
                network: try Self.network(), loss: .softmaxCrossEntropy,
                parameters: Parameters(names.map { ("dense\($0).\($1)", model.parameters["vote1.dense\(2 * member + $0).\($1)"]!) }),
                precision: .float32)
            let part = try data.selecting(folds.rows(of: member))
            right += try own.evaluate(on: part).confusion!.enumerated().reduce(0) { $0 + $1.element[$1.offset] }
        }
        #expect(report[.accuracy]!.estimate.value == Double(right) / Double(Self.rows))
        #expect(throws: RectifierError.self) { try model.metrics(on: Self.data().selecting([0, 1, 2, 3]), folds: folds) }
    }

    @Test(arguments: [nil, .accuracy] as [Metric?]) func `Stopped and resumed, and on more threads, it is the same run`(
        metric: Metric?
    ) throws {
        let data = try Self.data()
        func change(_ settings: inout TrainingSettings) {
            (settings.epochs, settings.metric, settings.earlyStopping) = (12, metric, EarlyStopping(patience: 3))
        }
        let whole = try Self.trainer(data, change).run()
        #expect(try Self.trainer(data, threads: 2, change).run().model.weightsSHA256 == whole.model.weightsSHA256)
        let session = try TrainingSession(Self.trainer(data, change))
        for _ in 0..<17 { _ = try session.step() }
        let checkpoint = try session.snapshot()
        let resumed = try Trainer(resuming: checkpoint, data: LoadedData(training: data, folds: 3, seed: 5)).run()
        #expect(resumed.model.weightsSHA256 == whole.model.weightsSHA256)
        #expect(resumed.epochs == whole.epochs && resumed.heldOut == whole.heldOut)
    }

    @Test func `A vote is the mean of probabilities`() throws {
        let network = try Self.network().repeated(3, votes: true), built = try network.built(isTraining: false)
        let program = try Program(
            [softmax(built.output)] + built.members.map { try softmax($0) }, batchSize: 5,
            parameters: network.initialParameters(seed: 3, precision: .float64), elementType: .float64)
        var numbers = Numbers(seed: 1)
        try program.setInput("features", to: (0..<20).map { _ in numbers.uniform(in: -2...2) })
        program.run()
        let members = (1...3).map { program.values(ofOutput: $0) }
        for (place, vote) in program.values(ofOutput: 0).enumerated() {
            #expect(abs(vote - members.reduce(0) { $0 + $1[place] } / 3) < 1e-6)
        }
    }

    @Test func `Mistakes are named`() throws {
        let data = try Self.data()
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "nothing"
        }
        #expect(message { _ = try LoadedData(training: data, folds: 1) } == "there must be at least 2 folds, not 1")
        #expect(
            message { _ = try LoadedData(training: data, folds: 60) } == "50 rows cannot be put into 60 folds; choose 50 or fewer")
        #expect(
            message { _ = try Trainer(Self.network(), data: LoadedData(training: data, folds: 3)) }
                == "3 folds need a network that ends in a mean or a vote of as many branches; see Network.repeated(_:votes:)")
        #expect(
            message { _ = try Recipe(json: Data(#"{"data": {"validation": {"folds": 1}}}"#.utf8)).validate() }.contains(
                "at least 2 folds, not 1"))
        let recipe = try Recipe(json: Data(#"{"data": {"validation": {"folds": 4}}}"#.utf8))
        #expect(recipe.data.validation == .folds(4))
        #expect(try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(recipe)) == recipe)
    }
}
