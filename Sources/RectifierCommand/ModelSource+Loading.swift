import Rectifier

/// Samples with their answers, and what to call them.
struct LabelledData {
    var name: String
    var samples: Dataset
}

extension ModelSource {
    func labelled(for model: Model) throws -> LabelledData {
        guard let recipe = model.recipe else { throw RectifierError(.data, "no --data") }
        let loaded = try LoadedData(recipe.data, seed: recipe.training.seed)
        return LabelledData(name: "x", samples: loaded.heldOut!)
    }
    func features(for model: Model) throws -> Dataset { try labelled(for: model).samples }
}
