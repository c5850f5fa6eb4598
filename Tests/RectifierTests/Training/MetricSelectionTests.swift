import Testing

@testable import Rectifier

@Suite("What chooses the best epoch")
struct MetricSelectionTests {
    /// Two noisy classes.
    private static func data(_ seed: UInt64, isOneClass: Bool = false) throws -> Dataset {
        var random = RandomStream(seed: seed, purpose: RandomPurpose.order)
        let labels = (0..<60).map { _ in Int32(random.nextInteger(below: 2)) }
        let features = labels.flatMap { label in (0..<4).map { _ in Float(random.nextUniform(-1, 1)) + Float(label) * 0.3 } }
        return try Dataset(
            count: 60, sampleShape: [4], features: .floats(features),
            targets: .classes(isOneClass ? [Int32](repeating: 0, count: 60) : labels, names: ["no", "yes"]))
    }

    private static func trainer(
        _ metric: Metric?, heldOut: Dataset? = nil, _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws
        -> Trainer
    {
        var settings = TrainingSettings()
        (settings.epochs, settings.earlyStopping, settings.metric) = (30, EarlyStopping(patience: 30), metric)
        settings.learningRate = 0.03
        change(&settings)
        let network = try Network(input: [4]) {
            Dense(8)
            ReLU()
            Dense(2)
        }
        return try Trainer(network, data: data(1), heldOut: heldOut ?? data(2), settings: settings)
    }

    @Test(arguments: [nil, .loss, .accuracy, .rocAUC, .logLoss] as [Metric?])
    func `The best weights are those of the epoch that the metric likes best`(metric: Metric?) throws {
        var scores: [Double] = [], losses: [Double] = [], shares: [Double] = []
        let outcome = try Self.trainer(metric).run { event in
            guard case .epochEnded(let epoch) = event, let heldOut = epoch.heldOut else { return }
            losses.append(heldOut.loss)
            shares.append(heldOut.accuracy!)
            if let score = heldOut.score { scores.append(score) }
        }
        if metric == .accuracy { #expect(scores == shares) }
        let deciding = scores.isEmpty ? losses : scores
        #expect(scores.isEmpty == (metric == nil || metric == .loss))
        let best = metric?.isHigherBetter == true ? deciding.max()! : deciding.min()!
        #expect(outcome.checkpoint.position.bestEpoch == deciding.firstIndex(of: best)! + 1)
    }

    @Test func `A metric that cannot choose is refused`() throws {
        func message(_ trainer: () throws -> Trainer) throws -> String {
            let error = try #require(throws: RectifierError.self) { try trainer().run() }
            return error.description
        }
        #expect(try message { try Self.trainer(.rmse) }.contains("not for classification; take one of loss, accuracy"))
        #expect(try message { try Self.trainer(.skill) }.contains("take r2"))
        #expect(try message { try Self.trainer(.accuracy) { $0.earlyStopping = nil } }.contains("for how many epochs"))
        let oneClass = try message { try Self.trainer(.rocAUC, heldOut: Self.data(2, isOneClass: true)) }
        #expect(oneClass.contains("roc_auc is not defined on the held-out samples"))
    }

    @Test func `A metric needs early stopping, which folds have by themselves`() throws {
        var recipe = Recipe()
        recipe.training.metric = .rocAUC
        let folds = try LoadedData(training: Self.data(1), folds: 3, seed: 5)
        #expect(try TrainingPlan(recipe: recipe, data: folds).settings.earlyStopping?.patience == 20)
        let heldOut = try LoadedData(training: Self.data(1), heldOut: Self.data(2))
        #expect(throws: RectifierError.self) { try TrainingPlan(recipe: recipe, data: heldOut) }
    }
}
