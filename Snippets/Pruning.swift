// Bounds of what a network computes, and a model without the units that they prove dead.

import Rectifier
import RectifierInstruments

var recipe = Recipe()
recipe.data.source = "circle"
recipe.network.layers = [64, 64]
let data = try LoadedData(recipe.data, seed: 0)
var model = try Trainer(recipe: recipe, data: data).run().model

// A bias far below 0 closes a unit wherever the data lie.
let bias = model.parameters["dense1.bias"]!
model.parameters["dense1.bias"] = Tensor(shape: bias.shape, bias.floats.enumerated().map { $0.offset < 32 ? -100 : $0.element })

let box = InputBox(of: data.training)
for layer in try model.bounds(on: box) {
    print(layer.layer, layer.outputs.low.min()!, "to", layer.outputs.high.max()!, layer.dead.map { "\($0.count) units dead" } ?? "")
}
let pruned = try model.pruned(on: box, data: data.training)
print(pruned.report.parameters.before, "parameters,", pruned.report.parameters.after, "without dead units")
print("the same bits on", pruned.report.onBox.samples, "inputs:", pruned.report.onBox.areSameBits)
