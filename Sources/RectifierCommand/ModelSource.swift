import ArgumentParser
import Foundation
import Rectifier

/// The model and the data that `evaluate` and `predict` work on.
struct ModelSource: ParsableArguments {
    @Argument(help: ArgumentHelp("The folder that `rectifier train` wrote.", valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Data of the form the model was trained on.", valueName: "source"))
    var data: String?

    @Flag(inversion: .prefixedNo, help: "Tables: whether the first line holds names (default: as in training).")
    var header: Bool?

    @Option(
        help: ArgumentHelp("Tables: the character between fields (default: as in training).", valueName: "character"),
        transform: separatorCharacter)
    var separator: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Threads (default: one a core).", valueName: "n"), transform: threadCount)
    var threads: Int?

    func loadedModel() throws -> Model { try Self.loadedModel(model) }

    /// Reads a model, and says so where it is hardly one.
    static func loadedModel(_ path: String) throws -> Model {
        let model = try Model(contentsOf: URL(fileURLWithPath: path))
        if model.epochsTrained == 0 { writeErrorLine("rectifier: note: \(path): the model's run has not finished an epoch") }
        return model
    }

    /// Samples, and what to call them.
    struct Samples {
        var name: String
        var samples: Dataset
        var notes: [String]
        /// Columns of the data to write beside what is predicted.
        var kept: KeptColumns?
        /// Where each row is to be judged by the network of a run in folds that has not seen it.
        var folds: Folds?
    }

    /// What `--data` names, prepared as the model's training data were.
    ///
    /// - Parameter columns: of a table, to keep as they are; they need samples without targets.
    func samples(for model: Model, withTargets: Bool, keeping columns: [String]? = nil) throws -> Samples? {
        guard let data else { return nil }
        guard let preparation = model.preparation else {
            throw RectifierError(.data, "\(self.model): the model was trained in code and does not say how data are prepared for it")
        }
        if let columns {
            let read = try preparation.dataset(
                reading: data, keeping: columns, header: header, separator: separator, precision: model.precision)
            return Samples(name: data, samples: read.dataset, notes: read.notes, kept: read.kept)
        }
        let seed = model.recipe?.training.seed ?? 0
        let read = try preparation.dataset(
            reading: data, needsTargets: withTargets, header: header, separator: separator, seed: seed, precision: model.precision)
        return Samples(name: data, samples: read.dataset, notes: read.notes)
    }

    /// What the model's run was judged by: its test data, or what it held out of its training data.
    func heldOut(for model: Model) throws -> Samples {
        let (recipe, loaded) = try dataOfRun(of: model)
        if loaded.heldOut == nil, let folds = loaded.folds {
            return Samples(
                name: "\(recipe.data.source), each row by the network that has not seen it", samples: loaded.training, notes: [],
                folds: folds)
        }
        guard let samples = loaded.heldOut else {
            throw RectifierError(.data, "\(self.model): its run held no data out; give --data")
        }
        return Samples(name: recipe.data.test ?? "\(recipe.data.source), held out", samples: samples, notes: [])
    }

    /// What the model's run learned from.
    func training(for model: Model) throws -> Samples {
        let (recipe, loaded) = try dataOfRun(of: model)
        return Samples(name: recipe.data.source, samples: loaded.training, notes: [])
    }

    private func dataOfRun(of model: Model) throws -> (Recipe, LoadedData) {
        guard let recipe = model.recipe else {
            throw RectifierError(.data, "\(self.model): the model was trained in code and names no data; give --data")
        }
        let loaded = try LoadedData(recipe.data, seed: recipe.training.seed, precision: model.precision)
        guard loaded.preparation == model.preparation else {
            throw RectifierError(.data, "\(recipe.data.source): is no longer what the model was trained on; give --data")
        }
        return (recipe, loaded)
    }
}
