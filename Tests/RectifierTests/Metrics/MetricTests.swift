import Foundation
import TestSupport
import Testing

@testable import Rectifier

@Suite("Metrics")
struct MetricTests {
    /// As `Tests/Fixtures/metrics/make-cases` writes them. Scores that are not defined are `nil`.
    private struct Case: Decodable {
        var labels: [Int32]?, targets: [Double]?
        var outputs: [Double], width: Int, weights: [Double]?, mean: Double?
        var scores: [Double?]

        var answers: any Answers {
            if let labels {
                let predicted = labels.indices.map { Int32(largest(outputs[$0 * width..<($0 + 1) * width])) }
                return ClassAnswers(probabilities: outputs, predicted: predicted, labels: labels, classCount: width)
            }
            return NumberAnswers(outputs: outputs, targets: targets!, units: [1], means: [mean!])
        }
    }

    private static func cases() throws -> [Case] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/metrics/cases.json")
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    }

    @Test func `Scores are those of scikit-learn, with weights and without`() throws {
        let cases = try Self.cases()
        #expect(cases.count == 300)
        for (number, test) in cases.enumerated() {
            let answers = test.answers, weights = test.weights ?? [Double](repeating: 1, count: answers.count)
            let scores = weights.withUnsafeBufferPointer { answers.scores($0) }
            #expect(scores.count == test.scores.count)
            for (place, (ours, theirs)) in zip(scores, test.scores).enumerated() {
                let isRight = theirs.map { abs($0 - ours) <= 1e-12 * max(1, abs($0)) } ?? !ours.isFinite
                if !isRight { Issue.record("case \(number), score \(place): \(ours) instead of \(theirs.map { "\($0)" } ?? "none")") }
            }
        }
    }

    /// What a bootstrap rests on.
    @Test func `A weight of 2 is that of two equal rows`() {
        let once = ClassAnswers(probabilities: [0.7, 0.3, 0.4, 0.6, 0.2, 0.8], predicted: [0, 1, 1], labels: [0, 0, 1], classCount: 2)
        let twice = ClassAnswers(
            probabilities: [0.7, 0.3, 0.4, 0.6, 0.4, 0.6, 0.2, 0.8], predicted: [0, 1, 1, 1], labels: [0, 0, 0, 1], classCount: 2)
        let weighed = [1.0, 2, 1].withUnsafeBufferPointer { once.scores($0) }
        #expect(zip(weighed, twice.scores).allSatisfy { abs($0 - $1) < 1e-15 })
        let numbers = NumberAnswers(outputs: [1, 2, 3], targets: [1.5, 4, 2], units: [1], means: [0])
        let more = NumberAnswers(outputs: [1, 2, 2, 3], targets: [1.5, 4, 4, 2], units: [1], means: [0])
        let weighedNumbers = [1.0, 2, 1].withUnsafeBufferPointer { numbers.scores($0) }
        #expect(zip(weighedNumbers, more.scores).allSatisfy { abs($0 - $1) < 1e-15 })
    }

    // MARK: Intervals

    @Test func `Intervals are the same bits on any number of threads`() {
        let labels = (0..<200).map { Int32($0 % 3) }
        let probabilities = (0..<600).map { Double($0 * 7919 % 101 + 1) / 101 }
        let answers = ClassAnswers(probabilities: probabilities, predicted: labels.map { $0 & 1 }, labels: labels, classCount: 3)
        let one = Bootstrap.intervals(of: answers, resamples: 100, threads: 1)
        #expect(one == Bootstrap.intervals(of: answers, resamples: 100, threads: 3))
        #expect(one.count == answers.scores.count)
    }

    /// The interval of a share that is 0.8 of 400 rows is that of the normal law, nearly.
    @Test func `An interval is as wide as the law of a share says`() throws {
        let answers = ClassAnswers(
            probabilities: (0..<800).map { $0 % 2 == 0 ? 0.9 : 0.1 }, predicted: [Int32](repeating: 0, count: 400),
            labels: (0..<400).map { $0 % 5 == 0 ? 1 : 0 }, classCount: 2)
        let interval = try #require(Bootstrap.intervals(of: answers, resamples: 1000, threads: 2)[0])
        #expect(abs(interval.lowerBound - (0.8 - 1.96 * 0.02)) < 0.005 && abs(interval.upperBound - (0.8 + 1.96 * 0.02)) < 0.005)
    }

    @Test func `A score that most resamples lack has no interval`() {
        let answers = ClassAnswers(probabilities: [0.9, 0.1], predicted: [0], labels: [0], classCount: 2)
        let intervals = Bootstrap.intervals(of: answers, resamples: 100, threads: 1)
        #expect(intervals[Metric.ofClasses.firstIndex(of: .rocAUC)!] == nil && intervals[0] == 1...1)
    }

    // MARK: Of a model

    @Test func `A model knows what the trivial one says, and keeps it`() throws {
        let labels = (0..<40).map { Int32($0 % 4 == 0 ? 1 : 0) }
        let data = try Dataset(
            count: 40, sampleShape: [1], features: .floats(labels.map { Float($0) }), targets: .classes(labels, names: ["no", "yes"]))
        var settings = TrainingSettings()
        settings.epochs = 2
        let network = try Network(input: [1]) { Dense(2) }
        let folder = try TemporaryFolder()
        var model = try Trainer(network, data: data, settings: settings).run().model
        #expect(model.targetMeans == [0.75, 0.25])
        try model.write(to: folder.url("model"))
        model = try Model(contentsOf: folder.url("model"))
        let report = try model.metrics(on: data, threads: 1)
        #expect(report[.accuracy]?.trivial == 0.75 && report[.rocAUC]?.trivial == 0.5 && report.trivialClass == 0)
        #expect(report[.accuracy]?.estimate.value == report.evaluation.accuracy)
        #expect(abs(report[.logLoss]!.estimate.value - report.evaluation.loss) < 1e-6)
        #expect(report.classes.map(\.rows) == [30, 10])
        model.targetMeans = nil
        let without = try model.metrics(on: data, hasIntervals: false)
        #expect(without[.accuracy]?.trivial == nil && without[.accuracy]?.estimate.interval == nil)
    }

    @Test func `Errors are in the unit of the file`() throws {
        let value = Preparation.Value(name: "price", mean: 1000, deviation: 50)
        let data = try Dataset(count: 4, sampleShape: [1], features: .floats([0, 1, 2, 3]), targets: .values([-1, 0, 1, 2], width: 1))
        let preparation = try Preparation(input: .numbers(shape: [1], mean: 0, deviation: 1), target: .values(columns: [value]))
        let network = try Network(input: [1]) { Dense(1) }
        let loaded = try LoadedData(training: data, preparation: preparation)
        let model = try Trainer(network, data: loaded).run().model
        let report = try model.metrics(on: data)
        let rmse = try #require(report[.rmse])
        #expect(abs(rmse.estimate.value - report.evaluation.rmse!) < 1e-9)
        #expect(abs(rmse.trivial! - 50 * 1.25.squareRoot()) < 1e-9)
        #expect(abs(report[.medianAbsoluteError]!.trivial! - 50) < 1e-9)
        #expect(report[.skill]!.trivial == 0)
    }
}
