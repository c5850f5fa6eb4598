// Trains on a table by a recipe, then uses the model on one sample.

import Foundation
import Rectifier

var recipe = Recipe()
recipe.data.source = CommandLine.arguments.dropFirst().first ?? "spiral"
recipe.network.layers = [64, 64]
recipe.training.epochs = 20

let data = try LoadedData(recipe.data, seed: recipe.training.seed)
let outcome = try Trainer(recipe: recipe, data: data).run { event in
    if case .epochEnded(let epoch) = event { print("epoch \(epoch.epoch): loss \(epoch.trainLoss)") }
}
if let heldOut = data.heldOut {
    let predictions = try outcome.model.predictions(for: heldOut)
    print("first prediction:", predictions.outputs.prefix(predictions.width))
}
