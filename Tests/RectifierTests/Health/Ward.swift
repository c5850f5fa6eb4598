import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

/// Runs that are sick, each in one way, and some that are well: a recipe each in `Tests/Ward`, and here what is to be
/// found.
enum Ward {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Ward").standardizedFileURL

    static let sick: [Patient] = [
        // 47 steps are an epoch.
        Patient(recipe: "rate-times-30", [.deadUnits], by: 46),
        Patient(recipe: "circle-rate-1", [.deadUnits]),
        Patient(recipe: "magnitude-10x2", [.bornDead, .deadUnits, .rankCollapse, .notLearning]),
        Patient(recipe: "sigmoid-50", [.vanishing], layer: "dense1", by: 100, saying: "pass at most 0.25 of what comes"),
        Patient(recipe: "small-weights-50", [.vanishing], layer: "dense1", by: 100, saying: "the initializer predicts 0.679"),
        Patient(recipe: "large-weights-50", [.exploding], layer: "dense1", by: 100, saying: "the initializer predicts 1.9"),
        // Files are standardized as they are read: inputs of such a size come from code.
        Patient(recipe: "tanh-times-1000", [.unscaledInputs, .saturated], layer: "tanh1", inputsTimes: 1000),
        Patient(recipe: "rate-100", [.diverged]),
        Patient(recipe: "shuffled-labels", [.labelTrouble], table: .shuffled),
        Patient(recipe: "contradictory-rows", [.labelTrouble], by: 0, table: .contradictory),
        Patient(recipe: "constant-column", [.constantInputs], by: 0, table: .constant),
        Patient(recipe: "dead-output", [.bornDead], layer: "relu2"),
        Patient(recipe: "noisy-table", [.overfitting]),
    ]

    static let healthy: [Patient] =
        ["digits", "spiral", "he-30"].map { Patient(recipe: $0, []) }
        + (dataFolder == nil ? [] : ["fashion-mnist", "iris", "housing"].map { Patient(recipe: $0, [], data: dataFolder!) })
}

extension Ward {
    /// Whether a run's training loss has come to be clearly smaller than that of a constant answer.
    static func hasLearned(_ losses: [Double], _ health: HealthReport) -> Bool {
        guard let last = losses.last, let trivial = health.trivialLoss else { return false }
        return last < 0.9 * trivial
    }
}

/// A run, and what is to be found in it.
struct Patient: Sendable, CustomTestStringConvertible {
    var name: String
    /// What is to be found. Several names where one sickness has several faces; none in a run that is well.
    var names: Set<Diagnosis.Name>
    /// The layer that one of them is to be found in; `nil`: any.
    var layer: String?
    /// To be found by this step.
    var latest: Int?
    /// Words of the finding.
    var words: String?
    /// The table it reads, where only a change of the table is a cure.
    var table: WardTable?
    var trainer: @Sendable (_ seed: UInt64) throws -> Trainer

    var testDescription: String { name }

    init(_ name: String, _ names: Set<Diagnosis.Name>, trainer: @escaping @Sendable (_ seed: UInt64) throws -> Trainer) {
        (self.name, self.names, self.trainer) = (name, names, trainer)
    }

    /// - Parameters:
    ///   - recipe: A file of `Tests/Ward`.
    ///   - factor: What the features are multiplied by before they are handed to the run.
    ///   - data: Where its data are.
    init(
        recipe: String, _ names: Set<Diagnosis.Name>, layer: String? = nil, by latest: Int? = nil, saying words: String? = nil,
        table: WardTable? = nil, inputsTimes factor: Double = 1, data: URL = Ward.folder
    ) {
        self.init(recipe, names) { seed in
            let made = try Patient.read(recipe, seed: seed)
            var data = try LoadedData(made.data, seed: seed, precision: made.training.precision, relativeTo: data)
            if factor != 1 { data = try data.multiplied(by: factor) }
            return try Trainer(recipe: made, data: data, probes: [HealthProbe()])
        }
        (self.layer, self.latest, self.words, self.table) = (layer, latest, words, table)
    }

    private static func read(_ recipe: String, seed: UInt64) throws -> Recipe {
        var made = try Recipe(contentsOf: Ward.folder.appendingPathComponent("\(recipe).json"))
        (made.training.seed, made.training.threads) = (seed, 1)
        return made
    }

    /// The run with the table as the advice would have it.
    func trainerOfCuredTable() throws -> Trainer {
        let folder = try TemporaryFolder(), made = try Patient.read(name, seed: 0)
        try folder.write(table!.text(isCured: true), to: made.data.source)
        let data = try LoadedData(made.data, seed: 0, precision: made.training.precision, relativeTo: folder.url)
        return try Trainer(recipe: made, data: data, probes: [HealthProbe()])
    }

    /// What was found, how the run ended, `nil` where it diverged, and the training losses of its epochs.
    func examine(seed: UInt64 = 0) throws -> (health: HealthReport, outcome: TrainingEvent.Outcome?, losses: [Double]) {
        let trainer = try trainer(seed)
        var health: HealthReport?, losses: [Double] = []
        do {
            let outcome = try trainer.run {
                switch $0 {
                case .diverged(let measurements): health = measurements[HealthReport.self]
                case .epochEnded(let epoch): losses.append(epoch.trainLoss)
                default: break
                }
            }
            return (outcome.health!, outcome, losses)
        } catch let error as RectifierError where error.kind == .divergence {
            return (health!, nil, losses)
        }
    }
}

extension LoadedData {
    fileprivate func multiplied(by factor: Double) throws -> LoadedData {
        func multiplied(_ set: Dataset) throws -> Dataset {
            let features = (0..<set.features.count).map { Float(set.features[$0] * factor) }
            return try Dataset(count: set.count, sampleShape: set.sampleShape, features: .floats(features), targets: set.targets)
        }
        return try LoadedData(training: multiplied(training), heldOut: heldOut.map(multiplied))
    }
}
