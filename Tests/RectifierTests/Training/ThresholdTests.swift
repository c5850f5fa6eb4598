import Foundation
import TestSupport
import Testing

@testable import Rectifier

@Suite("A threshold for two classes")
struct ThresholdTests {
    /// Rows of which a fifth is of the second class, and their scores.
    private static func answers(_ seed: UInt64, count: Int = 40) -> (predictions: [Double], labels: [Int32]) {
        var random = RandomStream(seed: seed, purpose: RandomPurpose.order)
        let labels = (0..<count).map { $0 < 2 ? Int32($0) : random.nextInteger(below: 5) == 0 ? 1 : 0 }
        let predictions = labels.flatMap { label in
            // Some are equal.
            let second = (random.nextUniform(0, 0.6) + Double(label) * 0.25).roundedToHundredths
            return [1 - second, second]
        }
        return (predictions, labels)
    }

    private static func score(_ threshold: Threshold, at value: Double?, _ predictions: [Double], _ labels: [Int32]) -> Double {
        let predicted = labels.indices.map { Int32(decidedClass(predictions[2 * $0..<2 * $0 + 2], threshold: value)) }
        let scores = ClassAnswers(probabilities: predictions, predicted: predicted, labels: labels, classCount: 2).scores
        return scores[Metric.ofClasses.firstIndex(of: threshold == .bestF1 ? .f1 : .balancedAccuracy)!]
    }

    @Test(arguments: [Threshold.bestF1, .bestBalancedAccuracy], 0..<20) func `No other threshold scores higher`(
        threshold: Threshold, seed: UInt64
    ) {
        let (predictions, labels) = Self.answers(seed)
        let value = threshold.value(predictions, labels: labels)
        let reached = Self.score(threshold, at: value, predictions, labels)
        let others = (1..<1000).map { Self.score(threshold, at: Double($0) / 1000, predictions, labels) }
        #expect(0 < value && value < 1 && reached >= others.max()! - 1e-12)
    }

    @Test func `The middle between samples, or 0.5 where that is as good`() {
        let labels: [Int32] = [0, 0, 1, 1]
        #expect(Threshold.bestF1.value([0.9, 0.1, 0.8, 0.2, 0.6, 0.4, 0.3, 0.7], labels: labels).isClose(to: 0.3))
        #expect(Threshold.bestF1.value([0.9, 0.1, 0.8, 0.2, 0.4, 0.6, 0.3, 0.7], labels: labels) == 0.5)
        #expect(Threshold.probability(0.25).value([], labels: []) == 0.25)
    }

    // MARK: In a run

    /// A table whose second class is rare and overlaps the first.
    private static func trainer(
        _ threshold: Threshold?, _ folder: TemporaryFolder, validation: DataSettings.Validation = .share(0.4), table: String? = nil
    ) throws -> Trainer {
        var random = RandomStream(seed: 3, purpose: RandomPurpose.order)
        let rows = (0..<120).map { row in
            let isRare = row % 6 == 0, x = random.nextUniform(-1, 1) + (isRare ? 0.8 : 0)
            return "\(x),\(random.nextUniform(-1, 1)),\(isRare ? "yes" : "no")"
        }
        try folder.write(table ?? (["a,b,y"] + rows).joined(separator: "\n"), to: "table.csv")
        var recipe = Recipe()
        (recipe.data.source, recipe.data.validation) = (folder.path("table.csv"), validation)
        recipe.network.layers = [4]
        (recipe.training.epochs, recipe.training.threads, recipe.training.threshold) = (20, 1, threshold)
        return try Trainer(recipe: recipe, data: LoadedData(recipe.data, seed: 0))
    }

    @Test(arguments: [DataSettings.Validation.share(0.4), .folds(3)])
    func `The model decides by what is best on rows that it has not learned`(validation: DataSettings.Validation) throws {
        let folder = try TemporaryFolder()
        let trainer = try Self.trainer(.bestBalancedAccuracy, folder, validation: validation), data = trainer.data
        let outcome = try trainer.run(), plain = try Self.trainer(nil, folder, validation: validation).run()
        #expect(outcome.model.weightsSHA256 == plain.model.weightsSHA256 && plain.model.threshold == nil)
        let value = try #require(outcome.model.threshold), judged = try #require(data.judged)
        let metrics = try outcome.model.metrics(on: judged, folds: data.folds),
            before = try plain.model.metrics(on: judged, folds: data.folds)
        #expect(value < 0.5 && metrics[.balancedAccuracy]!.estimate.value > before[.balancedAccuracy]!.estimate.value)
        #expect(metrics[.logLoss]!.estimate == before[.logLoss]!.estimate && outcome.heldOut?.confusion == metrics.evaluation.confusion)

        try outcome.model.write(to: folder.url("model"))
        let read = try Model(contentsOf: folder.url("model"))
        #expect(read.threshold == value)
        let predictions = try read.predictions(for: judged), compiled = try CompiledModel(read)
        let decided = (0..<predictions.count).map { Double(predictions.outputs[2 * $0 + 1]) >= value ? 1 : 0 }
        #expect(predictions.classes == decided && decided.contains(1))
        guard case .floats(let samples) = judged.features else { return }
        let first = try compiled.classify(Array(samples[..<judged.width]))
        #expect(first == decided[0])
    }

    @Test func `A number is taken as it is, in the epochs as well`() throws {
        let folder = try TemporaryFolder()
        var shares: [Double] = []
        let trainer = try Self.trainer(.probability(0.001), folder)
        let outcome = try trainer.run { if case .epochEnded(let epoch) = $0 { shares.append(epoch.heldOut!.accuracy!) } }
        #expect(outcome.model.threshold == 0.001 && outcome.heldOut!.confusion!.allSatisfy { $0[0] == 0 })
        #expect(shares.last! < 0.25)
    }

    @Test func `What cannot have one is refused before the run`() throws {
        let folder = try TemporaryFolder()
        func message(_ make: () throws -> Trainer) throws -> String { try #require(throws: RectifierError.self) { try make() }.description }
        let three = "a,y\n" + (0..<30).map { "\($0 * 7 % 11).5,\("pqr".map(String.init)[$0 % 3])" }.joined(separator: "\n")
        let numbers = "a,y\n" + (0..<30).map { "\($0 * 7 % 11).5,\(Double($0) / 7)" }.joined(separator: "\n")
        #expect(try message { try Self.trainer(.probability(0.3), folder, table: three) }.contains("two classes apart, and the data has 3"))
        #expect(try message { try Self.trainer(.bestF1, folder, table: numbers) }.contains("the data is for regression"))
        #expect(try message { try Self.trainer(.bestF1, folder, validation: .share(0)) }.contains("best-f1 is chosen on held-out data"))
        for value in [0, 1, -1, Double.nan] {
            #expect(try message { try Self.trainer(.probability(value), folder) }.contains("above 0 and below 1"))
        }
        #expect(throws: RectifierError.self) { try Threshold("best") }
    }

    @Test(arguments: [Threshold.bestF1, .bestBalancedAccuracy, .probability(0.25)])
    func `Recipes and flags spell it`(threshold: Threshold) throws {
        var recipe = Recipe()
        recipe.training.threshold = threshold
        #expect(try Recipe(json: recipe.json) == recipe && Threshold(threshold.spelling) == threshold)
    }
}

extension Double {
    fileprivate var roundedToHundredths: Double { (self * 100).rounded() / 100 }
    fileprivate func isClose(to other: Double) -> Bool { abs(self - other) < 1e-12 }
}
