// A layer of your own with parameters: registered, trained, saved, read back, asked.

import Foundation
import Rectifier

/// x · tanh(softplus(x)), with a learned scale for each element (Misra 2019).
struct ScaledMish: Layer, Codable {
    var start = 1.0

    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let scale = try build.parameter("scale", shape: [x.shape[1]], initializer: .constant(start))
        return try x * tanh(softplus(x)) * scale
    }
}

// From now on files, recipes and the layer language know it.
try LayerCatalog.register(ScaledMish(), name: "scaled-mish", arguments: [.number(\.start, "START")], activation: .he)

var recipe = Recipe()
recipe.data.source = "spiral"
recipe.network.allLayers = try LayerList("dense 32, scaled-mish 0.5, dense 32, scaled-mish, dense 2")
recipe.training.epochs = 30

let data = try LoadedData(recipe.data, seed: recipe.training.seed)
let outcome = try Trainer(recipe: recipe, data: data).run()
print("accuracy:", outcome.heldOut?.accuracy ?? 0)

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-layer.rectifier")
try outcome.model.write(to: folder)
let model = try Model(contentsOf: folder)
print("layers:", try LayerList(model.network.layers))
print("scales:", model.parameters["scaledMish1.scale"]?.floats.prefix(3) ?? [])
print("first prediction:", try model.predictions(for: data.training).classes?.first ?? -1)
