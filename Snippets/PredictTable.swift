// Trains a model by a recipe, then asks it about samples it has not seen.

import Rectifier

var recipe = Recipe()
recipe.data.source = CommandLine.arguments.dropFirst().first ?? "spiral"
recipe.training.epochs = 50

let data = try LoadedData(recipe.data, seed: recipe.training.seed)
let outcome = try Trainer(recipe: recipe, data: data).run()
if let unseen = data.heldOut {
    let predictions = try outcome.model.predictions(for: unseen)
    for row in 0..<5 {
        let outputs = predictions.outputs[row * predictions.width..<(row + 1) * predictions.width]
        print(predictions.classes.map { predictions.classNames?[$0[row]] ?? "\($0[row])" } ?? "", Array(outputs))
    }
}
