// Trains step by step: changes the learning rate midway, goes back to a snapshot, and repeats the run from its recipe.

import Rectifier

var recipe = Recipe()
recipe.data.source = "spiral"
recipe.training.epochs = 20
recipe.training.schedule = .constant
let data = try LoadedData(recipe.data, seed: recipe.training.seed)

let session = try TrainingSession(Trainer(recipe: recipe, data: data))
while let step = try session.step() {
    if step.number == 100 { try session.change { $0.learningRate = 0.003 } }
    if let epoch = step.epochEnded { print("epoch \(epoch.epoch): loss \(epoch.trainLoss)") }
}
let weights = session.model().weightsSHA256

// The change is part of the recipe that the model holds, so the recipe alone gives the same weights.
let again = try Trainer(recipe: session.model().recipe!, data: data).run()
print("the same weights:", again.model.weightsSHA256 == weights)

// A snapshot is everything that going on takes.
let other = try TrainingSession(Trainer(recipe: recipe, data: data))
for _ in 0..<50 { try other.step() }
let snapshot = try other.snapshot()
try other.epoch()
try other.restore(snapshot)
print("back at step", other.position.steps)
