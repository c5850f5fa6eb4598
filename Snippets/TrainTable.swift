// Trains on a table, `housing.csv` in the current folder, and saves the model.

import Foundation
import Rectifier

var recipe = Recipe()
recipe.data.source = "housing.csv"
recipe.data.target = "median_house_value"

let data = try LoadedData(recipe.data, seed: recipe.training.seed)
let outcome = try Trainer(recipe: recipe, data: data).run()
print(outcome.heldOut?.r2 ?? 0)
try outcome.model.write(to: URL(fileURLWithPath: "housing.rectifier"))

// Scores with their intervals, beside those of always predicting the mean.
if let heldOut = data.heldOut {
    for score in try outcome.model.metrics(on: heldOut).scores {
        print(score.metric, score.estimate.value, score.estimate.interval!, score.trivial!)
    }
}
